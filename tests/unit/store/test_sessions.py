"""Sessions as a browser and a view see them: one request after another."""

from datetime import timedelta

import pytest
from flask import Flask, flash, get_flashed_messages, request, session

from store import Records, Store, StoreUnavailable, Vault
from store.records import fingerprint
from store.sessions import StoreSessionInterface

IDLE, ABSOLUTE = timedelta(hours=2), timedelta(hours=24)
OTHER_ID = "A" * 43


def make_app(records, clock, **config):
    app = Flask("store")
    app.config.update(TESTING=True, SESSION_COOKIE_NAME="sid", **config)
    sessions = app.session_interface = StoreSessionInterface(app, records, clock, IDLE, ABSOLUTE)

    @app.errorhandler(StoreUnavailable)
    def store_down(error):
        return "store down", 503

    @app.get("/untouched")
    def untouched():
        return "untouched"

    @app.get("/get")
    def get():
        return dict(session)

    @app.get("/set")
    def set_keys():
        session.update({key: value for key, value in request.args.items() if value})
        for key, value in request.args.items():
            if not value:
                session.pop(key, None)
        return "set"

    @app.get("/nested")
    def nested():
        session.setdefault("list", []).append(1)
        return "nested"

    @app.get("/clear")
    def clear():
        session.clear()
        return "cleared"

    @app.get("/regenerate")
    def regenerate():
        sessions.regenerate(session)
        return session.sid

    @app.get("/connect")
    def connect():
        session.clear()
        sessions.regenerate(session)
        session["driver"] = "new"
        sessions.commit(session)
        return session.sid

    @app.get("/disconnect")
    def disconnect():
        sessions.destroy(session)
        flash("Disconnected") if session.get("never") else None
        return "disconnected"

    @app.get("/expires/<float:at>")
    def expires(at):
        session["_expires_at"] = at
        return "limited"

    @app.get("/permanent")
    def permanent():
        session.permanent = True
        session["driver"] = "a"
        return "permanent"

    @app.get("/flash")
    def add_message():
        flash("Hello", "info")
        return "flashed"

    @app.get("/messages")
    def messages():
        return [list(message) for message in get_flashed_messages(with_categories=True)]

    return app


@pytest.fixture
def app(records, clock):
    return make_app(records, clock)


@pytest.fixture
def browser(app):
    return app.test_client()


@pytest.fixture
def late(app):
    """Requests with any cookie header, where `browser` would send the cookies it has."""
    return app.test_client(use_cookies=False)


def cookie_of(response):
    """Return the value a response sets for the session cookie: None if it sets none, "" if it deletes it."""
    values = [value for value in response.headers.getlist("Set-Cookie") if value.startswith("sid=")]
    assert len(values) < 2
    return values[0].split(";")[0].removeprefix("sid=") if values else None


def key_of(sid):
    return "session:" + fingerprint(sid)


def sid_of(browser):
    return browser.get_cookie("sid").value


class DeadStore(Store):
    """Fails every verb, and counts."""

    def __init__(self):
        self.calls = 0

    def _fail(self, *arguments):
        self.calls += 1
        raise StoreUnavailable("dead")

    get = add = put = replace = touch = pop = ping = purge = close = _fail


# What is stored, and when


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


def test_flashed_messages_go_over_requests_once(browser):
    browser.get("/flash")
    assert browser.get("/messages").json == [["info", "Hello"]]
    assert browser.get("/messages").json == []


def test_answers_that_used_the_session_vary_by_cookie(browser):
    assert "Vary" not in browser.get("/untouched").headers
    for path in ("/get", "/set?driver=a", "/get", "/disconnect"):
        assert browser.get(path).headers["Vary"] == "Cookie"


# How long it lives


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


# The cookie


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"SESSION_COOKIE_SECURE": True, "SESSION_COOKIE_SAMESITE": "Lax", "SESSION_COOKIE_PATH": "/"},
        {
            "SESSION_COOKIE_SECURE": True,
            "SESSION_COOKIE_SAMESITE": "Strict",
            "SESSION_COOKIE_PARTITIONED": True,
        },
        {"SESSION_COOKIE_PATH": "/app", "SESSION_COOKIE_DOMAIN": "localhost"},
    ],
)
def test_the_cookie_is_deleted_with_the_attributes_it_was_set_with(records, clock, config):
    app = make_app(records, clock, **config)
    browser = app.test_client(use_cookies=False)
    was_set = browser.get("/set?driver=a")
    header = {"Cookie": f"sid={cookie_of(was_set)}"}
    deleted = browser.get("/disconnect", headers=header)

    def attributes(response):
        parts = response.headers["Set-Cookie"].split("; ")[1:]
        return {part for part in parts if not part.startswith(("Expires=", "Max-Age="))}

    assert attributes(was_set) == attributes(deleted)
    assert "HttpOnly" in attributes(was_set)
    assert "Max-Age=0" in deleted.headers["Set-Cookie"]


def test_the_cookie_lasts_until_the_browser_closes_unless_the_session_is_permanent(browser):
    assert "Expires" not in browser.get("/set?driver=a").headers["Set-Cookie"]
    browser.get("/disconnect")
    assert "Expires" in browser.get("/permanent").headers["Set-Cookie"]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        OTHER_ID,
        OTHER_ID + "A",
        "A" * 42 + "=",
        "../" * 20,
        "é" * 43,
        "x" * 10_000,
        '"\\303"',
        "%00" * 15,
    ],
)
def test_a_cookie_that_means_nothing_is_a_visitor_and_is_deleted(late, value):
    response = late.get("/get", headers={"Cookie": f"sid={value}"})
    assert (response.status_code, response.json) == (200, {})
    assert cookie_of(response) == ""


