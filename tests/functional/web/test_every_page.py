"""What every address owes: headers, methods, hosts, and sound markup. The browser checks each answer it gets."""

from __future__ import annotations

import re
import socket
from dataclasses import replace

import pytest

from blueprints.web.logs import LineFormatter
from blueprints.web.services import EXTENSION
from tests.support.browser import problem_code
from tests.support.fake_vinli import DEVICE_ID, TOKEN
from tests.support.pages import Page

pytestmark = pytest.mark.functional

STATIC = "css/base.css"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
PERSONAL = ("/garage", "/operator", "/operator/devices", "/connect/callback", "/connect")


def addresses(app) -> list[str]:
    """Return a path for every rule of the application, and some that lead nowhere."""
    values = {
        "device_id": f"{DEVICE_ID}1",
        "filename": STATIC,
        "name": "ayyeka",
        "trace_id": "0",
        "kept": "x",
    }
    with app.test_request_context():
        adapter = app.create_url_adapter(None) or app.url_map.bind("localhost")
        rules = list(app.url_map.iter_rules())
        paths = [
            adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}) for rule in rules
        ]
    return sorted({path.replace("http://localhost", "") for path in paths})


@pytest.fixture
def browser(local):
    with local.browser() as browser:
        yield browser


def test_the_application_has_the_addresses_of_its_contract(local):
    found = set(addresses(local.app))
    assert found >= {
        "/",
        "/connect",
        "/connect/callback",
        "/disconnect",
        "/garage",
        "/implicit",
        "/implicit/callback",
    }
    assert found >= {"/operator", "/operator/devices", "/operator/devices.csv", "/healthz", "/readyz"}
    assert found >= {"/partners", "/partners/ayyeka", "/api/v1/tokens"}
    assert found >= {"/workbench", "/workbench/catch", "/workbench/traces"}


@pytest.mark.parametrize("who", ["a stranger", "a driver", "an operator"])
def test_every_address_answers_every_method_soundly(who, local, browser):
    if who == "a driver":
        browser.connect_at_once()
    elif who == "an operator":
        browser.sign_in_as_operator()
    for path in addresses(local.app):
        for method in METHODS:
            response = browser.request(method, path)
            assert response.status_code < 500, f"{method} {path}"
            if method not in {"GET", "HEAD", "POST", "OPTIONS"}:
                assert response.status_code == 405, f"{method} {path}"
                assert "GET" in response.headers["Allow"] or "POST" in response.headers["Allow"]
    if who != "a stranger":
        page = "/garage" if who == "a driver" else "/operator/devices"
        assert browser.get(page).status_code == 200, "nothing signed anybody out"


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/garage/devices/not-a-uuid",
        "/static/nothing.css",
        "/operator/devices/x",
        "/.env",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/garage/",
    ],
)
def test_an_address_that_leads_nowhere_is_a_page_without_details(path, browser):
    browser.connect_at_once()
    browser.sign_in_as_operator()
    response = browser.get(path)
    assert response.status_code == 404
    assert problem_code(response) == "not_found"
    # The tokens of forms are random, and may hold any letters.
    text = re.sub(r'name="csrf_token" value="[^"]*"', "", response.text)
    assert text != response.text
    for detail in ("Traceback", "werkzeug", "Werkzeug", "site-packages", ".py", "Flask"):
        assert detail not in text


def test_an_error_that_nobody_foresaw_is_a_page_without_details(local, browser, caplog):
    browser.connect_at_once()

    class Broken:
        def devices_page(self, *_, **__):
            raise RuntimeError("secret detail in /srv/app/garage.py")

    local.app.extensions[EXTENSION] = replace(local.services, platform=Broken())
    response = browser.get("/garage")
    assert (response.status_code, problem_code(response)) == (500, "our_fault")
    for detail in ("secret detail", "RuntimeError", "Traceback", "/srv/app"):
        assert detail not in response.text
    reference = re.search(r"<code>([A-Z0-9-]{14})</code>", response.text)[1]
    told = [record for record in caplog.records if record.exc_info]
    assert "RuntimeError" in LineFormatter().format(told[-1])
    assert reference


@pytest.mark.parametrize("path", PERSONAL)
def test_personal_pages_are_never_stored(path, browser):
    browser.connect_at_once()
    browser.sign_in_as_operator()
    assert browser.get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/garage", "/operator", "/operator/devices", "/nowhere"])
def test_pages_that_read_a_session_vary_by_cookie(path, browser):
    browser.connect_at_once()
    assert "Cookie" in browser.get(path).headers["Vary"]


