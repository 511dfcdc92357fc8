"""Whatever a server sends, only ProviderErrors leave the providers."""

from __future__ import annotations

import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from providers.errors import ProviderError
from providers.http.failures import refusal_of
from providers.http.response import Call, Response
from providers.partners.anyline import AnylineClient
from providers.partners.aspose import AsposeClient
from providers.partners.ayyeka import AyyekaClient
from providers.partners.instyle import InstyleClient
from providers.tokens.requests import Body, TokenRequest
from providers.vinli.oauth.auth import TokenResponse, User
from providers.vinli.oauth.oauth_clients import ClockReading
from providers.vinli.platform import _DEVICE_PAGES, Device, Vehicle
from providers.vinli.service import item, item_or_none

CALL = Call("vinli", "GET", "https://platform.example/x")
NAMES = (
    "Retry-After",
    "Date",
    "WWW-Authenticate",
    "Content-Type",
    "Content-Length",
    "Location",
    "Connection",
)
WORDS = st.sampled_from(
    [
        "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
        "Bearer error=",
        'Bearer error="invalid_token',
        "application/json",
        "text/html; charset=nonsense",
        "-1",
        "1e400",
        "\x00",
        '"' * 50,
    ]
)
HEADERS = st.dictionaries(
    st.sampled_from(NAMES), st.one_of(WORDS, st.text(st.characters(max_codepoint=255), max_size=60))
)
FIELDS = (
    *("access_token", "token_type", "expires_in", "refresh_token", "scope", "error", "error_description"),
    *("__type", "AuthenticationResult", "ChallengeName", "user", "device", "vehicle", "devices", "meta"),
    *(
        "pagination",
        "total",
        "limit",
        "offset",
        "id",
        "name",
        "chipId",
        "createdAt",
        "virtual",
        "year",
        "vin",
    ),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["7f0e8d1c-0000-4000-8000-000000000001", "2026-01-02T03:04:05Z", "Bearer", "\ud83d"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5),
    max_leaves=25,
)
BODIES = st.one_of(st.binary(max_size=60), VALUES.map(lambda value: json.dumps(value).encode()))


def readings(answer: Response):
    """Return a function for every way in which a response is read."""
    form = TokenRequest(provider="p", url="https://p.example/token", client_id="id", client_secret="s")
    cognito = TokenRequest(
        provider="p",
        url="https://p.example/token",
        client_id="id",
        body=Body.COGNITO,
        token_at=("AuthenticationResult", "IdToken"),
    )
    return (
        answer.json,
        answer.lenient_json,
        lambda: TokenResponse.from_answer(answer),
        lambda: form._read(answer),
        lambda: cognito._read(answer),
        lambda: item(answer, "user", User.from_json, keys_once=True),
        lambda: item(answer, "device", Device.from_json),
        lambda: item_or_none(answer, "vehicle", Vehicle.from_json),
        lambda: _DEVICE_PAGES.read(answer),
    )


@settings(max_examples=400, deadline=None)
@given(HEADERS, BODIES)
def test_a_success_of_any_content_is_read_or_is_an_invalid_response(headers, body):
    answer = Response(CALL, 200, {"Content-Type": "application/json"} | headers, body, 0.1)
    ClockReading.of(answer, 1_790_000_000.0)
    for read in readings(answer):
        with suppress(ProviderError):
            read()


@settings(max_examples=400, deadline=None)
@given(st.integers(100, 999), HEADERS, st.none() | BODIES)
def test_a_failure_of_any_content_is_a_provider_error(status, headers, body):
    failure = refusal_of(CALL, status, headers, body, 1_790_000_000.0)
    assert failure.status == status
    assert failure.retry_after is None or 0 <= failure.retry_after <= 86_400


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_a_listed_record_of_any_content_is_one_row(record):
    body = {"devices": [record], "meta": {"pagination": {"total": 1, "limit": 1, "offset": 0}}}
    answer = Response(CALL, 200, {"Content-Type": "application/json"}, json.dumps(body).encode(), 0.1)
    (device,) = _DEVICE_PAGES.read(answer).items
    assert isinstance(device.flaws, tuple)
    (device.name or "").encode()
    (device.chip_id or "").encode()


class OneAnswer:
    """A transport that gives the same answer to every request."""

    def __init__(self, answer):
        self.answer = answer

    def allow(self, origin):
        return origin

    def request(self, *_arguments, **_options):
        return self.answer


@settings(max_examples=300, deadline=None)
@given(HEADERS, BODIES)
def test_partners_read_any_content_or_call_it_invalid(headers, body):
    answer = Response(CALL, 200, {"Content-Type": "application/json"} | headers, body, 0.1)
    transport, origin = OneAnswer(answer), "https://partner.example"
    for read in (
        AyyekaClient(transport, origin, None).sites,
        AsposeClient(transport, origin, None).files,
        InstyleClient(transport, origin, None).images,
        lambda: AnylineClient(transport, origin, None).read_tire_sidewall(b"x"),
        lambda: AsposeClient(transport, origin, None).convert(b"x", "pdf"),
        lambda: AsposeClient(transport, origin, None).store("/x", b"x"),
    ):
        with suppress(ProviderError):
            read()
