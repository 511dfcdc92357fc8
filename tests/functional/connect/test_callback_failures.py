"""What may be wrong with a callback itself: each cause has its page, costs no token request and ends no session."""

from __future__ import annotations

import json

import pytest

from blueprints.connect import views as connect
from tests.support.browser import query_of, seen
from tests.support.failures import REFUSED, assert_fails_well, error, raw
from tests.support.fake_vinli import TOKEN
from tests.support.servers import CLOSE, http
from tests.support.sites import sandbox_for

pytestmark = pytest.mark.functional


@pytest.fixture
def browser(local):
    with local.browser() as browser:
        yield browser


def assert_costs_nothing(response, vinli, expected):
    assert seen(response) == expected
    assert vinli.received(TOKEN) == []
    assert "Set-Cookie" not in response.headers


UNKNOWN = (400, "state_unknown")
DAMAGED = (400, "bad_callback")
DENIED = (403, "access_denied")


def test_no_state_came_back(browser, vinli):
    assert_costs_nothing(browser.get("/connect/callback?code=x"), vinli, (400, "no_state"))
    assert_costs_nothing(browser.get("/connect/callback?error=x"), vinli, (400, "no_state"))


def test_a_long_code_and_a_long_description_are_read(browser):
    _, callback = browser.attempt()
    assert seen(browser.get(f"{callback}&error=access_denied&error_description={'x' * 9000}")) == DENIED
    _, callback = browser.attempt()
    assert browser.get(f"{callback}&code={'x' * 3000}").status_code == 302


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("code=x&amp;state=", "callback_escaped", "&amp;amp;"),
        ("code=x&STATE=", "callback_renamed", "capitals"),
        (f"code={'x' * 17_000}&state=", "callback_too_long", "code, with 17,000 characters"),
    ],
)
def test_the_page_says_what_happened_to_the_address(query, code, words, browser, vinli):
    state, _ = browser.attempt()
    page = browser.get(f"/connect/callback?{query}{state}")
    assert_costs_nothing(page, vinli, (400, code))
    assert words in page.text


def test_a_platform_that_does_not_echo_state_is_explained(local_site):
    public_url = "http://127.0.0.1:8000"
    with (
        sandbox_for(public_url, "--echo-state", "off", "--quiet") as sandbox,
        local_site(sandbox.credentials).browser(sandbox) as browser,
    ):
        callback = browser.authorize(browser.start())
        assert query_of(callback).keys() == {"code"}
        assert seen(browser.get(callback)) == (400, "no_state")


@pytest.mark.parametrize("error", ["", "&error=access_denied", "&code=x"])
@pytest.mark.parametrize(
    "state", ["x", "a.b.c", "..", "%00", "ÿ", "IngiLmFtLWEi.aaaa.bbbb", "[]", "0" * 2048]
)
def test_an_unknown_state_is_met_before_anything_else(state, error, browser, vinli):
    response = browser.get(f"/connect/callback?state={state}{error}")
    assert seen(response) in {UNKNOWN, DAMAGED}
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
        expected = (400, "state_of_another_browser")
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
        assert_costs_nothing(other.get(f"{other_callback}&code=x"), vinli, (400, "state_of_another_browser"))


@pytest.mark.parametrize("seconds", [600, 601, 3500, 3601, 10**6])
def test_an_attempt_expires_after_ten_minutes(seconds, local, browser, vinli):
    _, callback = browser.attempt()
    local.clock.advance(seconds)
    expected = (400, "state_expired")
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
    assert seen(browser.get(f"{callback}&code=x")) == (400, "state_used")
    assert len(vinli.received(TOKEN)) == 1


def test_an_attempt_whose_server_died_on_the_way_is_not_waited_for(local, browser, vinli, monkeypatch):
    state, callback = browser.attempt()
    attempt_id, _ = local.services.signer.read(state, "connect-state")
    assert local.services.attempts.take(attempt_id), "as a server does that is killed right after"
    local.clock.advance(20)
    monkeypatch.setattr(connect.time, "sleep", lambda _: pytest.fail("waited"))
    assert_costs_nothing(browser.get(f"{callback}&code=x"), vinli, (400, "state_used"))


def test_a_denial_is_a_page_of_its_own_and_uses_the_attempt_up(browser, vinli):
    _, callback = browser.attempt()
    denied = browser.get(f"{callback}&error=access_denied&error_description=no")
    assert_fails_well(browser, vinli, denied, (403, "access_denied"), token_requests=0)
    assert seen(browser.get(f"{callback}&code=x")) == (400, "state_used")
    assert vinli.received(TOKEN) == []


def test_a_driver_who_refuses_at_the_sandbox_is_denied(site):
    with site.browser(driver=2) as browser:
        response = browser.get(browser.authorize(browser.start(), decision="cancel"))
        assert seen(response) == (403, "access_denied")
        assert site.token_requests() == 0


@pytest.mark.parametrize("code", ["invalid_request", "temporarily_unavailable", "unauthorized_client"])
def test_other_errors_of_the_authorization_endpoint_are_shown_with_their_code(code, browser, vinli):
    response = browser.come_back(error=code)
    helps = code == "temporarily_unavailable"
    assert_fails_well(browser, vinli, response, REFUSED, token_requests=0, helps=helps)
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
    browser.connect_at_once()
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
    browser.connect_at_once()
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
    assert problem["title"] == "We cannot tell that you began this"
    assert "No state came back" in problem["detail"]
    assert problem["reference"]
