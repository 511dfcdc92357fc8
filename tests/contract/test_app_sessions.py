"""Cookies, session ids, forged forms, forced logins, and where one is led afterwards."""

from __future__ import annotations

import re
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from urllib.parse import quote

import pytest

from tests.contract.browser import heading
from tests.contract.fake_vinli import DEVICES, TOKEN, USER
from tests.contract.pages import Page
from tests.unit.providers.servers import http, json_reply

pytestmark = pytest.mark.contract

SECURE = "https://cars.example.com"
STALE = (400, "This page was out of date")


on_both_stores = pytest.mark.parametrize("store", ["sqlite", "redis"], indirect=True)


@pytest.fixture
def store(request):
    """The settings that choose the store: SQLite unless a test asks for both."""
    is_redis = getattr(request, "param", "sqlite") == "redis"
    return {"STORE_URL": request.getfixturevalue("redis_server").url} if is_redis else {}


@pytest.fixture
def local(local_site, vinli, store):
    return local_site(vinli.origin, **store)


@pytest.fixture
def browser(local):
    with local.browser() as browser:
        yield browser


def connect(browser, **query):
    _, callback = browser.attempt()
    response = browser.get(f"{callback}&code=x")
    assert response.status_code == 302
    return response


def seen(response):
    return response.status_code, heading(response)


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
        answers = [browser.get("/connect"), connect(browser), browser.get("/garage")]
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
        connect(browser)
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
    assert seen(browser.get("/garage", headers=headers)) == (401, "Connect your car first")
    assert browser.get("/connect", headers=headers).status_code == 302
    assert browser.get("/operator/devices", headers=headers).status_code == 302


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
    connect(browser)
    first = browser.cookie("session")
    connect(browser)
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
    connect(browser)
    assert planted not in [cookie.value for cookie in browser.session.cookies]
    with local.browser() as attacker:
        response = attacker.get("/garage", headers={"Cookie": f"vinli_connect_session={planted}"})
        assert response.status_code == 401


@on_both_stores
def test_a_session_planted_by_an_attacker_does_not_become_the_victims(local, browser):
    """Session fixation with a live session: the attacker's own is carried into the victim's browser."""
    with local.browser() as attacker:
        connect(attacker)
        browser.session.cookies.update(attacker.session.cookies)
        connect(browser)
        assert attacker.get("/garage").status_code == 401
        assert browser.get("/garage").status_code == 200


@on_both_stores
def test_operator_rights_come_with_a_new_id_and_leave_with_another(local, browser):
    connect(browser)
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
            assert other.get("/operator/devices", headers=headers).status_code == 302
            assert other.get("/garage", headers=headers).status_code == 401


@on_both_stores
def test_connecting_as_another_driver_leaves_nothing_of_the_first(browser, vinli):
    connect(browser)
    assert "driver@example.com" in browser.get("/garage").text
    vinli.email = "other@example.com"
    vinli.answers[TOKEN] = json_reply({"access_token": "the-second-drivers-token"})
    connect(browser)
    garage = browser.get("/garage").text
    assert "other@example.com" in garage
    assert "driver@example.com" not in garage
    assert vinli.received(DEVICES)[-1].headers["authorization"] == "Bearer the-second-drivers-token"


def test_a_form_left_open_by_one_driver_does_not_act_for_the_next(browser, vinli):
    connect(browser)
    left_open = browser.get("/garage")
    vinli.email = "other@example.com"
    connect(browser)
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
    connect(browser)
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
    connect(browser)
    release.set()
    slow.join()
    assert answers[0].status_code == 401
    assert browser.get("/garage").status_code == 200, "the new connection is not the old request's to end"


# --- lifetimes


@on_both_stores
def test_a_session_ends_with_its_token(local, browser, vinli):
    vinli.answers[TOKEN] = json_reply({"access_token": "short-lived", "expires_in": "300"})
    connect(browser)
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
        connect(browser)
        for _ in range(5):
            local.clock.advance(1.5 * 3600)
            assert browser.get("/garage").status_code == 200
        local.clock.advance(2 * 3600 + 1)
        assert browser.get("/garage").status_code == 401


@on_both_stores
def test_no_use_carries_a_session_past_its_absolute_limit(local_site, vinli, store):
    local = local_site(vinli.origin, SESSION_LIFETIME_DAYS="1", **store)
    with local.browser() as browser:
        connect(browser)
        for _ in range(23):
            local.clock.advance(3600)
            assert browser.get("/garage").status_code == 200
        local.clock.advance(3601)
        assert browser.get("/garage").status_code == 401


