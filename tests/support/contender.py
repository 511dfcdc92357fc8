"""Another process that uses the same store: `contender.py TASK STORE_URL ARGUMENT...`, for tests of the store.

It prints "ready", waits for a line, does its task and prints the result.
"""

import os
import sys
import threading

from store.backends import open_store
from store.records import Records
from store.vault import Vault


def increment(store, key, times):
    """Add one to a number `times` times, by compare-and-set."""
    for _ in range(int(times)):
        while True:
            entry = store.get(key)
            if store.replace(key, str(int(entry.value) + 1).encode(), 60, entry.version):
                break
    return "done"


def take(store, secret_key, attempt_id, threads):
    """Take one attempt with several threads; return how many got it."""
    from store.attempts import Attempts

    attempts = Attempts(Records(store, Vault(secret_key)))
    gate, won = threading.Barrier(int(threads)), []

    def contend():
        gate.wait()
        if attempts.take(attempt_id):
            won.append(True)

    workers = [threading.Thread(target=contend) for _ in range(int(threads))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return len(won)


def write(store):
    """Write until killed. Print each key after it is stored."""
    number = 0
    while True:
        store.put(f"key-{number}", b"x" * 3000, 60)
        print(number, flush=True)
        number += 1


def set_keys(store, secret_key, sid, prefix, count):
    """Set `count` session keys, each in a separate request."""
    # Flask is imported here, so that the other tasks do not wait for it.
    from flask import Flask, Response

    from store.sessions import StoreSessionInterface

    app = Flask("contender")
    sessions = app.session_interface = StoreSessionInterface(app, Records(store, Vault(secret_key)))
    for number in range(int(count)):
        with app.test_request_context(headers={"Cookie": f"session={sid}"}) as context:
            context.session[f"{prefix}-{number}"] = number
            sessions.save_session(app, context.session, Response())
    return "done"


def fork(store):
    """Use the store on both sides of a fork; return what the child reads, and what the parent reads afterwards."""
    store.put("parent", b"1", 60)
    child = os.fork()
    if child == 0:
        found = store.get("parent") is not None
        store.put("child", b"1", 60)
        os._exit(0 if found else 1)
    _, status = os.waitpid(child, 0)
    store.put("parent", b"2", 60)
    return status, store.get("child") is not None, store.get("parent").value


def fork_idle(store):
    """Return how many idle connections a child of this process has in its pool."""
    store.put("key", b"1", 60)
    child = os.fork()
    if child == 0:
        os._exit(len(store._pool._idle))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def main(task, url, *arguments):
    store = open_store(url)
    store.ping()
    print("ready", flush=True)
    sys.stdin.readline()
    print(globals()[task](store, *arguments), flush=True)
    store.close()


main(*sys.argv[1:])
