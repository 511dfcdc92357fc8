"""One session, many requests at once: no key is lost, and what was ended stays ended."""

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from flask import Flask, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.backends import open_store
from store.backends.sqlite import SqliteStore
from store.records import Records
from store.sessions import StoreSessionInterface
from store.vault import Vault


@dataclass
class Desk:
    """An app whose requests can be opened, used and answered in any order."""

    records: Records
    clock: object
    app: Flask = field(default_factory=lambda: Flask("store"))

    def __post_init__(self):
        self.sessions = StoreSessionInterface(
            self.app, self.records, self.clock, timedelta(hours=1), timedelta(hours=9)
        )

    def open(self, sid):
        """Begin a request with this cookie; its session is read now, as a view does early on."""
        headers = {"Cookie": f"session={sid}"} if sid else {}
        with self.app.test_request_context(headers=headers) as context:
            session = self.sessions.open_session(self.app, context.request)
            session.ensure_loaded()
            return session

    def answer(self, session):
        """End the request; return the cookie it sets, "" for one it deletes, None for neither."""
        response = Response()
        with self.app.test_request_context():
            self.sessions.save_session(self.app, session, response)
        cookie = response.headers.get("Set-Cookie")
        return cookie and cookie.split(";")[0].removeprefix("session=")

    def start(self, **values):
        session = self.open(None)
        session.update(values)
        return self.answer(session)

    def values(self, sid):
        return dict(self.open(sid))


@pytest.fixture
def desk(records, clock):
    return Desk(records, clock)


def test_a_slow_reader_erases_nothing(desk):
    sid = desk.start(driver="a")
    slow, quick = desk.open(sid), desk.open(sid)
    slow.get("driver")
    quick["trip"] = 1
    desk.answer(quick)
    assert desk.answer(slow) is None
    assert desk.values(sid) == {"driver": "a", "trip": 1}


def test_keys_set_by_two_requests_are_both_kept(desk):
    sid = desk.start(driver="a")
    slow, quick = desk.open(sid), desk.open(sid)
    slow["one"], quick["two"] = 1, 2
    desk.answer(quick)
    desk.answer(slow)
    assert desk.values(sid) == {"driver": "a", "one": 1, "two": 2}


def test_of_one_key_the_last_write_stays(desk):
    sid = desk.start(driver="a", n=0)
    slow, quick = desk.open(sid), desk.open(sid)
    slow["n"], quick["n"] = 1, 2
    desk.answer(quick)
    desk.answer(slow)
    assert desk.values(sid)["n"] == 1


def test_a_deleted_key_stays_deleted_when_another_is_set(desk):
    sid = desk.start(driver="a", notice="once")
    slow, quick = desk.open(sid), desk.open(sid)
    slow["trip"] = 1
    del quick["notice"]
    desk.answer(quick)
    desk.answer(slow)
    assert desk.values(sid) == {"driver": "a", "trip": 1}


def test_clearing_what_it_knew_keeps_what_came_meanwhile(desk):
    sid = desk.start(driver="a")
    slow, quick = desk.open(sid), desk.open(sid)
    slow.clear()
    quick["operator"] = True
    desk.answer(quick)
    assert desk.answer(slow) is None
    assert desk.values(sid) == {"operator": True}


@pytest.mark.parametrize("ending", ["destroy", "regenerate"])
def test_a_slow_writer_does_not_bring_back_what_was_ended(desk, ending):
    sid = desk.start(driver="a")
    slow, quick = desk.open(sid), desk.open(sid)
    slow["trip"] = 1
    getattr(desk.sessions, ending)(quick)
    desk.answer(quick)
    assert desk.answer(slow) is None
    assert desk.values(sid) == {}
    assert slow.was_ended_elsewhere


def test_a_session_that_ran_out_meanwhile_is_not_written(desk, clock):
    sid = desk.start(driver="a")
    slow = desk.open(sid)
    clock.advance(3600)
    slow["trip"] = 1
    assert desk.answer(slow) is None
    assert desk.values(sid) == {}


