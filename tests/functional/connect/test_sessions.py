"""Cookies, session ids, forged forms, forced logins, and where one is led afterwards."""

from __future__ import annotations

import re
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.browser import seen
from tests.support.fake_vinli import DEVICES, TOKEN
from tests.support.servers import http, json_reply
from tests.support.sites import on_both_stores

pytestmark = pytest.mark.functional

SECURE = "https://cars.example.com"
STALE = (400, "stale_form")


@pytest.fixture
def browser(local):
    with local.browser() as browser:
        yield browser


def set_cookies(response):
    """Return the cookies an answer sets: name to (value, attributes in lower case)."""
    cookies = {}
    for line in response.raw.headers.getlist("Set-Cookie"):
        pair, *attributes = [part.strip() for part in line.split(";")]
        name, _, value = pair.partition("=")
        cookies[name] = (value, {attribute.lower() for attribute in attributes})
    return cookies


# --- cookies


@pytest.mark.parametrize("public_url", ["http://127.0.0.1:8000", SECURE])
def test_every_cookie_is_out_of_reach_set_and_deleted_alike(public_url, local_site, vinli):
    local = local_site(vinli.origin, PUBLIC_URL=public_url)
    is_https = public_url.startswith("https")
    prefix = "__Host-vinli_connect_" if is_https else "vinli_connect_"
    owed = {"httponly", "samesite=lax", "path=/"} | ({"secure"} if is_https else set())
    with local.browser() as browser:
        answers = [browser.get("/connect"), browser.connect_at_once(), browser.get("/garage")]
        answers += [browser.submit(answers[-1], "/disconnect"), browser.get("/operator")]
        answers += [browser.get("/connect") for _ in range(12)]
        browser.session.cookies.set(f"{prefix}session", secrets.token_urlsafe(32), domain="", path="/")
        answers.append(browser.get("/garage"))
    kinds = set()
    for answer in answers:
        for name, (value, attributes) in set_cookies(answer).items():
            assert name.startswith(prefix)
            assert owed <= attributes, (name, attributes)
            assert not [one for one in attributes if one.startswith("domain")]
            assert ("secure" in attributes) == is_https
            kinds.add((re.sub("attempt_.*", "attempt", name.removeprefix(prefix)), bool(value)))
    assert kinds == {
        ("attempt", True),
        ("attempt", False),
        ("session", True),
        ("session", False),
        ("csrf", True),
    }


def test_under_https_the_whole_login_works_with_prefixed_cookies(local_site, vinli):
    with local_site(vinli.origin, PUBLIC_URL=SECURE).browser() as browser:
        browser.connect_at_once()
        assert browser.get("/garage").status_code == 200
        assert browser.disconnect().status_code == 303
        assert browser.get("/garage").status_code == 401


@pytest.mark.parametrize(
    "value",
    [
        "x",
        "",
        "A" * 43,
        "é" * 20,
        "../../etc/passwd",
        "a" * 3900,
        '"quoted"',
        "null",
        "%00",
        "gASVAAAA",
        "q" * 43,
    ],
)
def test_a_strange_session_cookie_means_anonymous(value, browser):
    headers = {"Cookie": f"vinli_connect_session={value}".encode()}
    assert browser.get("/", headers=headers).status_code == 200
    assert seen(browser.get("/garage", headers=headers)) == (401, "not_connected")
    assert browser.get("/connect", headers=headers).status_code == 302
    assert browser.get("/operator/devices", headers=headers).status_code == 401


def test_anonymous_visits_store_no_session(local, browser):
    for path in (
        "/",
        "/garage",
        "/implicit",
        "/operator",
        "/nowhere",
        "/connect/callback?code=x",
        "/healthz",
    ):
        response = browser.get(path)
        assert "vinli_connect_session" not in response.headers.get("Set-Cookie", "")
    assert not local.store_path.exists() or b"session:" not in local.store_path.read_bytes()


# --- session ids


@on_both_stores
def test_the_session_id_changes_on_connecting_and_the_old_one_is_dead(local, browser):
    browser.connect_at_once()
    first = browser.cookie("session")
    browser.connect_at_once()
    second = browser.cookie("session")
    assert first != second
    for sid, status in ((first, 401), (second, 200)):
        with local.browser() as other:
            assert (
                other.get("/garage", headers={"Cookie": f"vinli_connect_session={sid}"}).status_code == status
            )


@on_both_stores
def test_a_planted_session_id_is_not_taken_over(local, browser):
    planted = secrets.token_urlsafe(32)
    browser.session.cookies.set("vinli_connect_session", planted, domain="127.0.0.1", path="/")
    browser.connect_at_once()
    assert planted not in [cookie.value for cookie in browser.session.cookies]
    with local.browser() as attacker:
        response = attacker.get("/garage", headers={"Cookie": f"vinli_connect_session={planted}"})
        assert response.status_code == 401


@on_both_stores
def test_a_session_planted_by_an_attacker_does_not_become_the_victims(local, browser):
    """Session fixation with a live session: the attacker's own is carried into the victim's browser."""
    with local.browser() as attacker:
        attacker.connect_at_once()
        browser.session.cookies.update(attacker.session.cookies)
        browser.connect_at_once()
        assert attacker.get("/garage").status_code == 401
        assert browser.get("/garage").status_code == 200


