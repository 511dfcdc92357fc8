"""Every way in which the upstream can fail a sign-in: a page and a status of its own for each."""

from __future__ import annotations

import json

import pytest

from blueprints.connect import views as connect
from tests.support.browser import seen
from tests.support.failures import (
    BUSY,
    CODE,
    FAILED,
    GONE,
    INVALID_RESPONSE,
    REFUSED,
    SLOW,
    assert_fails_well,
    error,
    raw,
    token,
)
from tests.support.fake_vinli import ACCESS_TOKEN, TOKEN, USER, Hang
from tests.support.servers import CLOSE, Server, http, json_reply

pytestmark = pytest.mark.functional


@pytest.fixture
def browser(local):
    with local.browser() as browser:
        yield browser


# One or two of each kind; tests/unit/providers/vinli/test_auth.py has every answer.
TOKEN_ANSWERS = {
    "a code that is not accepted": (error("invalid_grant"), REFUSED),
    "a wrong client secret": (error("invalid_client", 401), REFUSED),
    "unauthorized, as a page": (http(401, b"<h1>no</h1>", content_type="text/html"), REFUSED),
    "a page with status 200": (
        raw(b"<!doctype html><title>Hi</title>", content_type="text/html"),
        INVALID_RESPONSE,
    ),
    "a token with a line break": (token(access_token="abc\r\nX-Injected: 1"), INVALID_RESPONSE),
    "another type of token": (token(token_type="mac"), INVALID_RESPONSE),
    "a refusal with status 200": (json_reply({"error": "invalid_client"}), REFUSED),
    "half a megabyte": (raw(b'{"access_token": "x", "pad": "' + b"x" * 500_000 + b'"}'), INVALID_RESPONSE),
    "a protocol of its own": (b"220 smtp.example.com ESMTP\r\n\r\n", INVALID_RESPONSE),
    "an error inside": (http(500, b"Traceback (most recent call last)"), FAILED),
    "a bad gateway": (http(502, b"<h1>nginx</h1>", content_type="text/html"), FAILED),
    "too many requests": (http(429, Retry_After="17"), BUSY),
}


@pytest.mark.parametrize("name", TOKEN_ANSWERS)
def test_a_token_endpoint_that_answers_with(name, browser, vinli):
    answer, expected = TOKEN_ANSWERS[name]
    vinli.answers[TOKEN] = answer
    helps = name not in {"a wrong client secret", "a refusal with status 200"}
    assert_fails_well(browser, vinli, browser.come_back(code=CODE), expected, helps=helps)


GOOD_ENOUGH = {
    "a lifetime in words": token(expires_in="soon"),
    "an empty lifetime": token(expires_in=""),
    "a lifetime of 0": token(expires_in=0),
    "a lifetime with a fraction": token(expires_in=3600.0),
    "a list of scopes": token(scope=["a", "b"]),
    "an empty refresh token": token(refresh_token=""),
    "a refresh token that is none": token(refresh_token=[1]),
    "an empty type": token(token_type=""),
    "status 201": json_reply({"access_token": ACCESS_TOKEN}, 201),
    "a byte order mark": raw(b"\xef\xbb\xbf" + json.dumps({"access_token": ACCESS_TOKEN}).encode()),
    "another content type": raw(
        json.dumps({"access_token": ACCESS_TOKEN}).encode(), content_type="text/plain"
    ),
}


@pytest.mark.parametrize("name", GOOD_ENOUGH)
def test_a_usable_token_signs_the_driver_in_whatever_comes_with_it(name, browser, vinli):
    vinli.answers[TOKEN] = GOOD_ENOUGH[name]
    browser.connect_at_once()
    assert browser.get("/garage").status_code == 200


def test_the_page_and_the_log_say_what_was_wrong_with_a_token(browser, vinli, caplog):
    vinli.answers[TOKEN] = token(token_type="mac")
    page = browser.come_back(code=CODE)
    assert "token_type is &#34;mac&#34;, not bearer" in page.text
    causes = [record.fields["cause"] for record in caplog.records if record.getMessage() == "problem"]
    assert 'token_type is "mac", not bearer' in causes[-1]


USER_ANSWERS = {
    "a refused token": (http(401), REFUSED),
    "a page": (raw(b"<h1>hello</h1>", content_type="text/html"), INVALID_RESPONSE),
    "no user": (raw(b'{"user": null}'), INVALID_RESPONSE),
}


