"""A session's new id, and its end."""

import pytest
from flask import flash, session

from tests.support.session_app import cookie_of, key_of, sid_of


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


@pytest.mark.parametrize(
    ("path", "began_later"),
    [("/regenerate", 0), ("/connect", 3600), ("/connect-in-another-order", 3600), ("/sign-in", 0)],
)
def test_the_limit_is_carried_with_what_is_older_than_the_request(
    app, browser, records, clock, path, began_later
):
    @app.get("/connect-in-another-order")
    def connect_in_another_order():
        session.clear()
        session["driver"] = "b"
        app.session_interface.regenerate(session)
        return "connected"

    @app.get("/sign-in")
    def sign_in():
        session["operator"] = True
        app.session_interface.regenerate(session)
        return "signed in"

    browser.get("/set?driver=a")
    before = records.get(key_of(sid_of(browser))).value["ends_at"]
    clock.advance(3600)
    browser.get(path)
    assert records.get(key_of(sid_of(browser))).value["ends_at"] == before + began_later


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
