"""Sessions over a store that fails, and over one that holds something evil."""

import pytest
from flask import session

from store.base import StoreUnavailable
from store.records import Records
from tests.support.session_app import OTHER_ID, DeadStore, cookie_of, key_of, make_app, sid_of


@pytest.mark.parametrize("path", ["/get", "/set?x=1", "/clear", "/regenerate", "/connect", "/disconnect"])
def test_a_store_that_is_down_is_a_503_and_no_change_of_cookie(path, clock, vault):
    dead = DeadStore()
    browser = make_app(Records(dead, vault), clock).test_client()
    browser.set_cookie("sid", OTHER_ID)
    response = browser.get(path)
    assert (response.status_code, cookie_of(response)) == (503, None)
    assert dead.calls == 1


def test_a_failed_session_is_not_asked_for_twice_in_a_request(clock, vault):
    dead = DeadStore()
    app = make_app(Records(dead, vault), clock)

    @app.get("/stubborn")
    def stubborn():
        for attempt in (dict, len, bool, lambda s: s.get("x"), lambda s: s.sid, lambda s: "x" in s):
            with pytest.raises(StoreUnavailable):
                attempt(session)
        return "anonymous"

    browser = app.test_client()
    browser.set_cookie("sid", OTHER_ID)
    response = browser.get("/stubborn")
    assert (response.status_code, cookie_of(response), dead.calls) == (200, None, 1)


def test_connecting_without_a_store_gives_503_and_no_cookie(browser, store, monkeypatch):
    def full(*arguments):
        raise StoreUnavailable("disk full")

    monkeypatch.setattr(store, "put", full)
    response = browser.get("/connect")
    assert (response.status_code, cookie_of(response)) == (503, None)
    monkeypatch.undo()
    assert browser.get("/connect").status_code == 200


def test_a_failure_on_saving_sets_no_cookie_even_if_the_store_comes_back(app, store, monkeypatch):
    calls = []

    def fails_once(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise StoreUnavailable("for a moment")

    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    monkeypatch.setattr(store, "put", fails_once)
    response = app.test_client().get("/set?driver=a")
    assert (response.status_code, cookie_of(response), len(calls)) == (500, None, 1)


def test_a_commit_is_not_written_again(browser, store, monkeypatch):
    written = []
    put = store.put
    monkeypatch.setattr(store, "put", lambda *arguments: (written.append(arguments[0]), put(*arguments)))
    browser.get("/connect")
    assert written == [key_of(sid_of(browser))]


def test_what_is_set_after_a_commit_is_saved_too(app, browser):
    @app.get("/twice")
    def twice():
        session["first"] = 1
        app.session_interface.commit(session)
        session["second"] = 2
        app.session_interface.commit(session)
        session["third"] = 3
        return "twice"

    browser.get("/twice")
    assert browser.get("/get").json == {"first": 1, "second": 2, "third": 3}


def test_nothing_here_can_unpickle(app):
    assert app.session_interface.serializer is None


def test_a_planted_pickle_is_a_visitor_and_never_runs(browser, store, vault, tmp_path):
    canary = tmp_path / "canary"
    planted = b"cos\nsystem\n(S'touch %s'\ntR." % str(canary).encode()
    browser.set_cookie("sid", OTHER_ID)
    for value in (planted, vault.seal(planted, key_of(OTHER_ID))):
        store.put(key_of(OTHER_ID), value, 60)
        assert browser.get("/get").json == {}
    assert not canary.exists()


def test_a_repr_shows_no_value_and_reads_nothing(clock, vault):
    dead = DeadStore()
    app = make_app(Records(dead, vault), clock)
    with app.test_request_context(headers={"Cookie": f"sid={OTHER_ID}"}) as context:
        assert OTHER_ID not in repr(context.session)
    assert dead.calls == 0
