"""The session's cookie: how it is set and deleted, and what a strange one comes to."""

import pytest
from flask import session

from store.records import Records
from tests.support.session_app import OTHER_ID, DeadStore, cookie_of, key_of, make_app, sid_of


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
