"""Every way in which a sign-in can fail: a page and a status of its own, and nothing that existed is lost."""

from __future__ import annotations

import gzip
import json

import pytest

from blueprints import connect
from tests.contract.browser import heading, query_of
from tests.contract.fake_vinli import ACCESS_TOKEN, TOKEN, USER, Hang
from tests.contract.sites import sandbox_for
from tests.unit.providers.servers import CLOSE, Server, http, json_reply

pytestmark = pytest.mark.contract

REFUSED = (502, "Vinli refused the sign-in")
NONSENSE = (502, "Vinli’s answer makes no sense")
FAILED = (502, "Vinli has a problem")
BUSY = (503, "Vinli asks us to slow down")
GONE = (502, "Vinli cannot be reached")
SLOW = (504, "Vinli is taking too long")
CODE = "a-code-that-is-worth-something"
DESCRIPTION = "a description for developers <b>from upstream</b>"


@pytest.fixture
def local(local_site, vinli):
    return local_site(vinli.origin)


@pytest.fixture
def browser(local):
    with local.browser() as browser:
        yield browser


def come_back(browser, **query):
    """Start an attempt and come back with its state and the rest of a query."""
    _, callback = browser.attempt()
    extra = "&".join(f"{name}={value}" for name, value in query.items())
    return browser.get(f"{callback}&{extra}" if extra else callback)


def connected(browser):
    assert come_back(browser, code="good").status_code == 302
    assert browser.get("/garage").status_code == 200


def seen(response):
    return response.status_code, heading(response)


def assert_fails_well(browser, vinli, response, expected, *, token_requests=1):
    """The page is the expected one, names no secret, starts no session, and offers to begin again."""
    assert seen(response) == expected
    for secret in (CODE, ACCESS_TOKEN, DESCRIPTION, vinli.origin.removeprefix("http://")):
        assert secret not in response.text.replace(f"<code>{vinli.origin}</code>", "")
    assert 'href="/connect"' in response.text
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


TOKEN_ANSWERS = {
    "a code that is not accepted": (error("invalid_grant"), REFUSED),
    "a wrong client secret": (error("invalid_client", 401), REFUSED),
    "forbidden, in silence": (http(403, content_type=None), REFUSED),
    "refused, in silence": (http(400, content_type=None), REFUSED),
    "unauthorized, as a page": (http(401, b"<h1>no</h1>", content_type="text/html"), REFUSED),
    "not found": (http(404, b"{}"), REFUSED),
    "a page with status 200": (raw(b"<!doctype html><title>Hi</title>", content_type="text/html"), NONSENSE),
    "JSON that says it is text": (raw(b'{"access_token": "x"}', content_type="text/plain"), NONSENSE),
    "nothing at all": (raw(b""), NONSENSE),
    "a list": (raw(b'[{"access_token": "x"}]'), NONSENSE),
    "null": (raw(b"null"), NONSENSE),
    "a text": (raw(b'"access_token"'), NONSENSE),
    "no token": (raw(b"{}"), NONSENSE),
    "a message in place of a token": (raw(b'{"message": "Unauthorized"}'), NONSENSE),
    "a null token": (token(access_token=None), NONSENSE),
    "an empty token": (token(access_token=""), NONSENSE),
    "an object as token": (token(access_token={"value": "x"}), NONSENSE),
    "a token with a line break": (token(access_token="abc\r\nX-Injected: 1"), NONSENSE),
    "a token with a space": (token(access_token="abc def"), NONSENSE),
    "a token beyond ASCII": (token(access_token="schlüssel"), NONSENSE),
    "a token of nine thousand characters": (token(access_token="x" * 9000), NONSENSE),
    "token type MAC": (token(token_type="MAC"), NONSENSE),
    "a number as token type": (token(token_type=1), NONSENSE),
    "lifetime zero": (token(expires_in=0), NONSENSE),
    "a negative lifetime": (token(expires_in=-1), NONSENSE),
    "a lifetime in words": (token(expires_in="soon"), NONSENSE),
    "true as lifetime": (token(expires_in=True), NONSENSE),
    "half seconds": (token(expires_in=0.5), NONSENSE),
    "an infinite lifetime": (raw(b'{"access_token": "x", "expires_in": 1e400}'), NONSENSE),
    "not a number": (raw(b'{"access_token": "x", "expires_in": NaN}'), NONSENSE),
    "one key twice": (raw(b'{"access_token": "x", "access_token": "y"}'), NONSENSE),
    "invalid UTF-8": (raw(b'{"access_token": "\xff\xfe"}'), NONSENSE),
    "a lone surrogate": (raw(b'{"access_token": "x", "scope": "\\ud800"}'), NONSENSE),
    "a NUL": (raw(b'{"access_token": "x", "scope": "\\u0000"}'), NONSENSE),
    "a tower of brackets": (raw(b"[" * 5000 + b"]" * 5000), NONSENSE),
    "truncated JSON": (raw(b'{"access_token": "x"'), NONSENSE),
    "a refresh token that is none": (token(refresh_token=[1]), NONSENSE),
    "status 201": (json_reply({"access_token": "x"}, 201), NONSENSE),
    "status 204": (http(204, content_type=None), NONSENSE),
    "status 999": (http(999), NONSENSE),
    "half a megabyte": (raw(b'{"access_token": "x", "pad": "' + b"x" * 500_000 + b'"}'), NONSENSE),
    "a bomb": (raw(gzip.compress(b" " * 50_000_000), Content_Encoding="gzip"), NONSENSE),
    "gzip that is none": (raw(b"not gzip", Content_Encoding="gzip"), NONSENSE),
    "a protocol of its own": (b"220 smtp.example.com ESMTP\r\n\r\n", NONSENSE),
    "an error inside": (http(500, b"Traceback (most recent call last)"), FAILED),
    "a bad gateway": (http(502, b"<h1>nginx</h1>", content_type="text/html"), FAILED),
    "too many requests": (http(429, Retry_After="17"), BUSY),
}


