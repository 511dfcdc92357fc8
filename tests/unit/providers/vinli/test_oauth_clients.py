"""What the list of an app's clients says about clients and clocks, and what the token endpoint says about ours."""

from datetime import UTC, datetime, timedelta

import pytest

from providers.errors import InvalidResponse, Unauthorized
from providers.http.auth import BasicAuth
from providers.http.transport import Transport
from providers.vinli.oauth.auth import AuthClient
from providers.vinli.oauth.oauth_clients import (
    ClientDirectory,
    ClockReading,
    CredentialStatus,
    RegisteredClient,
    probe_client,
    read_clock,
)
from tests.support.servers import Server, http, json_reply

NOW = datetime(2026, 3, 4, 5, 6, 7, 250_000, UTC)
APP = BasicAuth("app", "secret")


@pytest.fixture
def serve():
    """Answer every request alike: ``serve(answer)`` gives the server's origin and a transport to it."""
    made = []

    def start(answer):
        server, transport = Server(lambda _: answer), Transport(pool_size=2)
        made.extend((server, transport))
        return server, transport

    yield start
    for one in made:
        one.close()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"id": "a", "type": "web", "data": {"redirectUri": "u"}}, RegisteredClient("a", "web", "u")),
        ({"id": "a"}, RegisteredClient("a", None, None)),
        ({"id": "a", "type": 7, "data": []}, RegisteredClient("a", None, None)),
        ({"id": "a", "type": None, "data": {"redirectUri": ["u"]}}, RegisteredClient("a", None, None)),
        ({"id": ""}, None),
        ({"id": 7}, None),
        ({}, None),
        (None, None),
        ("a", None),
    ],
)
def test_one_entry_is_read_as_far_as_it_makes_sense(value, expected):
    assert RegisteredClient.from_json(value) == expected


def test_the_list_is_asked_for_with_the_app_and_dated(serve):
    entries = [{"id": str(number)} for number in range(300)]
    reply = json_reply({"clients": [None, *entries]}, date="Wed, 04 Mar 2026 05:06:06 GMT")
    server, transport = serve(reply)
    directory = ClientDirectory(transport, server.origin, clock=NOW.timestamp)
    found = directory.registered(APP, deadline=10.0)
    assert [client.id for client in found.clients] == [str(number) for number in range(200)]
    assert found.reading.date == datetime(2026, 3, 4, 5, 6, 6, tzinfo=UTC)
    assert found.reading.measured_at == NOW
    (request,) = server.received
    assert (request.method, request.target) == ("GET", "/api/v1/clients")
    assert request.headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (json_reply({"clients": None}), InvalidResponse),
        (json_reply([]), InvalidResponse),
        (http(200, b'{"clients": [}'), InvalidResponse),
        (http(401), Unauthorized),
    ],
)
def test_what_is_no_list_is_an_error(answer, error, serve):
    server, transport = serve(answer)
    with pytest.raises(error):
        ClientDirectory(transport, server.origin).registered(APP)


@pytest.mark.parametrize(
    ("ahead", "elapsed", "skew"),
    [
        (0.0, 0.1, 0.0),
        (0.9, 0.1, 0.0),  # the fraction that a Date leaves out
        (1.0, 5.0, 0.0),  # written when the call began
        (100.0, 0.5, 98.5),
        (-100.0, 0.5, -100.0),
    ],
)
def test_only_what_neither_whole_seconds_nor_the_way_explain_is_skew(ahead, elapsed, skew):
    found = ClockReading(NOW, NOW + timedelta(seconds=ahead), elapsed)
    assert found.skew == pytest.approx(skew)


def test_without_a_date_nothing_is_known_of_the_clocks():
    assert ClockReading(None, NOW, 0.1).skew is None


@pytest.mark.parametrize(
    "answer",
    [
        http(200, date="Wed, 04 Mar 2026 05:06:06 GMT"),
        http(404, date="Wed, 04 Mar 2026 05:06:06 GMT"),
        http(429, date="Wed, 04 Mar 2026 05:06:06 GMT"),
        http(503, date="Wed, 04 Mar 2026 05:06:06 GMT"),
        http(302, location="http://127.0.0.1:9/", date="Wed, 04 Mar 2026 05:06:06 GMT"),
    ],
)
def test_any_answer_tells_the_time_and_no_credentials_are_sent_for_it(answer, serve):
    server, transport = serve(answer)
    found = read_clock(transport, ["http://127.0.0.1:9", server.origin], NOW.timestamp, deadline=10.0)
    assert found.date == datetime(2026, 3, 4, 5, 6, 6, tzinfo=UTC)
    assert found.measured_at == NOW
    (request,) = server.received
    assert (request.method, request.target) == ("GET", "/")
    assert "authorization" not in request.headers


def test_an_origin_that_answers_without_a_date_is_followed_by_the_next(serve):
    silent, transport = serve(http(404))
    telling, _ = serve(http(404, date="Wed, 04 Mar 2026 05:06:06 GMT"))
    assert read_clock(transport, [silent.origin, telling.origin]).date is not None
    assert read_clock(transport, [silent.origin]).date is None
    assert read_clock(transport, ["http://127.0.0.1:9"]) is None


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (json_reply({"error": "invalid_grant"}, 400), CredentialStatus.GOOD),
        (json_reply({"error": "invalid_grant"}, 403), CredentialStatus.GOOD),
        (json_reply({"error": "invalid_client"}, 400), CredentialStatus.REFUSED),
        (json_reply({"error": "invalid_client"}, 401), CredentialStatus.REFUSED),
        (http(401), CredentialStatus.DOUBTFUL),
        (json_reply({"error": "access_denied"}, 401), CredentialStatus.DOUBTFUL),
        (json_reply({"error": "invalid_grant"}, 401), CredentialStatus.GOOD),
        (http(403), CredentialStatus.UNKNOWN),
        (json_reply({"error": "unauthorized_client"}, 400), CredentialStatus.UNKNOWN),
        (json_reply({"error": "invalid_request"}, 400), CredentialStatus.UNKNOWN),
        (json_reply({"access_token": "somebody's"}), CredentialStatus.UNKNOWN),
        (http(500), CredentialStatus.UNKNOWN),
        (http(302, location="http://127.0.0.1:9/"), CredentialStatus.UNKNOWN),
    ],
)
def test_that_a_made_up_code_is_wrong_says_that_the_client_is_right(answer, status, serve):
    server, transport = serve(answer)
    auth = AuthClient(transport, server.origin, "client", "client-secret")
    probe = probe_client(auth, "http://127.0.0.1:8000/back", deadline=10.0)
    assert probe.status is status
    assert "client-secret" not in repr(probe)
    (request,) = server.received
    assert request.form["redirect_uri"] == "http://127.0.0.1:8000/back"
    assert len(request.form["code"]) > 40
