"""A process that calls an API with tokens of the engine: `token_worker.py STORE_URL ORIGIN THREADS`.

It says "ready", and for every line it reads lets all its threads make one call each, at once; then it prints how the
calls ended, as JSON: a count for each status, or for each kind of error. `go on SECONDS` has every thread call for so
long.
"""

import json
import sys
import threading
import time
from collections import Counter

from blueprints.web.token_shelf import TokenShelf
from providers.auth import TokenAuth
from providers.errors import ProviderError
from providers.http import Transport
from providers.token_requests import TokenRequest
from providers.tokens import TokenSource
from store import Records, Vault, open_store
from store.leases import Leases

SECRET_KEY = "a secret key of the tests, long enough"


def source_at(store_url, origin):
    """Return a source of tokens whose processes share the store, and the transport it asks with."""
    transport = Transport(pool_size=64)
    transport.allow(origin)
    store = open_store(store_url)
    shelf = TokenShelf(Records(store, Vault(SECRET_KEY)), Leases(store))
    declared = TokenRequest(
        provider="partner", url=f"{origin}/token", client_id="client", client_secret="the-secret"
    )
    return TokenSource(declared, transport, shelf), transport


def main(store_url, origin, threads):
    source, transport = source_at(store_url, origin)
    auth = TokenAuth(source)

    def call():
        try:
            return transport.request("partner", "GET", f"{origin}/api", auth=auth).status
        except ProviderError as error:
            return f"{type(error).__name__} {error.status}"

    print("ready", flush=True)
    for line in sys.stdin:
        seconds = float(line.split()[-1]) if line.startswith("go on") else 0.0
        print(json.dumps(run(call, int(threads), seconds)), flush=True)


def run(call, threads, seconds):
    """Let threads call once, or for so many seconds; return the counts."""
    gate, outcomes, lock = threading.Barrier(threads), Counter(), threading.Lock()

    def work():
        gate.wait(30)
        ends_at = time.monotonic() + seconds
        while True:
            outcome = call()
            with lock:
                outcomes[str(outcome)] += 1
            if time.monotonic() >= ends_at:
                return

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {"outcomes": outcomes}


if __name__ == "__main__":
    main(*sys.argv[1:])
