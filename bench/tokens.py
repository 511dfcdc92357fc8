"""Measure the auth layer's cost per call: ours, a fixed header, a static AuthBase, Authlib, requests-oauth2client."""

from __future__ import annotations

import io
from collections.abc import Callable
from time import perf_counter
from typing import Any

import requests
from authlib.integrations.requests_client import OAuth2Session
from requests.adapters import BaseAdapter
from requests_oauth2client import BearerToken

from bench.figures import Series
from bench.report import Row, compared
from providers.http.auth import BearerAuth
from providers.http.transport import Transport
from providers.tokens.auth import TokenAuth
from providers.tokens.engine import TokenSource
from providers.tokens.requests import TokenRequest
from tests.support.servers import Server, json_reply

URL = "http://127.0.0.1:9/api"
VALUE = "an-access-token-of-some-length-" + "x" * 600
ROUNDS = 41
CALLS = 500
MOST_EXTRA_MICROSECONDS = 5.0


class Nowhere(BaseAdapter):
    """An adapter that answers at once and sends nothing, so that only requests and the auth layer are measured."""

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        if request.headers["Authorization"] != f"Bearer {VALUE}":
            raise RuntimeError("the request does not carry the token")
        response = requests.Response()
        response.status_code = 200
        response.raw = io.BytesIO()
        response.request = request
        response.url = request.url or ""
        response.connection = self  # type: ignore[assignment]
        return response

    def close(self) -> None:
        pass


def measure() -> list[Row]:
    """Measure batches of calls in turns. The targets apply to the medians of the ratios and of the differences."""
    with_engine, close = _engine()
    try:
        calls = {
            "static": _calls(requests.Session(), BearerAuth(VALUE)),
            "ours": _calls(requests.Session(), with_engine),
            "header": _calls(_with_fixed_header(), None),
            "authlib": _authlib(),
            "oauth2client": _calls(requests.Session(), BearerToken(VALUE, expires_in=3600)),
        }
        for call in calls.values():
            _seconds(call)  # warms up
        turns = [{name: _seconds(call) for name, call in calls.items()} for _ in range(ROUNDS)]
    finally:
        close()
    series = {name: Series(tuple(turn[name] for turn in turns)) for name in calls}
    ours = series["ours"]
    extra = Series(tuple(1e6 * value for value in ours.minus(series["static"]).values))
    return [
        Row(
            "one call, ours beyond a static AuthBase",
            f"{extra.median:.1f} µs",
            f"{1e6 * series['static'].median:.1f} µs",
            "",
            f"at most {MOST_EXTRA_MICROSECONDS:g} µs",
            extra.median <= MOST_EXTRA_MICROSECONDS,
        ),
        _row("a static AuthBase", ours, series["static"]),
        _row("a header fixed in session.headers", ours, series["header"]),
        _row("Authlib's OAuth2Session", ours, series["authlib"]),
        _row("requests-oauth2client", ours, series["oauth2client"]),
    ]


def _row(what: str, ours: Series, other: Series) -> Row:
    row = compared(f"one call, against {what}", ours, other)
    return Row(
        row.what,
        f"{1e6 * ours.median:.1f} µs",
        f"{1e6 * other.median:.1f} µs",
        row.ratio,
        "",
        None,
    )


def _engine() -> tuple[TokenAuth, Callable[[], None]]:
    """Return the auth object of an engine that holds a token, and a function that stops its server."""
    reply = json_reply({"access_token": VALUE, "token_type": "Bearer", "expires_in": 3600})
    server = Server(lambda _: reply)
    transport = Transport(pool_size=1)
    transport.allow(server.origin)
    declared = TokenRequest(
        provider="partner", url=f"{server.origin}/token", client_id="id", client_secret="s"
    )
    source = TokenSource(declared, transport)
    source.token()

    def close() -> None:
        transport.close()
        server.close()

    return TokenAuth(source), close


def _with_fixed_header() -> requests.Session:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {VALUE}"
    return session


def _authlib() -> Callable[[], None]:
    token = {"access_token": VALUE, "token_type": "Bearer", "expires_at": 4_000_000_000}
    session = OAuth2Session(client_id="id", client_secret="s", token=token)
    session.mount("http://", Nowhere())
    session.trust_env = False
    return lambda: _ignore(session.get(URL, timeout=10))


def _calls(session: requests.Session, auth: requests.auth.AuthBase | None) -> Callable[[], None]:
    session.mount("http://", Nowhere())
    session.trust_env = False
    return lambda: _ignore(session.get(URL, auth=auth, timeout=10))


def _ignore(_: requests.Response) -> None:
    """Drop a response, because a measured call returns None."""


def _seconds(call: Callable[[], None]) -> float:
    """Return the average seconds of one call in a batch."""
    started = perf_counter()
    for _ in range(CALLS):
        call()
    return (perf_counter() - started) / CALLS