@pytest.mark.parametrize(
    "path", ["/connect/callback?code=x", "/implicit/callback", "/operator?link=x", "/workbench/catch?code=x"]
)
def test_pages_with_a_secret_in_their_address_send_no_referrer(path, browser):
    assert browser.get(path).headers["Referrer-Policy"] == "no-referrer"


def test_the_implicit_pages_may_call_the_two_origins_and_nothing_else_may(local_site, vinli):
    local = local_site(vinli.origin, VINLI_PLATFORM_URL="http://localhost:9")
    with local.browser() as browser:
        for path in ("/implicit", "/implicit/callback"):
            policy = browser.get(path).headers["Content-Security-Policy"]
            assert f"connect-src 'self' {vinli.origin} http://localhost:9;" in policy
        assert "connect-src 'self';" in browser.get("/").headers["Content-Security-Policy"]


def test_the_implicit_redirect_uri_never_redirects(browser):
    for query in ("", "?error=x", "?state=a&access_token=b", "?next=/garage"):
        assert browser.get(f"/implicit/callback{query}").status_code == 200


def test_strict_transport_security_is_sent_by_https_alone(local_site, vinli, browser):
    assert "Strict-Transport-Security" not in browser.get("/").headers
    with local_site(vinli.origin, PUBLIC_URL="https://cars.example.com").browser() as secure:
        for path in ("/", "/nowhere", f"/static/{STATIC}", "/healthz"):
            value = secure.get(path).headers["Strict-Transport-Security"]
            assert value == "max-age=31536000"


@pytest.mark.parametrize(
    ("public_url", "hsts", "header"),
    [
        ("https://cars.example.com", "300", "max-age=300"),
        ("https://cars.example.com", "300,subdomains", "max-age=300; includeSubDomains"),
        ("https://cars.example.com", "0", "max-age=0"),
        ("https://cars.example.com", "off", None),
        ("https://localhost:8443", "31536000", None),
        ("https://127.0.0.1:8443", "31536000,subdomains", None),
        ("https://[::1]", "31536000", None),
    ],
)
def test_strict_transport_security_can_be_chosen(public_url, hsts, header, local_site, vinli):
    with local_site(vinli.origin, PUBLIC_URL=public_url, HSTS=hsts).browser() as browser:
        assert browser.get("/healthz").headers.get("Strict-Transport-Security") == header


def test_no_answer_names_a_version(site, browser):
    with site.browser() as served:
        for path in ("/", "/nowhere", "/healthz"):
            headers = str(served.get(path).headers)
            for word in ("Python", "Werkzeug", "Flask", "/2", "gunicorn/"):
                assert word not in headers


# --- methods on the callback


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_the_callback_takes_get_alone_and_uses_nothing_up(method, browser, vinli):
    _, callback = browser.attempt()
    response = browser.request(method, f"{callback}&code=x")
    assert response.status_code == 405
    assert vinli.received(TOKEN) == []
    assert browser.get(f"{callback}&code=x").status_code == 302


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_method_cannot_be_put_on_by_a_header(header, browser):
    browser.connect_at_once()
    browser.get("/disconnect", headers={header: "POST"})
    browser.request("POST", "/garage", headers={header: "DELETE"})
    assert browser.get("/garage").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Sec-Purpose": "prefetch;anonymous-client-ip"},
        {"Purpose": "prefetch"},
        {"Purpose": "preview"},
        {"X-Moz": "prefetch"},
        {"X-Purpose": "preview"},
        {"X-Purpose": "instant"},
        {"Sec-Purpose": "PREFETCH"},
    ],
)
def test_a_prefetch_uses_nothing_up(headers, local, browser, vinli):
    _, callback = browser.attempt()
    assert browser.get(f"{callback}&code=x", headers=headers).status_code == 503
    assert vinli.received(TOKEN) == []
    cookies = len(browser.session.cookies)
    assert browser.get("/connect", headers=headers).status_code == 503
    assert len(browser.session.cookies) == cookies
    assert browser.get(f"{callback}&code=x").status_code == 302


# --- the Host header


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost:8000",
        "127.0.0.1:8000.evil.example",
        "evil.example#127.0.0.1:8000",
        "",
        "a b",
        "[::1",
        "127.0.0.1:8000, evil.example",
    ],
)
def test_an_unknown_host_is_refused_and_never_used(host, browser, vinli):
    for path in ("/", "/connect", "/garage", "/connect/callback?code=x"):
        response = browser.get(path, headers={"Host": host})
        assert response.status_code == 400, path
        assert not [link for link in Page(response.text).links if "evil.example" in link]
        assert "Location" not in response.headers


def test_probes_may_name_any_host(browser):
    for path in ("/healthz", "/readyz"):
        assert browser.get(path, headers={"Host": "10.1.2.3"}).status_code == 200


