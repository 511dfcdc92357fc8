"""The garage when the upstream is not at its best: dead tokens, broken cards, hostile names and ids."""

from __future__ import annotations

import pytest

from tests.support.browser import heading, seen
from tests.support.fake_vinli import DEVICES, USER, fleet
from tests.support.pages import Page
from tests.support.servers import http, json_reply

pytestmark = pytest.mark.contract


@pytest.fixture
def browser(local):
    with local.browser() as browser:
        yield browser


def test_a_refused_token_is_dropped_and_connecting_again_is_offered(site):
    with site.browser() as browser:
        browser.connect()
        site.sandbox.control("POST", "/tokens/revoke", {"driver": browser.email})
        page = browser.get("/garage")
        assert seen(page) == (401, "connection_ended")
        assert "/connect?next=/garage" in Page(page.text).links
        assert "example.com" not in page.text
        site.forget()
        assert seen(browser.get("/garage")) == (401, "not_connected")
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
    browser.connect_at_once()
    vinli.answers[f"{DEVICES}/7f0e8d1c-0000-4000-8000-000000000001/vehicles/_latest"] = http(401)
    assert seen(browser.get("/garage")) == (401, "connection_ended")


def test_a_page_of_the_garage_is_whole_when_the_platform_gives_fewer_at_once(browser, vinli):
    browser.connect_at_once()
    vinli.answers[DEVICES] = fleet(30, most=7)
    assert browser.get("/garage").text.count('<li class="card') == 24
    assert browser.get("/garage?page=2").text.count('<li class="card') == 6
    assert "Nothing on this page" in browser.get("/garage?page=3").text


def test_names_from_upstream_are_inert(browser, vinli):
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    vinli.answers[USER] = json_reply({"user": {"id": "1", "email": hostile, "firstName": hostile}})
    browser.connect_at_once()
    page = browser.get("/garage")
    assert hostile in Page(page.text).text
    assert "<script>alert" not in page.text


@pytest.mark.parametrize(
    "device_id",
    ["..", "1%2F..%2F..%2Fusers", "7f0e8d1c-0000-4000-8000-00000000000g", "%00", "x" * 500, "_current"],
)
def test_an_id_that_is_none_never_reaches_the_upstream(device_id, browser, vinli):
    browser.connect_at_once()
    calls = len(vinli.received())
    assert browser.get(f"/garage/devices/{device_id}").status_code == 404
    assert len(vinli.received()) == calls


def test_user_pages_use_the_drivers_token_and_never_the_apps(browser, vinli):
    browser.connect_at_once()
    browser.get("/garage")
    browser.get("/garage/devices/7f0e8d1c-0000-4000-8000-000000000001")
    sent = {request.headers["authorization"] for request in vinli.received() if "/devices" in request.path}
    assert sent == {"Bearer an-access-token-of-the-fake-upstream"}


def test_the_token_never_reaches_the_browser(browser, vinli):
    answers = [browser.connect_at_once(), *(browser.get(path) for path in ("/", "/garage", "/implicit"))]
    for answer in answers:
        assert "an-access-token" not in answer.text + str(answer.raw.headers)
