"""Sessions as a view sees them: what is stored and when, and how long it lives."""

import pytest
from flask import session

from store.base import StoreUnavailable
from store.records import Records
from store.vault import Vault
from tests.support.session_app import (
    ABSOLUTE,
    IDLE,
    OTHER_ID,
    DeadStore,
    cookie_of,
    key_of,
    make_app,
    sid_of,
)


def test_a_value_is_there_in_the_next_request(browser):
    response = browser.get("/set?driver=a")
    assert len(cookie_of(response)) == 43
    response = browser.get("/get")
    assert response.json == {"driver": "a"}
    assert cookie_of(response) is None


def test_only_the_hash_of_the_id_is_a_key(browser, store):
    browser.get("/set?driver=a")
    assert store.get(key_of(sid_of(browser))) is not None
    assert store.get("session:" + sid_of(browser)) is None


@pytest.mark.parametrize(
    "path", ["/untouched", "/get", "/set", "/clear", "/messages", "/disconnect", "/regenerate"]
)
def test_a_visitor_without_a_cookie_and_with_nothing_to_keep_does_not_touch_the_store(path, clock, vault):
    dead = DeadStore()
    response = make_app(Records(dead, vault), clock).test_client().get(path)
    assert response.status_code == 200
    assert cookie_of(response) is None
    assert dead.calls == 0


def test_a_request_that_does_not_use_its_session_does_not_touch_the_store(clock, vault):
    dead = DeadStore()
    browser = make_app(Records(dead, vault), clock).test_client()
    browser.set_cookie("sid", OTHER_ID)
    response = browser.get("/untouched")
    assert (response.status_code, dead.calls) == (200, 0)
    assert "Vary" not in response.headers


def test_reading_writes_nothing(browser, store):
    browser.get("/set?driver=a")
    before = store.get(key_of(sid_of(browser)))
    browser.get("/get")
    assert store.get(key_of(sid_of(browser))) == before


def test_setting_what_is_there_already_writes_nothing(browser, store):
    browser.get("/set?driver=a")
    before = store.get(key_of(sid_of(browser)))
    browser.get("/set?driver=a")
    assert store.get(key_of(sid_of(browser))) == before


def test_a_change_inside_a_nested_value_is_kept(browser):
    browser.get("/nested")
    browser.get("/nested")
    assert browser.get("/get").json == {"list": [1, 1]}


def test_a_session_that_becomes_empty_is_ended_and_its_cookie_deleted(browser, store, records):
    browser.get("/set?driver=a")
    sid = sid_of(browser)
    assert cookie_of(browser.get("/set?driver=")) == ""
    assert records.get(key_of(sid)).value == {"ended": True}
    assert browser.get("/get").json == {}


def test_a_session_with_nothing_but_flasks_own_mark_is_not_stored(clock, records):
    app = make_app(records, clock)

    @app.get("/mark")
    def mark():
        session.permanent = True
        return "marked"

    assert cookie_of(app.test_client().get("/mark")) is None


def test_what_is_not_json_is_an_error_and_sets_no_cookie(app, records):
    @app.get("/odd")
    def odd():
        session["odd"] = object()
        return "odd"

    app.config.update(TESTING=False)
    response = app.test_client().get("/odd")
    assert (response.status_code, cookie_of(response)) == (500, None)


def test_a_test_can_set_up_a_session_the_way_flask_offers(browser):
    with browser.session_transaction() as prepared:
        prepared["driver"] = "a"
    assert browser.get("/get").json == {"driver": "a"}


def test_flashed_messages_go_over_requests_once(browser):
    browser.get("/flash")
    assert browser.get("/messages").json == [["info", "Hello"]]
    assert browser.get("/messages").json == []


def test_answers_that_used_the_session_vary_by_cookie(browser):
    assert "Vary" not in browser.get("/untouched").headers
    for path in ("/get", "/set?driver=a", "/get", "/disconnect"):
        assert browser.get(path).headers["Vary"] == "Cookie"


def test_a_session_ends_when_it_is_idle(browser, clock):
    browser.get("/set?driver=a")
    clock.advance(IDLE.total_seconds())
    response = browser.get("/get")
    assert response.json == {}
    assert cookie_of(response) == ""


def test_reading_extends_it_without_a_write_once_a_tenth_is_gone(browser, clock, store):
    browser.get("/set?driver=a")
    before = store.get(key_of(sid_of(browser)))
    clock.advance(IDLE.total_seconds() / 10 - 1)
    browser.get("/get")
    assert store.get(key_of(sid_of(browser))).expires_at == before.expires_at
    clock.advance(1)
    browser.get("/get")
    after = store.get(key_of(sid_of(browser)))
    assert after.expires_at == clock.now + IDLE.total_seconds()
    assert (after.version, after.value) == (before.version, before.value)


def test_a_session_in_use_ends_at_its_absolute_limit(browser, clock):
    browser.get("/set?driver=a")
    began = clock.now
    while clock.now - began < ABSOLUTE.total_seconds() - 3600:
        clock.advance(3600)
        assert browser.get("/set?last=" + str(clock.now)).status_code == 200
        assert browser.get("/get").json["driver"] == "a"
    clock.advance(3600)
    assert browser.get("/get").json == {}


def test_a_session_ends_when_what_is_in_it_expires(browser, clock):
    browser.get("/set?driver=a")
    browser.get(f"/expires/{clock.now + 1000:.1f}")
    clock.advance(999)
    assert browser.get("/get").json["driver"] == "a"
    clock.advance(1)
    assert browser.get("/get").json == {}


def test_an_expiry_in_the_past_ends_the_session_now(browser, clock):
    browser.get("/set?driver=a")
    assert cookie_of(browser.get(f"/expires/{clock.now:.1f}")) == ""
    assert browser.get("/get").json == {}


def test_a_new_session_with_an_expiry_in_the_past_is_not_stored(browser, clock):
    assert cookie_of(browser.get(f"/expires/{clock.now - 1:.1f}")) is None


def test_a_failing_extension_does_not_fail_the_reader(browser, clock, store, monkeypatch):
    browser.get("/set?driver=a")
    clock.advance(IDLE.total_seconds() / 2)

    def full(key, ttl):
        raise StoreUnavailable("disk full")

    monkeypatch.setattr(store, "touch", full)
    assert browser.get("/get").json == {"driver": "a"}


def test_a_new_key_reads_sessions_of_the_old_one(store, clock):
    old_app = make_app(Records(store, Vault("o" * 32)), clock)
    browser = old_app.test_client()
    browser.get("/set?driver=a")
    sid = sid_of(browser)
    for vault, seen in ((Vault("n" * 32, ["o" * 32]), {"driver": "a"}), (Vault("n" * 32), {})):
        later = make_app(Records(store, vault), clock).test_client()
        later.set_cookie("sid", sid)
        assert later.get("/get").json == seen