# --- forged requests


POSTS = ("/disconnect", "/operator", "/operator/sign-out")


def all_posts(app):
    return {rule.rule for rule in app.url_map.iter_rules() if "POST" in rule.methods}


def test_these_are_all_the_addresses_that_change_something(local):
    assert all_posts(local.app) == set(POSTS)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("token", [None, "", "x", "csrf.from.nowhere", "é"])
def test_a_post_without_a_good_token_changes_nothing(path, token, browser):
    connect(browser)
    browser.sign_in_as_operator()
    fields = {} if token is None else {"csrf_token": token}
    assert seen(browser.post(path, password="operators-own-password", **fields)) == STALE
    assert browser.get("/garage").status_code == 200
    assert browser.get("/operator/devices").status_code == 200


def good_token(browser):
    return Page(browser.get("/garage").text).form("/disconnect")["fields"]["csrf_token"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "nonsense"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1:8000"},
        {"Origin": "http://127.0.0.1:8000.evil.example"},
        {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_post_from_another_site_changes_nothing_even_with_the_token(headers, browser):
    connect(browser)
    token = good_token(browser)
    response = browser.request("POST", "/disconnect", data={"csrf_token": token}, headers=headers)
    assert seen(response) == STALE
    assert browser.get("/garage").status_code == 200


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": "http://127.0.0.1:8000"}, {}]
)
def test_a_post_from_our_own_page_is_taken(headers, browser):
    connect(browser)
    token = good_token(browser)
    response = browser.request("POST", "/disconnect", data={"csrf_token": token}, headers=headers)
    assert response.status_code == 303


def test_a_token_of_another_session_does_not_fit(local, browser):
    connect(browser)
    with local.browser() as attacker:
        connect(attacker)
        stolen = good_token(attacker)
        anonymous = Page(local.browser().get("/operator").text).form("/operator")["fields"]["csrf_token"]
    for token in (stolen, anonymous):
        assert seen(browser.post("/disconnect", csrf_token=token)) == STALE
    assert browser.get("/garage").status_code == 200


def test_a_token_in_the_query_or_in_json_does_not_count(browser):
    connect(browser)
    token = good_token(browser)
    assert seen(browser.request("POST", f"/disconnect?csrf_token={token}")) == STALE
    assert seen(browser.request("POST", "/disconnect", json={"csrf_token": token})) == STALE


def test_a_form_is_good_for_half_a_day(local, browser):
    connect(browser)
    page = browser.get("/garage")
    local.clock.advance(12 * 3600 + 60)
    assert seen(browser.submit(page, "/disconnect")) == STALE


# --- being sent here by another site


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_link_asks_before_it_connects(site, browser, vinli):
    connect(browser)
    session = browser.cookie("session")
    page = browser.get("/connect?next=/implicit", headers={"Sec-Fetch-Site": site})
    assert seen(page) == (200, "Continue to Vinli?")
    assert "Set-Cookie" not in page.headers
    assert "/connect?next=/implicit" in Page(page.text).links
    assert browser.cookie("session") == session
    assert browser.get("/garage").status_code == 200


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_our_own_link_connects_at_once(site, browser):
    assert browser.get("/connect", headers={"Sec-Fetch-Site": site}).status_code == 302


ELSEWHERE = (
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/%09/evil.example/..//evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "//evil.example@127.0.0.1:8000",
    "http://127.0.0.1:8000@evil.example",
    "http://127.0.0.1:8000.evil.example",
    "http://127.0.0.1:8000/garage",
    "evil.example",
    "@evil.example",
    ".evil.example",
    "/ﹷ/evil.example\u2028",
    "/garage\r\nSet-Cookie: a=b",
    "/\u0000/evil.example",
    "//[::1",
    "/" + "a" * 600,
    "",
)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_next_never_leads_elsewhere(target, browser):
    for start in (f"/connect?next={quote(target)}", f"/connect?next={quote(target)}&next=//evil.example"):
        page = browser.get(start, headers={"Sec-Fetch-Site": "cross-site"})
        assert all(
            re.match(r"/(?![/\\])", link) for link in Page(page.text).links if not link.startswith("#")
        )
        state = re.search(r"state=([^&]+)", browser.get(start).headers["Location"])[1]
        response = browser.get(f"/connect/callback?state={state}&code=x")
        location = response.headers["Location"]
        assert response.status_code == 302
        assert location.startswith("/")
        assert not re.match(r"/[/\\\s]", location), location
        assert "Set-Cookie" not in location
        assert "a=b" not in SimpleCookie(response.headers["Set-Cookie"])
        assert browser.open(location).url.startswith(browser.origin + "/")


@pytest.mark.parametrize("target", ["/connect", "/connect?next=/connect", "/connect/callback?code=x"])
def test_next_makes_no_loop(target, browser):
    response = browser.get(f"/connect?next={quote(target)}")
    state = re.search(r"state=([^&]+)", response.headers["Location"])[1]
    assert browser.get(f"/connect/callback?state={state}&code=x").headers["Location"] == "/garage"


# --- a token that is no longer good


def test_a_refused_token_is_dropped_and_connecting_again_is_offered(site):
    with site.browser() as browser:
        browser.connect()
        site.sandbox.control("POST", "/tokens/revoke", {"driver": browser.email})
        page = browser.get("/garage")
        assert seen(page) == (401, "Vinli asks you to connect again")
        assert "/connect?next=/garage" in Page(page.text).links
        assert "example.com" not in page.text
        site.forget()
        assert seen(browser.get("/garage")) == (401, "Connect your car first")
        assert site.sandbox.control("GET", "/requests")["requests"] == [], "the dead token is not used again"
        assert heading(browser.connect()) == "Your garage"


def test_only_the_browser_with_the_refused_token_is_disconnected(site):
    with site.browser() as first, site.browser(driver=1) as second:
        first.connect()
        second.connect()
        site.sandbox.control("POST", "/tokens/revoke", {"driver": first.email})
        assert first.get("/garage").status_code == 401
        assert second.get("/garage").status_code == 200


def test_one_device_that_fails_degrades_one_card(site):
    with site.browser() as browser:
        garage = browser.connect()
        device = next(link for link in Page(garage.text).links if link.startswith("/garage/devices/"))
        device_id = device.rpartition("/")[2]
        site.fault(f"/api/v1/devices/{device_id}/vehicles/_latest", status=400)
        page = browser.get("/garage")
        assert page.status_code == 200
        assert page.text.count("Vehicle not available") == 1
        links = {link.partition("?")[0] for link in Page(page.text).links}
        assert len([link for link in links if link.startswith("/garage/devices/")]) == 3
        assert browser.get(device).status_code == 200


def test_an_unauthorized_card_ends_the_connection(browser, vinli):
    connect(browser)
    vinli.answers[f"{DEVICES}/7f0e8d1c-0000-4000-8000-000000000001/vehicles/_latest"] = http(401)
    assert seen(browser.get("/garage")) == (401, "Vinli asks you to connect again")


def test_names_from_upstream_are_inert(browser, vinli):
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    vinli.answers[USER] = json_reply({"user": {"id": "1", "email": hostile, "firstName": hostile}})
    connect(browser)
    page = browser.get("/garage")
    assert hostile in Page(page.text).text
    assert "<script>alert" not in page.text


@pytest.mark.parametrize(
    "device_id",
    ["..", "1%2F..%2F..%2Fusers", "7f0e8d1c-0000-4000-8000-00000000000g", "%00", "x" * 500, "_current"],
)
def test_an_id_that_is_none_never_reaches_the_upstream(device_id, browser, vinli):
    connect(browser)
    before = len(vinli.received(f"{DEVICES}/{device_id}"))
    calls = len(vinli._server.received)
    assert browser.get(f"/garage/devices/{device_id}").status_code == 404
    assert len(vinli._server.received) == calls
    assert before == 0


def test_user_pages_use_the_drivers_token_and_never_the_apps(browser, vinli):
    connect(browser)
    browser.get("/garage")
    browser.get("/garage/devices/7f0e8d1c-0000-4000-8000-000000000001")
    sent = {
        request.headers["authorization"] for request in vinli._server.received if "/devices" in request.path
    }
    assert sent == {"Bearer an-access-token-of-the-fake-upstream"}


def test_the_token_never_reaches_the_browser(browser, vinli):
    answers = [connect(browser), *(browser.get(path) for path in ("/", "/garage", "/implicit"))]
    for answer in answers:
        assert "an-access-token" not in answer.text + str(answer.raw.headers)