@pytest.mark.parametrize("name", TOKEN_ANSWERS)
def test_a_token_endpoint_that_answers_with(name, browser, vinli):
    answer, expected = TOKEN_ANSWERS[name]
    vinli.answers[TOKEN] = answer
    assert_fails_well(browser, vinli, come_back(browser, code=CODE), expected)


USER_ANSWERS = {
    "a refused token": (http(401), REFUSED),
    "a page": (raw(b"<h1>hello</h1>", content_type="text/html"), NONSENSE),
    "no user": (raw(b'{"user": null}'), NONSENSE),
    "a user without e-mail": (raw(b'{"user": {"id": "1"}}'), NONSENSE),
    "a number as name": (raw(b'{"user": {"id": "1", "email": "a@b.c", "firstName": 1}}'), NONSENSE),
}


@pytest.mark.parametrize("name", USER_ANSWERS)
def test_a_user_call_that_answers_with(name, browser, vinli):
    answer, expected = USER_ANSWERS[name]
    vinli.answers[USER] = answer
    assert_fails_well(browser, vinli, come_back(browser, code=CODE), expected)


@pytest.mark.parametrize("path", [TOKEN, USER])
def test_an_upstream_that_says_nothing_is_given_up(path, local, browser, vinli):
    local.lose_patience()
    vinli.answers[path] = hang = Hang()
    response = come_back(browser, code=CODE)
    hang.release()
    assert_fails_well(browser, vinli, response, SLOW)


