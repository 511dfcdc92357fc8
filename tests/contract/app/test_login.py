"""The main job by requests alone, without JavaScript: connect, see the cars, leave."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from tests.support.browser import heading, query_of
from tests.support.pages import Page

pytestmark = pytest.mark.contract


def cars(page) -> list[str]:
    return re.findall(r'href="(/garage/devices/[0-9a-f-]+)"', page.text)


def test_a_driver_connects_sees_three_cars_and_disconnects(site, browser):
    landing = browser.get("/")
    assert "/connect" in Page(landing.text).links
    garage = browser.connect()
    assert garage.url == f"{site.origin}/garage"
    assert heading(garage) == "Your garage"
    assert site.sandbox.credentials["driver_email"] in garage.text
    assert len(set(cars(garage))) == 3
    left = browser.submit(garage, "/disconnect")
    assert left.status_code == 303
    assert browser.get("/garage").status_code == 401
    assert not browser.is_connected()


def test_the_second_driver_sees_one_car(site):
    with site.browser(driver=1) as browser:
        garage = browser.connect()
        assert "driver2@example.com" in garage.text
        assert len(set(cars(garage))) == 1


def test_two_drivers_at_once_see_only_their_own_cars(site):
    with site.browser() as first, site.browser(driver=1) as second:
        one, other = set(cars(first.connect())), set(cars(second.connect()))
        assert not one & other
        assert set(cars(first.get("/garage"))) == one
        assert second.get(next(iter(one))).status_code == 404


def test_the_login_costs_two_upstream_calls(site, browser):
    callback = browser.authorize(browser.start())
    site.forget()
    assert browser.get(callback).status_code == 302
    calls = site.sandbox.control("GET", "/requests")["requests"]
    assert [(call["method"], call["path"]) for call in calls] == [
        ("POST", "/oauth/token"),
        ("GET", "/api/v1/users/_current"),
    ]


def test_the_driver_ends_where_they_wanted_to_go(browser):
    device = cars(browser.connect())[0]
    browser.disconnect()
    page = browser.connect(next_path=f"{device}?vin=show")
    assert page.url.endswith(f"{device}?vin=show")
    assert page.status_code == 200


def test_the_whole_vin_is_shown_on_request_alone(browser):
    garage = browser.connect()
    device = cars(garage)[0]
    shown = browser.get(f"{device}?vin=show").text
    (vin,) = set(re.findall(r">([A-HJ-NPR-Z0-9]{17})<", shown))
    for page in (garage.text, browser.get(device).text):
        assert vin not in page
        assert vin[-4:] in page


def test_the_authorization_request_is_what_the_documents_say(site, browser):
    url = browser.start()
    endpoint, _, _ = url.partition("?")
    credentials = site.sandbox.credentials
    assert endpoint == f"{site.sandbox.origin}/oauth/authorization/new"
    query = query_of(url)
    assert query.keys() == {
        *("client_id", "redirect_uri", "response_type", "state"),
        *("code_challenge", "code_challenge_method"),
    }
    assert query["client_id"] == credentials["client_id"]
    assert query["redirect_uri"] == f"{site.origin}/connect/callback"
    assert query["response_type"] == "code"
    assert query["code_challenge_method"] == "S256"
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", query["code_challenge"])
    assert re.fullmatch(r"[A-Za-z0-9._~-]{22,}", query["state"])
    assert credentials["client_secret"] not in url


def test_state_and_challenge_are_fresh_for_every_attempt(browser):
    queries = [query_of(browser.start()) for _ in range(20)]
    for name in ("state", "code_challenge"):
        assert len({query[name] for query in queries}) == 20


def test_the_verifier_that_is_kept_fits_the_challenge_that_is_sent(local_site):
    local = local_site("http://127.0.0.1:9")
    with local.browser() as browser:
        query = query_of(browser.start())
        attempt_id, _ = local.services.signer.read(query["state"], "connect-state")
        verifier = local.services.attempts.find(attempt_id).code_verifier
        assert re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier)
        digest = hashlib.sha256(verifier.encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == query["code_challenge"]


def test_pkce_can_be_turned_off(local_site):
    with local_site("http://127.0.0.1:9", VINLI_PKCE="off").browser() as browser:
        assert query_of(browser.start()).keys() == {"client_id", "redirect_uri", "response_type", "state"}


def test_unknown_parameters_of_the_callback_are_ignored(browser):
    callback = browser.authorize(browser.start())
    extra = "&scope=x&session_state=1&iss=https%3A%2F%2Felsewhere.example&scope=y&utm=%22%3E"
    assert browser.open(callback + extra).status_code == 200
    assert browser.is_connected()


@pytest.mark.parametrize(
    ("issuer", "status"), [("https://auth.vin.li", 302), ("https://evil.example", 400), (None, 400)]
)
def test_the_issuer_counts_once_one_is_configured(site, local_site, issuer, status):
    local = local_site(site.sandbox.credentials, VINLI_ISSUER="https://auth.vin.li")
    with local.browser(site.sandbox) as browser:
        callback = browser.authorize(browser.start())
        response = browser.get(callback + (f"&iss={issuer}" if issuer else ""))
        assert response.status_code == status
        assert site.token_requests() == (1 if status == 302 else 0)
