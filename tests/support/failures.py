"""Failed sign-ins: the expected pages, the upstream responses that cause them, and the checks for all of them."""

from __future__ import annotations

from tests.support.browser import seen
from tests.support.fake_vinli import ACCESS_TOKEN, TOKEN
from tests.support.servers import http, json_reply

REFUSED = (502, "sign_in_refused")
INVALID_RESPONSE = (502, "upstream_invalid_response")
FAILED = (502, "upstream_failed")
BUSY = (503, "upstream_busy")
GONE = (502, "upstream_unreachable")
SLOW = (504, "upstream_slow")
CODE = "a-code-that-is-worth-something"
DESCRIPTION = "a description for developers <b>from upstream</b>"


def assert_fails_well(browser, vinli, response, expected, *, token_requests=1, helps=True):
    """Check that the page is the expected one, contains no secret, starts no session.

    It offers to start again if that ``helps``.
    """
    assert seen(response) == expected
    for secret in (CODE, ACCESS_TOKEN, DESCRIPTION, vinli.origin.removeprefix("http://")):
        assert secret not in response.text.replace(f"<code>{vinli.origin}</code>", "")
    assert ('href="/connect"' in response.text) is helps
    assert "Reference" in response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "Location" not in response.headers
    assert "session=" not in response.headers.get("Set-Cookie", "")
    assert not browser.is_connected()
    assert len(vinli.received(TOKEN)) == token_requests


def token(**fields):
    return json_reply({"access_token": ACCESS_TOKEN, "token_type": "Bearer", **fields})


def raw(body, **options):
    return http(200, body, **options)


def error(code, status=400):
    return json_reply({"error": code, "error_description": DESCRIPTION}, status)