def test_a_new_id_takes_along_what_another_request_wrote_meanwhile(desk):
    sid = desk.start(driver="a")
    slow, quick = desk.open(sid), desk.open(sid)
    quick["trip"] = 1
    desk.answer(quick)
    slow["operator"] = True
    desk.sessions.regenerate(slow)
    assert desk.values(desk.answer(slow)) == {"driver": "a", "trip": 1, "operator": True}


def test_a_new_id_does_not_carry_what_another_request_ended(desk):
    sid = desk.start(driver="a")
    slow, quick = desk.open(sid), desk.open(sid)
    desk.sessions.destroy(quick)
    desk.answer(quick)
    slow["operator"] = True
    desk.sessions.regenerate(slow)
    assert desk.values(desk.answer(slow)) == {"operator": True}


def test_two_requests_that_take_a_new_id_at_once_share_nothing(desk):
    sid = desk.start(driver="a")
    first, second = desk.open(sid), desk.open(sid)
    for session, driver in ((first, "b"), (second, "c")):
        session.clear()
        desk.sessions.regenerate(session)
        session["driver"] = driver
    sids = [desk.answer(first), desk.answer(second)]
    assert [desk.values(one) for one in sids] == [{"driver": "b"}, {"driver": "c"}]
    assert len({*sids, sid}) == 3


def test_threads_lose_no_key(desk):
    sid = desk.start(driver="a")
    gate, failures = threading.Barrier(8), []

    def work(number):
        gate.wait()
        try:
            for turn in range(20):
                session = desk.open(sid)
                session[f"{number}-{turn}"] = turn
                desk.answer(session)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(desk.values(sid)) == 161


def test_processes_lose_no_key(store_url, secret_key, start_contender):
    store = open_store(store_url)
    desk = Desk(Records(store, Vault(secret_key)), time.time)
    sid = desk.start(driver="a")
    processes = [start_contender("set_keys", store_url, secret_key, sid, n, 30) for n in range(4)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.stdout.readline() for process in processes] == ["done\n"] * 4
    assert len(desk.values(sid)) == 121
    store.close()


# Any order of events, against a model of what should come of it

KEYS = st.sampled_from("abc")
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.integers(0, 2)),
        st.tuples(st.just("set"), st.integers(0, 2), KEYS, st.integers(0, 9)),
        st.tuples(st.just("delete"), st.integers(0, 2), KEYS),
        st.tuples(st.just("answer"), st.integers(0, 2)),
        st.tuples(st.just("destroy"), st.integers(0, 2)),
    ),
    max_size=30,
)


class Model:
    """What one session holds, told only by the rules: keys merge, the end is final."""

    def __init__(self):
        self.stored = {"driver": "a"}
        self.requests = {}

    def open(self, number):
        self.requests[number] = (dict(self.stored), {}) if self.stored else None

    def set(self, number, key, value):
        if self.requests.get(number):
            self.requests[number][1][key] = value

    def delete(self, number, key):
        self.set(number, key, None)

    def answer(self, number):
        before, changes = self.requests.pop(number, None) or ({}, {})
        real = {key: value for key, value in changes.items() if value != before.get(key)}
        if self.stored:
            merged = {**self.stored, **real}
            self.stored = {key: value for key, value in merged.items() if value is not None}

    def destroy(self, number):
        if self.requests.pop(number, None):
            self.stored = {}


@pytest.fixture(scope="module")
def module_records(tmp_path_factory):
    store = SqliteStore(tmp_path_factory.mktemp("sessions") / "store.sqlite3")
    yield Records(store, Vault("k" * 32))
    store.close()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(events=EVENTS)
def test_any_order_of_requests_comes_to_what_the_rules_say(module_records, events):
    desk, model = Desk(module_records, lambda: 1_790_000_000.0), Model()
    sid, requests = desk.start(driver="a"), {}
    for event, number, *arguments in events:
        getattr(model, event)(number, *arguments)
        if event == "open":
            requests[number] = desk.open(sid)
        elif number in requests:
            perform(desk, requests, event, number, *arguments)
    assert desk.values(sid) == model.stored


def perform(desk, requests, event, number, key=None, value=None):
    if event == "set":
        requests[number][key] = value
    elif event == "delete":
        requests[number].pop(key, None)
    else:
        session = requests.pop(number)
        if event == "destroy":
            desk.sessions.destroy(session)
        desk.answer(session)