FORWARDED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Port": "666",
    "Forwarded": "host=evil.example;proto=https",
    "X-Host": "evil.example",
    "X-Original-URL": "/operator/devices",
    "X-Rewrite-URL": "/operator/devices",
}


def test_forwarded_headers_mean_nothing_without_a_trusted_proxy(browser):
    plain = browser.get("/connect").headers["Location"]
    response = browser.get("/connect", headers=FORWARDED)
    assert response.status_code == 302
    assert response.headers["Location"].partition("&state")[0] == plain.partition("&state")[0]
    assert "evil" not in str(response.headers) + response.text
    assert browser.get("/", headers=FORWARDED).status_code == 200


def test_behind_a_trusted_proxy_the_redirect_uri_still_follows_the_setting(local_site, vinli):
    local = local_site(vinli.origin, TRUSTED_PROXIES="1", PUBLIC_URL="https://cars.example.com")
    with local.browser() as browser:
        refused = browser.get("/connect", headers={"X-Forwarded-Host": "evil.example"})
        assert refused.status_code == 400
        answer = browser.get(
            "/connect", headers={"X-Forwarded-Host": "cars.example.com", "X-Forwarded-Proto": "https"}
        )
        assert (
            "redirect_uri=https%3A%2F%2Fcars.example.com%2Fconnect%2Fcallback" in answer.headers["Location"]
        )


# --- CORS, sandbox banner, health


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:8000"])
def test_no_other_origin_is_let_in(origin, local, browser):
    for path in addresses(local.app):
        response = browser.request(
            "OPTIONS", path, headers={"Origin": origin, "Access-Control-Request-Method": "POST"}
        )
        assert not [name for name in response.headers if name.lower().startswith("access-control")]
        browser.get(path, headers={"Origin": origin})


def test_every_page_says_that_it_talks_to_a_sandbox(local, local_site, browser):
    browser.connect_at_once()
    browser.sign_in_as_operator()
    for path in ("/", "/garage", "/implicit", "/operator/devices", "/nowhere", "/connect/callback?code=x"):
        assert "Sandbox." in Page(browser.get(path).text).text, path
    with local_site("http://127.0.0.1:9", VINLI_AUTH_URL="https://auth.vin.li").browser() as real:
        assert "Sandbox." not in real.get("/").text


def test_health_checks_touch_no_session(local, browser):
    browser.connect_at_once()
    for path in ("/healthz", "/readyz"):
        response = browser.get(path)
        assert response.json() == {"status": "ok"}
        assert "Set-Cookie" not in response.headers
        assert "Cookie" not in response.headers.get("Vary", "")


def test_a_form_that_is_too_large_is_refused(browser):
    response = browser.request("POST", "/disconnect", data={"csrf_token": "x" * 100_000})
    assert response.status_code == 413


def test_a_trace_is_refused_by_the_server_too(site):
    host, _, port = site.origin.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            f"TRACE / HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: a=secret\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 405")
    assert b"a=secret" not in answer


def test_what_a_client_sends_cannot_break_out_of_a_log_line(site):
    with site.browser() as browser:
        before = len(site.app.log())
        for path in ("/x%0d%0aFAKE%20line", "/x%1b%5b31mred", "/x%E2%80%AEdesrever", "/x%00"):
            browser.get(path, headers={"User-Agent": "a", "X-Request-Id": "b"})
        logged = site.app.log()[before:]
    assert logged.count("FAKE") == 1
    for line in logged.splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00 [A-Z]+ ", line), line
    for character in ("\x1b", "\u202e", "\x00", "\r"):
        assert character not in logged


def test_the_cookies_page_deletes_all_cookies(local, browser):
    browser.connect_at_once()
    response = browser.submit(browser.get("/cookies"), "/cookies")
    assert response.status_code == 303
    assert response.headers["Clear-Site-Data"] == '"cookies"'
    assert not browser.is_connected()
    assert not [cookie for cookie in browser.session.cookies if "attempt_" in cookie.name]


@pytest.mark.parametrize("path", ["/implicit", "/implicit/callback"])
def test_the_flow_in_the_browser_says_that_no_page_can_call_an_ipv6_address(path, local_site):
    site = local_site(
        "http://127.0.0.1:9", VINLI_AUTH_URL="http://[::1]:9000", VINLI_PLATFORM_URL="http://[::1]:9000"
    )
    with site.browser() as browser:
        page = browser.get(path)
    assert "cannot reach Vinli’s address" in page.text
    assert "http://[::1]:9000" in page.text
    assert 'data-module="implicit' not in page.text
    assert "[" not in page.headers["Content-Security-Policy"]