@on_both_stores
def test_operator_rights_come_with_a_new_id_and_leave_with_another(local, browser):
    browser.connect_at_once()
    ids = [browser.cookie("session")]
    browser.sign_in_as_operator()
    ids.append(browser.cookie("session"))
    browser.submit(browser.get("/operator/devices"), "/operator/sign-out")
    ids.append(browser.cookie("session"))
    assert len(set(ids)) == 3
    assert browser.get("/garage").status_code == 200, "the driver is still connected"
    for sid in ids[:2]:
        with local.browser() as other:
            headers = {"Cookie": f"vinli_connect_session={sid}"}
            assert other.get("/operator/devices", headers=headers).status_code == 401
            assert other.get("/garage", headers=headers).status_code == 401


@on_both_stores
def test_connecting_as_another_driver_leaves_nothing_of_the_first(browser, vinli):
    browser.connect_at_once()
    assert "driver@example.com" in browser.get("/garage").text
    vinli.email = "other@example.com"
    vinli.answers[TOKEN] = json_reply({"access_token": "the-second-drivers-token"})
    browser.connect_at_once()
    garage = browser.get("/garage").text
    assert "other@example.com" in garage
    assert "driver@example.com" not in garage
    assert vinli.received(DEVICES)[-1].headers["authorization"] == "Bearer the-second-drivers-token"


def test_a_form_left_open_by_one_driver_does_not_act_for_the_next(browser, vinli):
    browser.connect_at_once()
    left_open = browser.get("/garage")
    vinli.email = "other@example.com"
    browser.connect_at_once()
    assert seen(browser.submit(left_open, "/disconnect")) == STALE
    assert "other@example.com" in browser.get("/garage").text


def test_disconnecting_while_a_request_is_under_way_is_final(site):
    """The slow request carries the old session through the disconnection and must not bring it back."""
    with site.browser() as browser, ThreadPoolExecutor(2) as pool:
        garage = browser.connect()
        site.fault("/api/v1/devices", delay_ms=700)
        slow = [pool.submit(browser.get, "/garage") for _ in range(2)]
        old = browser.session.cookies.copy()
        browser.submit(garage, "/disconnect")
        for one in slow:
            assert one.result().status_code in {200, 401}
        site.forget()
        assert browser.get("/garage").status_code == 401
        browser.session.cookies = old
        assert browser.get("/garage").status_code == 401


@on_both_stores
def test_a_refused_token_found_after_disconnecting_brings_nothing_back(local, browser, vinli):
    browser.connect_at_once()
    garage = browser.get("/garage")
    asked, release = threading.Event(), threading.Event()

    def refuse_late(_request):
        asked.set()
        release.wait(timeout=20)
        return http(401)

    vinli.answers[DEVICES] = refuse_late
    answers = []
    slow = threading.Thread(target=lambda: answers.append(browser.get("/garage")))
    slow.start()
    assert asked.wait(timeout=10)
    del vinli.answers[DEVICES]
    browser.submit(garage, "/disconnect")
    browser.connect_at_once()
    release.set()
    slow.join()
    assert answers[0].status_code == 401
    assert browser.get("/garage").status_code == 200, "the new connection is not the old request's to end"


# --- lifetimes


def test_a_driver_stays_connected_when_the_browser_is_closed_and_an_operator_does_not(local_site, vinli):
    with local_site(vinli.origin).browser() as driver, local_site(vinli.origin).browser() as operator:
        connected = set_cookies(driver.connect_at_once())["vinli_connect_session"]
        signed_in = set_cookies(operator.sign_in_as_operator())["vinli_connect_session"]
    assert any(attribute.startswith("expires=") for attribute in connected[1])
    assert not any(attribute.startswith(("expires=", "max-age=")) for attribute in signed_in[1])


@on_both_stores
def test_a_session_ends_with_its_token(local, browser, vinli):
    vinli.answers[TOKEN] = json_reply({"access_token": "short-lived", "expires_in": "300"})
    browser.connect_at_once()
    local.clock.advance(299)
    assert browser.get("/garage").status_code == 200
    local.clock.advance(2)
    calls = len(vinli.received(DEVICES))
    assert browser.get("/garage").status_code == 401
    assert len(vinli.received(DEVICES)) == calls


@on_both_stores
def test_a_session_ends_when_it_is_not_used(local_site, vinli, store):
    local = local_site(vinli.origin, SESSION_IDLE_HOURS="2", **store)
    with local.browser() as browser:
        browser.connect_at_once()
        for _ in range(5):
            local.clock.advance(1.5 * 3600)
            assert browser.get("/garage").status_code == 200
        local.clock.advance(2 * 3600 + 1)
        assert browser.get("/garage").status_code == 401


@on_both_stores
def test_no_use_carries_a_session_past_its_absolute_limit(local_site, vinli, store):
    local = local_site(vinli.origin, SESSION_LIFETIME_DAYS="1", **store)
    with local.browser() as browser:
        browser.connect_at_once()
        for _ in range(23):
            local.clock.advance(3600)
            assert browser.get("/garage").status_code == 200
        local.clock.advance(3601)
        assert browser.get("/garage").status_code == 401


def test_of_twelve_attempts_within_a_second_the_oldest_two_are_let_go(local, browser):
    callbacks = []
    for _ in range(12):
        local.clock.advance(0.01)
        callbacks.append(browser.attempt()[1])
    answers = [seen(browser.get(f"{callback}&code=x")) for callback in callbacks]
    assert [answer[1] for answer in answers[:2]] == ["state_of_another_browser"] * 2
    assert [answer[0] for answer in answers[2:]] == [302] * 10
