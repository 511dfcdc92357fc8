"""A driver's access token ends, and the driver stays connected (RFC 6749, section 6)."""

from __future__ import annotations

import sqlite3
import time

import pytest

from store.base import StoreUnavailable
from store.grants import Grants
from store.session_records import Changes
from tests.support.browser import seen
from tests.support.fake_vinli import USER
from tests.support.rotating_vinli import RotatingVinli, rotate_and_lose
from tests.support.servers import CLOSE, http, json_reply
from tests.support.sites import on_both_stores

pytestmark = pytest.mark.functional

DAY = 24 * 3600
ENDED = (401, "connection_ended")
NOT_RENEWED = (502, "connection_not_renewed")


@pytest.fixture
def vinli():
    upstream = RotatingVinli()
    yield upstream
    upstream.close()


@pytest.fixture
def driver(local):
    with local.browser() as browser:
        browser.connect_at_once()
        yield browser


def garage(driver):
    """Return what the driver's garage shows: "cars", or the status and code of the problem."""
    page = driver.get("/garage")
    return "cars" if page.status_code == 200 and "Device 1" in page.text else seen(page)


def device_page(driver):
    return seen(driver.get("/garage/devices/7f0e8d1c-0000-4000-8000-000000000001"))


def until(condition):
    """Wait until the condition holds, for at most ten seconds."""
    give_up_at = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


@pytest.mark.parametrize("lifetime", [31_536_000, None, 7_776_001, 10**15])
def test_daily_visits_keep_a_driver_connected_for_ninety_days(lifetime, local_site, vinli):
    vinli.lifetime = lifetime
    local = local_site(vinli.origin)
    with local.browser() as driver:
        driver.connect_at_once()
        for day in range(89):
            local.clock.advance(DAY)
            assert garage(driver) == "cars", day
    assert vinli.refreshes() == []


@on_both_stores
def test_a_token_is_renewed_after_its_end(local, driver, vinli):
    local.clock.advance(3601)
    vinli.expire()
    assert garage(driver) == "cars"
    assert garage(driver) == "cars"
    assert vinli.refreshes() == ["refresh-1"]


def test_each_renewal_uses_the_newest_refresh_token(local, driver, vinli):
    for _ in range(3):
        local.clock.advance(3601)
        vinli.expire()
        assert garage(driver) == "cars"
    assert vinli.refreshes() == ["refresh-1", "refresh-2", "refresh-3"]


def test_a_refresh_token_that_is_not_replaced_stays(local, driver, vinli):
    vinli.rotates = False
    for _ in range(2):
        local.clock.advance(3601)
        vinli.expire()
        assert garage(driver) == "cars"
    assert vinli.refreshes() == ["refresh-1", "refresh-1"]


def test_a_token_is_renewed_ahead_of_its_end_while_pages_use_the_old_one(local, driver, vinli):
    vinli.may_refresh.clear()
    local.clock.advance(3550)
    assert garage(driver) == "cars"
    until(vinli.refreshes)
    assert garage(driver) == "cars"
    vinli.may_refresh.set()
    until(lambda: "access-2" in vinli.valid)
    vinli.valid.discard("access-1")
    local.clock.advance(60)
    assert garage(driver) == "cars"
    assert vinli.refreshes() == ["refresh-1"]


def test_a_refused_token_is_renewed_once(driver, vinli):
    vinli.expire()
    assert garage(driver) == "cars"
    assert vinli.refreshes() == ["refresh-1"]


def test_a_403_that_says_the_token_is_invalid_renews_too(driver, vinli):
    expired = http(403, WWW_Authenticate='Bearer error="invalid_token"')
    vinli.answers["/api/v1/devices"] = lambda request: (
        expired if request.headers["authorization"] == "Bearer access-1" else vinli.good_answer(request)
    )
    assert garage(driver) == "cars"
    assert vinli.refreshes() == ["refresh-1"]


def test_a_bare_403_does_not_renew(driver, vinli):
    vinli.answers["/api/v1/devices"] = http(403)
    assert garage(driver)[0] == 502
    assert vinli.refreshes() == []
    assert driver.is_connected()


def test_a_device_page_renews_as_well(driver, vinli):
    vinli.expire()
    assert device_page(driver)[0] == 200
    assert vinli.refreshes() == ["refresh-1"]


def test_a_new_token_that_is_refused_too_ends_the_connection(driver, vinli):
    vinli.answers["/api/v1/devices"] = http(401)
    assert garage(driver) == ENDED
    assert not driver.is_connected()
    assert vinli.refreshes() == ["refresh-1"]


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("cause", ["the end of its life", "a refusal"])
def test_a_withdrawn_permission_ends_the_connection(status, cause, local, driver, vinli):
    vinli.refresh_answer = json_reply({"error": "invalid_grant"}, status)
    vinli.expire()
    local.clock.advance(3601 if cause == "the end of its life" else 0)
    page = driver.get("/garage")
    assert seen(page) == ENDED
    assert "/connect?next=" in page.text
    assert not driver.is_connected()
    assert grant_ids(local) == []
    assert vinli.refreshes() == ["refresh-1"]


