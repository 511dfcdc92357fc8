"""What the authorization endpoint would do: judged by what it answered, and nothing of that followed or believed."""

from __future__ import annotations

import gzip
from urllib.parse import urlencode

import pytest

from providers.errors import TimedOut, Unreachable
from providers.vinli.oauth.preflight import (
    HIDDEN,
    made_up_challenge,
    made_up_state,
    preflight,
    shown_location,
)
from tests.support.servers import CLOSE, http

REDIRECT_URI = "https://cars.example.com/connect/callback"
SIGN_IN = b"<title>Sign in</title><form><input name=email><input type=password name=password></form>"
CONSENT = b"<h1>Share?</h1><form><input type=hidden name=transaction_id value=1></form>"
PAGE = "text/html; charset=utf-8"


@pytest.fixture
def ask(serve, make_transport):
    """Ask a server that answers so; returns the outcome, and fails when it is asked more than once."""

    def ask(reply, redirect_uri=REDIRECT_URI):
        server = serve(lambda received: reply(received) if callable(reply) else reply)
        query = urlencode({"response_type": "code", "redirect_uri": redirect_uri, "state": "canary"})
        outcome = preflight(make_transport(server.origin), f"{server.origin}/oauth/authorization/new?{query}")
        assert [request.query["state"] for request in server.received] == ["canary"]
        return outcome

    return ask


def to(location, status=302):
    return http(status, b"", content_type=PAGE, Location=location)


@pytest.mark.parametrize("body", [SIGN_IN, CONSENT])
def test_a_page_that_asks_somebody_is_consent(ask, body):
    outcome = ask(http(200, body, content_type=PAGE))
    assert (outcome.kind, outcome.status) == ("consent", 200)
    assert outcome.accepts_redirect_uri


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_an_error_in_the_body_is_read(ask, status):
    outcome = ask(http(status, b"<h1>Oh</h1><p>The redirect_uri differs.</p>" + SIGN_IN, content_type=PAGE))
    assert (outcome.kind, outcome.status) == ("error", status)
    assert "The redirect_uri differs." in outcome.text
    assert not outcome.accepts_redirect_uri
    assert outcome.refuses_request is (status in (400, 401, 403, 404))


def test_an_error_in_json_is_named(ask):
    outcome = ask(http(400, b'{"error": "invalid_client", "error_description": "who?"}'))
    assert (outcome.kind, outcome.error, outcome.text) == ("error", "invalid_client", "invalid_client\nwho?")


@pytest.mark.parametrize(
    ("body", "kind"), [(b"<p>hello", PAGE), (b"{}", "application/json"), (SIGN_IN, "text/plain"), (b"", PAGE)]
)
def test_a_page_that_neither_asks_nor_complains_is_unclear(ask, body, kind):
    assert ask(http(200, body, content_type=kind)).kind == "unclear"


@pytest.mark.parametrize(
    ("location", "kind", "error"),
    [
        (f"{REDIRECT_URI}?code=canary", "redirect_back", ""),
        (f"{REDIRECT_URI}#access_token=canary", "redirect_back", ""),
        (f"{REDIRECT_URI}?error=access_denied&state=canary", "redirect_back", "access_denied"),
        (f"{REDIRECT_URI}?x=1#error=access_denied", "redirect_back", "access_denied"),
        ("HTTPS://CARS.example.com/connect/callback?code=canary", "redirect_back", ""),
        ("/sign-in?next=x", "consent", ""),
        ("../../login", "consent", ""),
        ("/oops?error=invalid_client", "error", "invalid_client"),
        ("https://cars.example.com/connect/callback/?code=canary", "redirect_elsewhere", ""),
        ("https://cars.example.com.evil.example/connect/callback?code=canary", "redirect_elsewhere", ""),
        ("//evil.example/sign-in", "redirect_elsewhere", ""),
        ("javascript:alert(1)", "redirect_elsewhere", ""),
        ("http://[::1", "redirect_elsewhere", ""),
        ("https://evil.example/?error=<script>", "redirect_elsewhere", "<script>"),
        ("", "unclear", ""),
    ],
)
def test_a_redirect_is_judged_by_where_it_leads(ask, location, kind, error):
    outcome = ask(to(location))
    assert (outcome.kind, outcome.error, outcome.status) == (kind, error, 302)
    assert "canary" not in outcome.location
    assert outcome.accepts_redirect_uri is (kind in ("redirect_back", "consent"))
    assert outcome.refuses_request is (kind == "error")


