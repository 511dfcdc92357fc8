"""Requests that other sites forge, and where a driver is led after connecting."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from urllib.parse import quote

import pytest

from tests.support.browser import seen
from tests.support.pages import Page

pytestmark = pytest.mark.contract

STALE = (400, "stale_form")


@pytest.fixture
def browser(local):
    with local.browser() as browser:
        yield browser


# By rule, each with an address of it.
PAGES = {
    "/cookies": "/cookies",
    "/disconnect": "/disconnect",
    "/operator": "/operator",
    "/operator/sign-out": "/operator/sign-out",
    "/partners/<name>": "/partners/ayyeka",
    "/partners/anyline/tire-sidewall": "/partners/anyline/tire-sidewall",
    "/partners/aspose/report": "/partners/aspose/report",
    "/partners/instyle/images": "/partners/instyle/images",
    "/workbench/compose": "/workbench/compose",
    "/workbench/exchange": "/workbench/exchange",
    "/workbench/preflight": "/workbench/preflight",
    "/workbench/verdict": "/workbench/verdict",
}
POSTS = tuple(PAGES.values())
# Answers for programs: the first needs the session's own token, the second one that the first has given.
API_POSTS = {"/api/v1/tokens": 400, "/api/v1/tire-sidewall": 401}
# Shows what another site's form sent, which is what it is for, and changes nothing.
SHOWS = {"/workbench/catch"}


def all_posts(app):
    return {rule.rule for rule in app.url_map.iter_rules() if "POST" in rule.methods}


def test_these_are_all_the_addresses_that_change_something(local):
    assert all_posts(local.app) == PAGES.keys() | API_POSTS.keys() | SHOWS


@pytest.mark.parametrize("path", API_POSTS)
@pytest.mark.parametrize("token", [None, "", "x", "csrf.from.nowhere"])
def test_a_post_to_the_api_without_a_good_token_is_refused(path, token, browser):
    browser.sign_in_as_operator()
    fields = {} if token is None else {"csrf_token": token}
    response = browser.post(path, purpose="tire-sidewall", **fields)
    assert response.status_code == API_POSTS[path]
    assert response.json()["error"]["status"] == API_POSTS[path]


@pytest.mark.parametrize(
    ("path", "token"),
    [
        *((path, None) for path in POSTS),
        *(("/disconnect", token) for token in ("", "x", "csrf.from.nowhere", "é")),
    ],
)
def test_a_post_without_a_good_token_changes_nothing(path, token, browser):
    browser.connect_at_once()
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
        {"Origin": "https://127.0.0.1:8000"},
        {"Origin": "http://127.0.0.1:8000.evil.example"},
        {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_post_from_another_site_changes_nothing_even_with_the_token(headers, browser):
    browser.connect_at_once()
    token = good_token(browser)
    response = browser.request("POST", "/disconnect", data={"csrf_token": token}, headers=headers)
    assert seen(response) == STALE
    assert browser.get("/garage").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Origin": "http://127.0.0.1:8000"},
        # A page that says no-referrer, in a browser without Fetch Metadata.
        {"Origin": "null"},
        {},
    ],
)
def test_a_post_from_our_own_page_is_taken(headers, browser):
    browser.connect_at_once()
    token = good_token(browser)
    response = browser.request("POST", "/disconnect", data={"csrf_token": token}, headers=headers)
    assert response.status_code == 303


@pytest.mark.parametrize("token", ["", "x.y.z", None])
def test_an_origin_of_null_replaces_no_token(token, browser):
    browser.connect_at_once()
    fields = {} if token is None else {"csrf_token": token}
    response = browser.request("POST", "/disconnect", data=fields, headers={"Origin": "null"})
    assert seen(response) == STALE
    assert browser.get("/garage").status_code == 200


def test_a_sandboxed_page_of_another_site_is_told_apart_by_fetch_metadata(browser):
    browser.connect_at_once()
    headers = {"Origin": "null", "Sec-Fetch-Site": "cross-site"}
    response = browser.request(
        "POST", "/disconnect", data={"csrf_token": good_token(browser)}, headers=headers
    )
    assert seen(response) == STALE


def test_a_token_of_another_session_does_not_fit(local, browser):
    browser.connect_at_once()
    with local.browser() as attacker:
        attacker.connect_at_once()
        stolen = good_token(attacker)
        anonymous = Page(local.browser().get("/operator").text).form("/operator")["fields"]["csrf_token"]
    for token in (stolen, anonymous):
        assert seen(browser.post("/disconnect", csrf_token=token)) == STALE
    assert browser.get("/garage").status_code == 200


def test_a_token_in_the_query_or_in_json_does_not_count(browser):
    browser.connect_at_once()
    token = good_token(browser)
    assert seen(browser.request("POST", f"/disconnect?csrf_token={token}")) == STALE
    assert seen(browser.request("POST", "/disconnect", json={"csrf_token": token})) == STALE


def test_a_form_is_good_for_half_a_day(local, browser):
    browser.connect_at_once()
    page = browser.get("/garage")
    local.clock.advance(12 * 3600 + 60)
    assert seen(browser.submit(page, "/disconnect")) == STALE


# --- being sent here by another site


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_link_asks_before_it_connects(site, browser, vinli):
    browser.connect_at_once()
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


# One of each kind; tests/unit/blueprints/web/test_local_path.py has every spelling.
ELSEWHERE = (
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/%09/evil.example/..//evil.example",
    "/ﷹ/evil.example\u2028",
    "/garage\r\nSet-Cookie: a=b",
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