def test_an_upstream_that_drips_is_given_up(local, browser, vinli):
    local.lose_patience()
    dripping = Hang()

    def drip(sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        while not dripping._released.wait(0.05):
            sock.sendall(b" ")

    vinli.answers[TOKEN] = lambda _: drip
    response = come_back(browser, code=CODE)
    dripping.release()
    assert_fails_well(browser, vinli, response, SLOW)


def test_an_upstream_that_hangs_up_is_asked_once_more_at_most(browser, vinli):
    """The connection may be one that was opened ahead and went dead: then, and only then, it is tried anew."""
    vinli.answers[TOKEN] = CLOSE
    response = come_back(browser, code=CODE)
    assert len(vinli.received(TOKEN)) <= 2
    assert_fails_well(browser, vinli, response, GONE, token_requests=len(vinli.received(TOKEN)))


def test_an_upstream_that_is_not_there_is_told_apart(browser, vinli):
    _, callback = browser.attempt()
    vinli.close()
    assert seen(browser.get(f"{callback}&code=x")) == GONE


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", [TOKEN, USER])
def test_no_byte_follows_a_redirect_to_another_host(path, status, browser, vinli):
    elsewhere = Server(lambda _: token())
    vinli.answers[path] = http(status, Location=f"{elsewhere.origin}/oauth/token")
    response = come_back(browser, code=CODE)
    elsewhere.close()
    assert_fails_well(browser, vinli, response, NONSENSE)
    assert elsewhere.connections == 0


def test_a_throttled_exchange_says_when_to_come_back(browser, vinli):
    vinli.answers[TOKEN] = http(429, Retry_After="17")
    assert come_back(browser, code=CODE).headers["Retry-After"] == "17"


@pytest.mark.parametrize("code", ["invalid_grant", "server_error", "vendor_specific-7.1"])
def test_the_error_code_of_a_refusal_is_shown(code, browser, vinli):
    vinli.answers[TOKEN] = error(code)
    assert f"<code>{code}</code>" in come_back(browser, code=CODE).text


HOSTILE = (
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
    response = come_back(browser, code=CODE)
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


# --- what is wrong with the callback itself: no token request, each cause by its own name


def assert_costs_nothing(response, vinli, expected):
    assert seen(response) == expected
    assert vinli.received(TOKEN) == []
    assert "Set-Cookie" not in response.headers


UNKNOWN = (400, "We do not know this sign-in")
DAMAGED = (400, "This address is damaged")


def test_no_state_came_back(browser, vinli):
    assert_costs_nothing(browser.get("/connect/callback?code=x"), vinli, (400, "No state came back"))
    assert_costs_nothing(browser.get("/connect/callback?error=x"), vinli, (400, "No state came back"))


def test_a_platform_that_does_not_echo_state_is_explained(local_site):
    public_url = "http://127.0.0.1:8000"
    with (
        sandbox_for(public_url, "--echo-state", "off", "--quiet") as sandbox,
        local_site(sandbox.credentials).browser(sandbox) as browser,
    ):
        callback = browser.authorize(browser.start())
        assert query_of(callback).keys() == {"code"}
        assert seen(browser.get(callback)) == (400, "No state came back")


@pytest.mark.parametrize("error", ["", "&error=access_denied", "&code=x"])
@pytest.mark.parametrize(
    "state", ["x", "a.b.c", "..", "%00", "ÿ", "IngiLmFtLWEi.aaaa.bbbb", "[]", "0" * 2048]
)
def test_an_unknown_state_is_met_before_anything_else(state, error, browser, vinli):
    response = browser.get(f"/connect/callback?state={state}{error}")
    assert response.status_code == 400
    assert heading(response) in {UNKNOWN[1], DAMAGED[1]}
    assert vinli.received(TOKEN) == []


def test_a_state_signed_for_another_purpose_is_unknown(local, browser, vinli):
    state, _ = browser.attempt()
    attempt_id, _ = local.services.signer.read(state, "connect-state")
    for purpose in ("csrf", "operator-link", "implicit-state"):
        foreign = local.services.signer.sign(attempt_id, purpose)
        assert_costs_nothing(browser.get(f"/connect/callback?code=x&state={foreign}"), vinli, UNKNOWN)


def test_a_tampered_state_is_unknown(browser, vinli):
    state, _ = browser.attempt()
    payload, timestamp, signature = state.split(".")
    for damaged in (
        f"{payload}.{timestamp}.{signature[::-1]}",
        f"{payload[::-1]}.{timestamp}.{signature}",
        state[:-1],
    ):
        assert_costs_nothing(browser.get(f"/connect/callback?code=x&state={damaged}"), vinli, UNKNOWN)


def test_a_state_from_another_browser_is_foreign(local, browser, vinli):
    _, callback = browser.attempt()
    with local.browser() as other:
        other.attempt()
        expected = (400, "This sign-in began in another browser")
        assert_costs_nothing(other.get(f"{callback}&code=x"), vinli, expected)
        assert_costs_nothing(other.get(f"{callback}&error=access_denied"), vinli, expected)
    assert browser.get(f"{callback}&code=x").status_code == 302, "the stranger took nothing away"


def test_an_attempt_cookie_of_another_attempt_does_not_fit(local, browser, vinli):
    browser.attempt()
    secret = next(c for c in browser.session.cookies if "attempt_" in c.name)
    with local.browser() as other:
        _, other_callback = other.attempt()
        mine = next(c for c in other.session.cookies if "attempt_" in c.name)
        mine.value = secret.value
        assert_costs_nothing(
            other.get(f"{other_callback}&code=x"), vinli, (400, "This sign-in began in another browser")
        )


@pytest.mark.parametrize("seconds", [600, 601, 3500, 3601, 10**6])
def test_an_attempt_expires_after_ten_minutes(seconds, local, browser, vinli):
    _, callback = browser.attempt()
    local.clock.advance(seconds)
    expected = (400, "This sign-in took too long")
    assert_costs_nothing(browser.get(f"{callback}&code=x"), vinli, expected)


def test_an_attempt_is_good_for_almost_ten_minutes(local, browser):
    _, callback = browser.attempt()
    local.clock.advance(598)
    assert browser.get(f"{callback}&code=x").status_code == 302


def test_a_used_attempt_is_used_up_whatever_came_of_it(local, browser, vinli):
    vinli.answers[TOKEN] = error("invalid_grant")
    _, callback = browser.attempt()
    assert seen(browser.get(f"{callback}&code=x")) == REFUSED
    del vinli.answers[TOKEN]
    assert seen(browser.get(f"{callback}&code=x")) == (400, "This sign-in was used already")
    assert len(vinli.received(TOKEN)) == 1


def test_an_attempt_whose_server_died_on_the_way_is_not_waited_for(local, browser, vinli, monkeypatch):
    state, callback = browser.attempt()
    attempt_id, _ = local.services.signer.read(state, "connect-state")
    assert local.services.attempts.take(attempt_id), "as a server does that is killed right after"
    local.clock.advance(20)
    monkeypatch.setattr(connect.time, "sleep", lambda _: pytest.fail("waited"))
    assert_costs_nothing(browser.get(f"{callback}&code=x"), vinli, (400, "This sign-in was used already"))


def test_a_denial_is_a_page_of_its_own_and_uses_the_attempt_up(browser, vinli):
    _, callback = browser.attempt()
    denied = browser.get(f"{callback}&error=access_denied&error_description=no")
    assert_fails_well(browser, vinli, denied, (403, "You did not allow access"), token_requests=0)
    assert seen(browser.get(f"{callback}&code=x")) == (400, "This sign-in was used already")
    assert vinli.received(TOKEN) == []


def test_a_driver_who_refuses_at_the_sandbox_is_denied(site):
    with site.browser() as browser:
        response = browser.get(browser.authorize(browser.start(), decision="cancel"))
        assert seen(response) == (403, "You did not allow access")
        assert site.token_requests() == 0


@pytest.mark.parametrize("code", ["invalid_request", "temporarily_unavailable", "something_new"])
def test_other_errors_of_the_authorization_endpoint_are_shown_with_their_code(code, browser, vinli):
    response = come_back(browser, error=code)
    assert_fails_well(browser, vinli, response, REFUSED, token_requests=0)
    assert f"<code>{code}</code>" in response.text


@pytest.mark.parametrize(
    "query",
    [
        "code=x&code=y",
        "code=x&code=x",
        "code=x&state=other",
        "code=x&error=access_denied",
        "error=a&error=b",
        "code=",
        "code",
        "error=",
        "",
        "code=" + "x" * 2049,
        "error=" + "x" * 2049,
        "code=%00",
        "code=%0d%0aX",
        "code=%C3%BC",
        "code=%FF",
        "code=x%C0%AF",
        "error=%22",
    ],
)
def test_a_query_that_cannot_be_is_damaged_and_uses_nothing_up(query, browser, vinli):
    _, callback = browser.attempt()
    assert_costs_nothing(browser.get(f"{callback}&{query}"), vinli, DAMAGED)
    assert browser.get(f"{callback}&code=x").status_code == 302


# --- a session that was there before stays


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("code=x", error("invalid_grant")),
        ("code=x", http(500)),
        ("code=x", raw(b"[]")),
        ("code=x", CLOSE),
        ("error=access_denied", None),
        ("error=server_error", None),
        ("code=x&code=y", None),
        ("", None),
    ],
)
def test_a_connected_driver_stays_connected_when_another_attempt_fails(query, answer, browser, vinli):
    connected(browser)
    session = browser.cookie("session")
    _, callback = browser.attempt()
    if answer is not None:
        vinli.answers[TOKEN] = answer
    response = browser.get(f"{callback}&{query}")
    assert response.status_code >= 400
    assert 'href="/garage"' in response.text
    assert browser.cookie("session") == session
    assert browser.get("/garage").status_code == 200


@pytest.mark.parametrize("query", ["state=x&code=y", "code=y", "state=x&error=access_denied"])
def test_a_strangers_callback_does_not_disturb_a_connected_driver(query, browser, vinli):
    connected(browser)
    session = browser.cookie("session")
    response = browser.get(f"/connect/callback?{query}")
    assert response.status_code == 400
    assert "Set-Cookie" not in response.headers
    assert browser.cookie("session") == session
    assert browser.get("/garage").status_code == 200


def test_the_error_page_is_json_for_a_program(browser):
    response = browser.get("/connect/callback?code=x", headers={"Accept": "application/json"})
    assert response.status_code == 400
    problem = json.loads(response.content)["error"]
    assert problem["title"] == "No state came back"
    assert problem["reference"]