def test_a_malformed_cookie_is_not_looked_up(clock, vault):
    dead = DeadStore()
    late = make_app(Records(dead, vault), clock).test_client(use_cookies=False)
    assert late.get("/get", headers={"Cookie": "sid=malformed"}).json == {}
    assert dead.calls == 0


def test_an_id_chosen_by_the_browser_is_never_used(browser):
    browser.set_cookie("sid", OTHER_ID)
    assert cookie_of(browser.get("/set?driver=a")) not in {None, "", OTHER_ID}


@pytest.mark.parametrize(
    "value",
    [{}, {"values": {"driver": "a"}}, {"values": {"a": 1}, "ends_at": None}, {"values": [], "ends_at": 2e9}],
)
def test_a_record_of_another_shape_is_a_visitor(browser, records, value):
    records.put(key_of(OTHER_ID), value, 60)
    browser.set_cookie("sid", OTHER_ID)
    assert browser.get("/get").json == {}


# A new id, and the end


def test_a_regenerated_session_has_a_new_id_and_its_values(browser, late, records):
    browser.get("/set?driver=a")
    old = sid_of(browser)
    new = browser.get("/regenerate").text
    assert new == sid_of(browser) != old
    assert browser.get("/get").json == {"driver": "a"}
    assert late.get("/get", headers={"Cookie": f"sid={old}"}).json == {}
    assert records.get(key_of(old)).value == {"ended": True}


def test_the_old_id_is_forgotten_altogether_after_a_minute(browser, records, clock):
    browser.get("/set?driver=a")
    old = sid_of(browser)
    browser.get("/regenerate")
    clock.advance(60)
    assert records.get(key_of(old)) is None


def test_a_carried_session_keeps_its_absolute_limit_and_a_cleared_one_begins_anew(app, clock):
    carried, cleared = app.test_client(), app.test_client()
    for browser, path in ((carried, "/regenerate"), (cleared, "/connect")):
        browser.get("/permanent")
        before = browser.get_cookie("sid").expires
        clock.advance(3600)
        browser.get(path)
        if browser is carried:
            assert browser.get_cookie("sid").expires == before
    clock.now += ABSOLUTE.total_seconds() - 3600
    assert cleared.get("/get").json in ({}, {"driver": "new"})


def test_an_empty_session_gets_a_new_id_too(browser):
    first, second = browser.get("/regenerate").text, browser.get("/connect").text
    assert first != second == sid_of(browser)


def test_connecting_again_leaves_nothing_of_before(browser):
    browser.get("/set?driver=a&secret=b")
    browser.get("/connect")
    assert browser.get("/get").json == {"driver": "new"}


def test_a_destroyed_session_is_gone_with_its_cookie(browser, late):
    browser.get("/set?driver=a")
    sid = sid_of(browser)
    assert cookie_of(browser.get("/disconnect")) == ""
    assert browser.get_cookie("sid") is None
    assert late.get("/get", headers={"Cookie": f"sid={sid}"}).json == {}


def test_what_is_set_after_destroying_is_a_session_of_its_own(app, browser):
    @app.get("/goodbye")
    def goodbye():
        app.session_interface.destroy(session)
        flash("Goodbye")
        return "goodbye"

    browser.get("/set?driver=a")
    old = sid_of(browser)
    assert cookie_of(browser.get("/goodbye")) not in {"", None, old}
    assert browser.get("/messages").json == [["message", "Goodbye"]]


def test_an_ended_id_in_flight_neither_sets_nor_deletes_the_cookie(browser, late):
    """The browser of a late request has the next session's cookie already."""
    browser.get("/set?driver=a")
    ended = {"Cookie": f"sid={sid_of(browser)}"}
    browser.get("/connect")
    for path in ("/get", "/set?x=1", "/clear", "/flash", "/disconnect"):
        assert cookie_of(late.get(path, headers=ended)) is None


def test_an_ended_id_can_still_connect(browser, late):
    browser.get("/set?driver=a")
    ended = {"Cookie": f"sid={sid_of(browser)}"}
    browser.get("/disconnect")
    sid = cookie_of(late.get("/connect", headers=ended))
    assert late.get("/get", headers={"Cookie": f"sid={sid}"}).json == {"driver": "new"}


# The same session for a second answer


def test_a_known_session_is_given_to_a_second_answer(app, browser, late):
    @app.get("/again/<sid>")
    def again(sid):
        response = app.make_response(str(dict(session)))
        response.headers["X-Done"] = str(app.session_interface.reissue(sid, response))
        return response

    browser.get("/set?before=1")
    ended = {"Cookie": f"sid={sid_of(browser)}"}
    new = browser.get("/connect").text
    for headers in (ended, {"Cookie": f"sid={OTHER_ID}"}, {"Cookie": "sid=malformed"}, {}):
        response = late.get(f"/again/{new}", headers=headers)
        assert (response.headers["X-Done"], cookie_of(response)) == ("True", new)
    browser.get("/disconnect")
    response = late.get(f"/again/{new}", headers=ended)
    assert (response.headers["X-Done"], cookie_of(response)) == ("False", None)


# When the store fails


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


# Nothing that is executed


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