@pytest.mark.parametrize("name", USER_ANSWERS)
def test_a_user_call_that_answers_with(name, browser, vinli):
    answer, expected = USER_ANSWERS[name]
    vinli.answers[USER] = answer
    assert_fails_well(browser, vinli, browser.come_back(code=CODE), expected)


@pytest.mark.parametrize("path", [TOKEN, USER])
def test_an_upstream_that_says_nothing_is_given_up(path, local, browser, vinli):
    local.shorten_timeouts()
    vinli.answers[path] = hang = Hang()
    response = browser.come_back(code=CODE)
    hang.release()
    assert_fails_well(browser, vinli, response, SLOW)


def test_an_upstream_that_drips_is_given_up(local, browser, vinli, monkeypatch):
    local.shorten_timeouts()
    monkeypatch.setattr(connect, "EXCHANGE_SECONDS", 0.8)
    dripping = Hang()

    def drip(sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        while not dripping.released.wait(0.05):
            sock.sendall(b" ")

    vinli.answers[TOKEN] = lambda _: drip
    response = browser.come_back(code=CODE)
    dripping.release()
    assert_fails_well(browser, vinli, response, SLOW)


def test_an_upstream_that_hangs_up_is_asked_once_more_at_most(browser, vinli):
    """The connection may be one that was opened ahead and went dead: then, and only then, it is tried anew."""
    vinli.answers[TOKEN] = CLOSE
    response = browser.come_back(code=CODE)
    assert len(vinli.received(TOKEN)) <= 2
    assert_fails_well(browser, vinli, response, GONE, token_requests=len(vinli.received(TOKEN)))


def test_an_upstream_that_is_not_there_is_told_apart(browser, vinli):
    _, callback = browser.attempt()
    vinli.close()
    assert seen(browser.get(f"{callback}&code=x")) == GONE


@pytest.mark.parametrize(("path", "status"), [(TOKEN, 302), (TOKEN, 307), (TOKEN, 308), (USER, 302)])
def test_no_byte_follows_a_redirect_to_another_host(path, status, browser, vinli):
    elsewhere = Server(lambda _: token())
    vinli.answers[path] = http(status, Location=f"{elsewhere.origin}/oauth/token")
    response = browser.come_back(code=CODE)
    elsewhere.close()
    assert_fails_well(browser, vinli, response, INVALID_RESPONSE)
    assert elsewhere.connections == 0


def test_a_throttled_exchange_says_when_to_come_back(browser, vinli):
    vinli.answers[TOKEN] = http(429, Retry_After="17")
    assert browser.come_back(code=CODE).headers["Retry-After"] == "17"


@pytest.mark.parametrize("code", ["invalid_grant", "invalid_client", "server_error"])
def test_the_error_code_of_a_refusal_is_shown(code, browser, vinli):
    vinli.answers[TOKEN] = error(code)
    assert f"<code>{code}</code>" in browser.come_back(code=CODE).text


HOSTILE = (
    "not_a_registered_code",
    "<script>alert(1)</script>",
    "';alert(1)//",
    "{{ 7*7 }}",
    "%3Cimg src=x onerror=alert(1)%3E",
    "javascript:alert(1)",
    "Call +1-900-555-0199 to fix your account",
    "a" * 500,
    "x" + chr(0x202E) + "y",
)


@pytest.mark.parametrize("code", HOSTILE)
def test_an_error_code_that_is_none_is_not_shown(code, browser, vinli):
    vinli.answers[TOKEN] = error(code)
    response = browser.come_back(code=CODE)
    assert_fails_well(browser, vinli, response, REFUSED)
    assert code[:40] not in response.text
    assert "alert(" not in response.text


@pytest.mark.parametrize("code", HOSTILE)
def test_an_error_from_the_authorization_endpoint_that_is_none_is_not_shown(code, browser, vinli):
    state, _ = browser.attempt()
    response = browser.request("GET", "/connect/callback", params={"state": state, "error": code})
    assert response.status_code in {400, 502}
    assert code[:40] not in response.text
    assert not vinli.received(TOKEN)


def test_error_description_and_error_uri_are_never_shown(browser):
    query = {"error_description": "Call +1-900", "error_uri": "https://evil.example/"}
    for code, status in (("access_denied", 403), ("server_error", 502)):
        state, _ = browser.attempt()
        response = browser.request(
            "GET", "/connect/callback", params={"state": state, "error": code, **query}
        )
        assert response.status_code == status
        assert "900" not in response.text
        assert "evil.example" not in response.text
        assert "evil.example" not in str(response.headers)
