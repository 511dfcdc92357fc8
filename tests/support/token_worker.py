"""A process that calls an API with tokens of the engine: `token_worker.py STORE_URL ORIGIN THREADS`.

It prints "ready". For every line that it reads, all its threads make one call each at the same time. Then it prints the
results as JSON: a count for each status and for each kind of error. The line `later SECONDS CALLS` first moves its
clock forward, and each thread makes CALLS calls.
"""

import json
import sys
import threading
from collections import Counter

from providers.errors import ProviderError
from providers.http.transport import Transport
from providers.tokens.auth import TokenAuth
from providers.tokens.clocks import Clock
from providers.tokens.engine import TokenSource
from providers.tokens.requests import TokenRequest
from store.backends import open_store
from store.leases import Leases
from store.records import Records
from store.vault import Vault
from wiring.token_cache import StoredTokenCache

SECRET_KEY = "a secret key of the tests, long enough"


class LaterClock(Clock):
    """The machine's clock, moved forward by `ahead` seconds."""

    ahead = 0.0

    def steady(self):
        return super().steady() + self.ahead


def source_at(store_url, origin, clock):
    """Return a source of tokens that shares the store with other processes, and its transport."""
    transport = Transport(pool_size=64)
    transport.allow(origin)
    store = open_store(store_url)
    cache = StoredTokenCache(Records(store, Vault(SECRET_KEY)), Leases(store))
    declared = TokenRequest(
        provider="partner", url=f"{origin}/token", client_id="client", client_secret="the-secret"
    )
    return TokenSource(declared, transport, cache, clock=clock), transport


def main(store_url, origin, threads):
    clock = LaterClock()
    source, transport = source_at(store_url, origin, clock)
    auth = TokenAuth(source)

    def call():
        try:
            return transport.request("partner", "GET", f"{origin}/api", auth=auth).status
        except ProviderError as error:
            return f"{type(error).__name__} {error.status}"

    print("ready", flush=True)
    for line in sys.stdin:
        _, seconds, calls = line.split() if line.startswith("later") else ("", "0", "1")
        clock.ahead += float(seconds)
        print(json.dumps(run(call, int(threads), int(calls))), flush=True)


def run(call, threads, calls):
    """Make `calls` calls in each of the threads; return the counts."""
    gate, outcomes, lock = threading.Barrier(threads), Counter(), threading.Lock()

    def work():
        gate.wait(30)
        for _ in range(calls):
            outcome = call()
            with lock:
                outcomes[str(outcome)] += 1

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {"outcomes": outcomes}


if __name__ == "__main__":
    main(*sys.argv[1:])
