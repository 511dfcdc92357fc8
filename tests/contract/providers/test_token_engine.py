"""The token engine among processes: cold starts, revocation, expiry under load, a killed owner (SQLite and Redis)."""

import json
import subprocess
import sys
import threading
import time

import pytest

from tests.support.app_process import ROOT
from tests.support.fixtures import require_redis
from tests.support.redis_server import RedisServer
from tests.support.servers import Server, json_reply

PROCESSES, THREADS = 4, 64


class Partner:
    """An API and its token endpoint on one server; tokens are t1, t2 ..., the newest of them good."""

    def __init__(self):
        self.lock = threading.Lock()
        self.given = 0
        self.asked = 0
        self.good = set()
        self.slow = threading.Event()
        self.slow.set()
        self.server = Server(self)

    def __call__(self, request):
        if request.path == "/token":
            return self.give()
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        with self.lock:
            return json_reply({}, 200 if token in self.good else 401)

    def give(self):
        with self.lock:
            self.asked += 1
        self.slow.wait(30)
        with self.lock:
            self.given += 1
            token = f"t{self.given}"
            self.good.add(token)
        return json_reply({"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def wait_until_asked(self, times):
        deadline = time.monotonic() + 20
        while self.asked < times and time.monotonic() < deadline:
            time.sleep(0.01)
        assert self.asked == times

    def revoke(self):
        with self.lock:
            self.good.clear()


class Worker:
    """One process of `token_worker.py`."""

    def __init__(self, store_url, origin, threads=THREADS):
        command = [sys.executable, "-m", "tests.support.token_worker", store_url, origin, str(threads)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout.readline() == "ready\n"

    def go(self, order="go"):
        self.process.stdin.write(f"{order}\n")
        self.process.stdin.flush()

    def outcome(self):
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def partner():
    partner = Partner()
    yield partner
    partner.slow.set()
    partner.server.close()


@pytest.fixture(params=["sqlite", "redis"])
def store_url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/store.sqlite3"
        return
    require_redis()
    with RedisServer() as server:
        yield server.url


@pytest.fixture
def workers(store_url, partner):
    started = []

    def start(count=PROCESSES, threads=THREADS):
        started.extend(Worker(store_url, partner.server.origin, threads) for _ in range(count))
        return started

    yield start
    for worker in started:
        worker.close()


def all_at_once(workers, order="go"):
    for worker in workers:
        worker.go(order)
    return [worker.outcome() for worker in workers]


def counts(outcomes):
    return [outcome["outcomes"] for outcome in outcomes]


def test_cold_processes_make_one_request_and_one_more_when_the_token_is_revoked(workers, partner):
    started = workers()
    assert counts(all_at_once(started)) == [{"200": THREADS}] * PROCESSES
    assert partner.asked == 1
    partner.revoke()
    assert counts(all_at_once(started)) == [{"200": THREADS}] * PROCESSES
    assert partner.asked == 2
    assert counts(all_at_once(started)) == [{"200": THREADS}] * PROCESSES
    assert partner.asked == 2


def test_across_an_expiry_under_load_nobody_waits_for_the_renewal(workers, partner):
    """A token of an hour is renewed a minute before, and no answer comes to that until all calls are done."""
    started = workers(count=2, threads=8)
    assert counts(all_at_once(started)) == [{"200": 8}] * 2
    partner.slow.clear()
    for worker in started:
        worker.go("later 3545 50")
    # Whoever waited for the renewal would end with an error: it is not answered before this.
    assert [worker.outcome()["outcomes"] for worker in started] == [{"200": 400}] * 2
    partner.wait_until_asked(2)
    partner.slow.set()
    assert counts(all_at_once(started)) == [{"200": 8}] * 2
    assert partner.asked == 2


def test_a_killed_owner_of_the_lease_holds_the_others_up_no_longer_than_the_lease_lasts(workers, partner):
    partner.slow.clear()
    owner, *others = workers(count=3, threads=4)
    owner.go()
    partner.wait_until_asked(1)
    owner.close()
    for worker in others:
        worker.go()
    partner.slow.set()
    assert [worker.outcome()["outcomes"] for worker in others] == [{"200": 4}] * 2
    assert partner.asked == 2
