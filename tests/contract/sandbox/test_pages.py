"""What all pages of the sandbox owe: a title, the banner, a strict policy, nothing inline, cookies out of reach."""

import html
import re

import pytest
import requests

from tests.support.sandbox_process import Person, SandboxProcess

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess("--drivers", "40", "--implicit-redirect-uri", "myapp://done") as process:
        yield process


@pytest.fixture(
    params=["/", "/sign-in", "/sign-up", "/signed-out", "sign-in", "consent", "error", "/nowhere"]
)
def page(request, sandbox):
    driver = Person(sandbox)
    if request.param == "consent":
        driver.sign_in()
    if request.param.startswith("/"):
        return driver.get(request.param)
    parameters = {"client_id": "unknown"} if request.param == "error" else {}
    return driver.get(sandbox.authorization_url(**parameters))


def test_a_page_is_whole(page):
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert re.search(r"<title>[^<]+ · Vinli sandbox</title>", page.text)
    assert len(re.findall(r"<h1", page.text)) == 1
    ids = re.findall(r'\bid="([^"]+)"', page.text)
    assert len(ids) == len(set(ids))


def test_a_page_says_that_it_is_a_sandbox(page):
    assert "Sandbox, not Vinli." in page.text


def test_a_page_has_nothing_inline_and_no_script(page):
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:|data:", page.text)


def test_a_page_sends_a_policy_that_allows_what_it_needs(page):
    assert page.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "form-action 'self' http://127.0.0.1:8000 myapp:"
    )
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Content-Type-Options"] == "nosniff"


def test_assets_come_from_here(page, sandbox):
    assets = re.findall(r'<link[^>]+href="([^"]+)"', page.text)
    assert len(assets) == 2
    for asset in assets:
        assert requests.get(sandbox.origin + asset, timeout=10).status_code == 200


def test_cookies_are_out_of_reach_and_named_apart(sandbox):
    driver = Person(sandbox)
    fields = {"email": driver.email, "password": sandbox.credentials["driver_password"]}
    cookies = [driver.post("/sign-in", fields).headers["Set-Cookie"]]
    cookies.append(driver.get(sandbox.authorization_url()).headers["Set-Cookie"])
    for cookie in cookies:
        assert cookie.startswith("sandbox_")
        assert cookie.endswith("; HttpOnly; Path=/; SameSite=Lax")
    assert (
        driver.post("/sign-out", {}).headers["Set-Cookie"].count("Max-Age=0; HttpOnly; Path=/; SameSite=Lax")
        == 2
    )


def test_the_index_shows_what_is_registered_but_no_secret(sandbox):
    page = requests.get(sandbox.origin, timeout=10).text
    shown = sandbox.credentials
    assert all(shown[name] in page for name in ("app_id", "client_id", "web_client_id", "redirect_uri"))
    assert shown["app_secret"] not in page
    assert shown["client_secret"] not in page
    assert "driver42@example.com" in page


def test_the_index_lists_the_magic_drivers(sandbox):
    page = requests.get(sandbox.origin, timeout=10).text
    for driver in sandbox.control("GET", "/magic-drivers")["drivers"]:
        assert all(html.escape(driver[name]) in page for name in ("email", "title", "what"))


def test_the_consent_page_names_app_driver_and_destination(sandbox):
    driver = Person(sandbox)
    driver.sign_in()
    page = driver.get(sandbox.authorization_url()).text
    for text in ("Share your cars with Vinli Connect?", driver.email, "127.0.0.1:8000", "Approve", "Refuse"):
        assert text in page
    assert "myapp://done" in driver.get(sandbox.authorization_url("token")).text