FAILURES = {
    "a wrong client secret": (json_reply({"error": "invalid_client"}, 401), NOT_RENEWED),
    "a server without refreshes": (json_reply({"error": "unsupported_grant_type"}, 400), NOT_RENEWED),
    "an empty 401": (http(401, content_type=None), NOT_RENEWED),
    "an empty 400": (http(400, content_type=None), NOT_RENEWED),
    "a 404": (http(404), NOT_RENEWED),
    "a page": (http(200, b"<h1>login</h1>", content_type="text/html"), NOT_RENEWED),
    "no token": (json_reply({"access_token": ""}), NOT_RENEWED),
    "a redirect": (http(302, Location="https://elsewhere.example/"), NOT_RENEWED),
    "an error inside": (http(500), NOT_RENEWED),
    "a bad gateway": (http(502), NOT_RENEWED),
    "too many requests": (http(429, Retry_After="7"), NOT_RENEWED),
    "a closed connection": (CLOSE, NOT_RENEWED),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("is_refused", [False, True])
def test_any_other_failure_leaves_the_driver_connected(name, is_refused, local, driver, vinli):
    vinli.refresh_answer, expected = FAILURES[name]
    vinli.expire()
    local.clock.advance(0 if is_refused else 3601)
    assert device_page(driver) == expected
    assert garage(driver)[0] == expected[0]
    assert driver.is_connected()
    vinli.refresh_answer = None
    local.clock.advance(20)
    assert garage(driver) == "cars"
    assert set(vinli.refreshes()) == {"refresh-1"}


def test_a_failed_renewal_is_not_repeated_by_every_page(local, driver, vinli):
    vinli.refresh_answer = http(500)
    local.clock.advance(3601)
    for _ in range(5):
        assert device_page(driver) == NOT_RENEWED
    assert len(vinli.refreshes()) == 1


def test_the_page_of_a_failed_renewal_says_when_to_come_back_and_offers_to_connect(local, driver, vinli):
    vinli.refresh_answer = http(429, Retry_After="7")
    local.clock.advance(3601)
    page = driver.get("/garage/devices/7f0e8d1c-0000-4000-8000-000000000001")
    assert page.headers["Retry-After"] in {"7", "8"}
    assert "/connect" in page.text


def test_a_slow_renewal_is_given_up_and_its_token_is_kept(local, driver, vinli):
    local.shorten_timeouts()
    vinli.may_refresh.clear()
    local.clock.advance(3601)
    vinli.valid.clear()
    assert device_page(driver) == (504, "connection_not_renewed")
    vinli.may_refresh.set()
    assert driver.is_connected()


def test_a_failed_renewal_ahead_of_the_end_is_not_seen(local, driver, vinli):
    vinli.refresh_answer = http(500)
    local.clock.advance(3550)
    assert garage(driver) == "cars"
    until(vinli.refreshes)
    assert garage(driver) == "cars"


def test_a_rotation_whose_answer_was_lost_leads_to_a_page_that_offers_to_connect(local, driver, vinli):
    vinli.refresh_answer = rotate_and_lose
    vinli.expire()
    assert device_page(driver) == NOT_RENEWED
    vinli.refresh_answer = None
    local.clock.advance(20)
    page = driver.get("/garage")
    assert seen(page) == ENDED
    assert "/connect?next=" in page.text


def test_the_new_refresh_token_is_kept_if_vinli_does_not_say_whose_it_is(local, driver, vinli):
    vinli.answers[USER] = http(500)
    vinli.expire()
    assert device_page(driver) == NOT_RENEWED
    del vinli.answers[USER]
    local.clock.advance(20)
    assert garage(driver) == "cars"
    assert vinli.refreshes() == ["refresh-1", "refresh-2"]


def test_a_renewed_token_of_another_driver_is_never_used(driver, vinli):
    vinli.answers[USER] = json_reply({"user": {"id": "2", "email": "other@example.com"}})
    vinli.expire()
    assert garage(driver) == ENDED
    used = {request.headers["authorization"] for request in vinli.received("/api/v1/devices")}
    assert used == {"Bearer access-1"}


def test_a_driver_who_disconnects_leaves_no_token(local, driver):
    assert len(grant_ids(local)) == 1
    driver.disconnect()
    assert grant_ids(local) == []


def test_connecting_again_replaces_the_tokens(local, driver):
    before = grant_ids(local)
    driver.connect_at_once()
    assert len(grant_ids(local)) == 1
    assert grant_ids(local) != before


def test_the_sessions_that_other_tabs_began_lose_their_tokens_with_the_rest(local):
    with local.browser() as browser:
        callbacks = [browser.attempt()[1] for _ in range(3)]
        for callback in callbacks:
            browser.get(f"{callback}&code=good")
        browser.disconnect()
    assert grant_ids(local) == []


def test_an_operator_who_signs_in_meanwhile_does_not_undo_a_renewal(local, driver, vinli):
    vinli.may_refresh.clear()
    local.clock.advance(3550)
    assert garage(driver) == "cars"
    until(vinli.refreshes)
    driver.sign_in_as_operator()
    vinli.may_refresh.set()
    until(lambda: "access-2" in vinli.valid)
    vinli.valid.discard("access-1")
    local.clock.advance(60)
    assert garage(driver) == "cars"
    assert vinli.refreshes() == ["refresh-1"]


def test_a_driver_who_disconnects_during_a_renewal_stays_disconnected(local, driver, vinli):
    vinli.may_refresh.clear()
    local.clock.advance(3550)
    assert garage(driver) == "cars"
    until(vinli.refreshes)
    driver.disconnect()
    vinli.may_refresh.set()
    until(lambda: "access-2" in vinli.valid)
    assert grant_ids(local) == []
    assert not driver.is_connected()


def test_the_new_refresh_token_is_stored_even_if_the_store_fails_at_first(driver, vinli, monkeypatch):
    replace, failures = Grants.replace, [StoreUnavailable("busy"), StoreUnavailable("busy")]

    def unsure(self, *arguments):
        if failures:
            raise failures.pop()
        return replace(self, *arguments)

    monkeypatch.setattr(Grants, "replace", unsure)
    vinli.expire()
    assert garage(driver) == "cars"
    assert not failures


def test_a_session_of_an_older_version_asks_to_connect(local, driver):
    of_old = {
        "user_id": "1",
        "name": "Ada",
        "email": "a@example.com",
        "connected_at": 1.0,
        "access_token": "a",
    }
    sessions, session_id = local.services.sessions._sessions, driver.session.cookies["vinli_connect_session"]
    sessions.update(session_id, sessions.find(session_id), Changes({}, {"driver": of_old}))
    assert garage(driver) == ENDED


def test_no_refresh_token_is_readable_in_the_store(local, driver):
    stored = b"".join(path.read_bytes() for path in local.store_path.parent.iterdir() if path.is_file())
    assert b"grant:" in stored
    assert b"refresh-1" not in stored
    assert b"access-1" not in stored


def test_a_sign_in_service_that_is_down_does_not_hold_back_other_drivers(local, driver, vinli):
    with local.browser() as other:
        other.connect_at_once()
        vinli.refresh_answer = http(503)
        vinli.valid.discard("access-1")
        for _ in range(12):
            assert device_page(driver)[0] == 502
            local.clock.advance(70)
        assert garage(other) == "cars"


def grant_ids(local):
    """Return the keys of the stored grants."""
    with sqlite3.connect(local.store_path) as connection:
        rows = connection.execute("SELECT key FROM entries WHERE key LIKE 'grant:%'")
        return [key for (key,) in rows]


def test_an_outage_of_the_user_call_takes_no_good_token_away(local, driver, vinli):
    vinli.answers[USER] = http(500)
    local.clock.advance(3545)
    assert garage(driver) == "cars"
    until(vinli.refreshes)
    vinli.valid.add("access-1")
    until(lambda: local.clock() and "refresh-1" in vinli.refreshes())
    assert garage(driver) == "cars", "the old token is good for 55 more seconds"
    del vinli.answers[USER]
    local.clock.advance(120)
    assert garage(driver) == "cars"
    assert vinli.refreshes() == ["refresh-1", "refresh-2"], "the rotated token was kept"


def test_a_refused_token_is_not_used_again_while_the_user_call_fails(driver, vinli):
    vinli.answers[USER] = http(500)
    vinli.expire()
    assert device_page(driver) == NOT_RENEWED


@pytest.mark.parametrize("access_token", ["", None, 7, "a b"])
def test_a_rotated_token_beside_an_unusable_one_is_kept(access_token, local, driver, vinli):
    vinli.expire()
    vinli.refresh_answer = json_reply({"access_token": access_token, "refresh_token": "refresh-77"})
    assert device_page(driver) == NOT_RENEWED
    vinli.refresh_answer = None
    vinli.refresh_tokens = {"refresh-77"}
    local.clock.advance(400)
    assert garage(driver) == "cars"
    assert vinli.refreshes() == ["refresh-1", "refresh-77"]


@pytest.mark.parametrize(
    "answer",
    [
        json_reply({"error": "invalid_grant", "note": "x\ud83d"}, 400),
        http(400, b'{"error": "invalid_grant", "error_description": "caf\xe9"}'),
        http(400, b'{"error": "invalid_grant", "error_description": "a\nb"}'),
        json_reply({"error": "Invalid_Grant"}, 400),
        http(200, b"error=invalid_grant", content_type="text/plain"),
    ],
)
def test_an_ended_grant_is_known_whatever_stands_beside_the_code(answer, driver, vinli):
    vinli.expire()
    vinli.refresh_answer = answer
    assert garage(driver) == ENDED