@pytest.mark.parametrize("registered", ["myApp://", "myApp://callback", "http://127.0.0.1:8000", "app:cb"])
def test_ways_back_are_known_in_the_spelling_that_frameworks_give_them(ask, registered):
    scheme, colon, rest = registered.partition(":")
    for location in (registered, scheme.lower() + colon + rest):
        assert ask(to(location + "?code=canary"), registered).kind == "redirect_back"


def test_a_redirect_without_location_is_unclear(ask):
    assert ask(http(302)).kind == ask(http(304)).kind == "unclear"


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        (
            "https://a.example/cb?code=canary&state=canary",
            f"https://a.example/cb?code={HIDDEN}&state={HIDDEN}",
        ),
        ("/cb#access_token=canary&error=no", f"/cb#access_token={HIDDEN}&error=no"),
        ("/cb?canary", f"/cb?{HIDDEN}"),
        (
            "/cb?x=canary=canary;y=canary?code=canary#canary",
            f"/cb?x={HIDDEN};y={HIDDEN}?code={HIDDEN}#{HIDDEN}",
        ),
        ("/cb?code=", "/cb?code="),
        ("/cb?error=no\x1b[1m\u202e&%63ode=canary", f"/cb?error=no[1m&%63ode={HIDDEN}"),
    ],
)
def test_of_a_location_only_what_tells_why_is_shown(location, shown):
    assert shown_location(location) == shown
    assert len(shown_location(location + "x" * 100_000)) < 4_000


@pytest.mark.parametrize(
    "body",
    [
        b"<script>alert(1)</script>\x00\x1b" * 40_000,
        b"<div>" * 100_000,
        b"\xff\xfe\xed\xa0\x80" * 1_000,
        b"<!--" * 100_000,
        b"x" * 1_000_000,
    ],
)
@pytest.mark.parametrize("kind", [PAGE, "text/html; charset=utf-7", "application/json", "image/png", None])
def test_hostile_bodies_make_a_short_text(ask, body, kind):
    for status in (200, 400):
        outcome = ask(http(status, body, content_type=kind))
        assert outcome.kind == ("error" if status == 400 else "unclear")
        assert len(outcome.text) <= 2_000
        assert outcome.text.replace("\n", "").isprintable()


def test_a_body_that_unpacks_to_very_much_is_read_in_part(ask):
    bomb = gzip.compress(SIGN_IN + b"<p>x" * 50_000_000)
    assert ask(http(200, bomb, content_type=PAGE, Content_Encoding="gzip")).kind == "consent"


@pytest.mark.parametrize(
    "reply", [b"SSH-2.0-x\r\n\r\n", http(200, b"nonsense", content_type=PAGE, Content_Encoding="gzip")]
)
def test_what_is_no_answer_at_all_is_unreadable(ask, reply):
    assert ask(reply).kind == "unreadable"


def test_no_answer_is_an_error_of_the_wire_and_no_time_asks_nobody(serve, make_transport):
    server = serve(lambda _: CLOSE)
    transport = make_transport(server.origin)
    with pytest.raises(Unreachable):
        preflight(transport, server.origin)
    asked = len(server.received)
    with pytest.raises(TimedOut):
        preflight(transport, server.origin, deadline=0.0)
    assert len(server.received) == asked


def test_only_an_allowed_origin_is_asked(serve, make_transport):
    server = serve(lambda _: http())
    with pytest.raises(ValueError, match="not an allowed origin"):
        preflight(make_transport(), f"{server.origin}/oauth/authorization/new")
    assert server.connections == 0


def test_what_is_made_up_is_new_every_time_and_looks_like_the_real_thing():
    assert len({made_up_challenge() for _ in range(9)} | {made_up_state() for _ in range(9)}) == 18
    assert len(made_up_challenge()) == 43


def test_nothing_that_came_is_in_the_repr(ask):
    assert "canary" not in repr(ask(http(400, b"canary", content_type="text/plain")))
    assert "cars" not in repr(ask(to(REDIRECT_URI)))
