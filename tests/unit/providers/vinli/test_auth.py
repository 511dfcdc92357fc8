import base64
import gzip
import hashlib
import json
import re
import threading
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import pytest

from providers.errors import (
    InvalidResponse,
    ProviderError,
    Refused,
    ServerFailed,
    Throttled,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from providers.vinli.oauth.auth import AuthClient, TokenResponse, new_code_verifier
from tests.support.servers import CLOSE, http, json_reply

REDIRECT_URI = "https://app.example/connect/callback?x=a b&y=ü"
VERIFIER = "v" * 43


@pytest.fixture
def client_for(make_transport):
    return lambda server: AuthClient(make_transport(), server.origin, "client-id", "s3cr%t+:ü")


# The authorization request


def query_of(request):
    return parse_qsl(urlsplit(request.url).query, strict_parsing=True)


def test_the_authorization_url_names_every_parameter_once(make_transport):
    client = AuthClient(make_transport(), "https://auth.vin.li", "client id&", "hush")
    request = client.authorization_request(REDIRECT_URI, "st&te", VERIFIER)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    assert request.url.startswith("https://auth.vin.li/oauth/authorization/new?")
    assert sorted(query_of(request)) == [
        ("client_id", "client id&"),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("state", "st&te"),
    ]
    assert VERIFIER not in request.url
    assert "hush" not in request.url


def test_pkce_can_be_turned_off(make_transport):
    client = AuthClient(make_transport(), "https://auth.vin.li", "id", "hush")
    names = [name for name, _ in query_of(client.authorization_request(REDIRECT_URI, "s", None))]
    assert sorted(names) == ["client_id", "redirect_uri", "response_type", "state"]


def test_verifiers_are_of_the_rfcs_characters_and_differ():
    verifiers = {new_code_verifier() for _ in range(100)}
    assert len(verifiers) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier) for verifier in verifiers)


# The exchange


def strict(request):
    """Accept a client whose id and secret were form-encoded (RFC 6749, section 2.3.1)."""
    user, _, password = base64.b64decode(request.headers["authorization"][6:]).decode().partition(":")
    return (unquote_plus(user), unquote_plus(password))


def lax(request):
    """Accept a client whose id and secret are taken as they are."""
    return tuple(base64.b64decode(request.headers["authorization"][6:]).decode().split(":", 1))


@pytest.mark.parametrize(
    "refusal", [json_reply({"error": "invalid_client"}, 400), http(401, content_type=None)]
)
@pytest.mark.parametrize("secret", ["a+b", "100%", "a%2Bb", "a:b", "a b", "schlüssel", "a&b=c", "a/b"])
@pytest.mark.parametrize("read", [strict, lax])
def test_a_secret_with_such_characters_passes_at_strict_and_lax_servers(
    serve, make_transport, read, secret, refusal
):
    server = serve(
        lambda request: json_reply({"access_token": "abc"}) if read(request) == ("id", secret) else refusal
    )
    client = AuthClient(make_transport(), server.origin, "id", secret)
    for _ in range(3):
        assert client.exchange("code", REDIRECT_URI, VERIFIER).access_token == "abc"
    assert len(server.received) <= 4  # what worked is remembered


def test_an_id_that_basic_cannot_carry_goes_encoded(serve, make_transport):
    server = serve(
        lambda request: json_reply({"access_token": "abc"}) if strict(request) == ("a:b", "c") else CLOSE
    )
    AuthClient(make_transport(), server.origin, "a:b", "c").exchange("code", REDIRECT_URI, VERIFIER)
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("secret", "answer", "requests"),
    [
        ("plain-secret_1.~*", json_reply({"error": "invalid_client"}, 401), 1),
        ("a+b", json_reply({"error": "invalid_client"}, 401), 2),
        ("a+b", json_reply({"error": "invalid_grant"}, 400), 1),
        ("a+b", json_reply({"error": "invalid_grant"}, 401), 1),
        ("a+b", http(500), 1),
        ("a+b", http(403), 1),
    ],
)
def test_the_second_form_is_tried_only_if_the_client_was_refused(
    serve, make_transport, secret, answer, requests
):
    server = serve(lambda _: answer)
    client = AuthClient(make_transport(), server.origin, "id", secret)
    with pytest.raises(ProviderError):
        client.exchange("code", REDIRECT_URI, VERIFIER)
    assert len(server.received) == requests


def test_the_token_request_is_a_form_with_the_client_in_basic(serve, client_for):
    server = serve(lambda _: json_reply({"access_token": "abc"}))
    client_for(server).exchange("c/o=de", REDIRECT_URI, VERIFIER)
    (request,) = server.received
    assert (request.method, request.target) == ("POST", "/oauth/token")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["accept"] == "application/json"
    scheme, _, credentials = request.headers["authorization"].partition(" ")
    assert (scheme, base64.b64decode(credentials).decode()) == ("Basic", "client-id:s3cr%t+:ü")
    assert request.form == {
        "grant_type": "authorization_code",
        "code": "c/o=de",
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }


def test_no_verifier_is_sent_when_pkce_is_off(serve, client_for):
    server = serve(lambda _: json_reply({"access_token": "abc"}))
    client_for(server).exchange("code", REDIRECT_URI, None)
    assert "code_verifier" not in server.received[0].form


def test_an_access_token_alone_is_enough(serve, client_for):
    server = serve(lambda _: json_reply({"access_token": "abc"}))
    tokens = client_for(server).exchange("code", REDIRECT_URI, VERIFIER)
    assert tokens == TokenResponse("abc", "Bearer", None, None, None)


def test_everything_the_rfc_knows_is_read_and_the_rest_is_not():
    tokens = TokenResponse.from_json(
        {
            "access_token": "abc",
            "token_type": "bearer",
            "expires_in": 3600,
            "refresh_token": "def",
            "scope": "a b",
            "id_token": 5,
            "expires_at": 1,
        }
    )
    assert tokens == TokenResponse("abc", "Bearer", 3600, "def", "a b")


@pytest.mark.parametrize(
    ("fields", "refresh_token", "scope"),
    [
        ({"refresh_token": ""}, None, None),
        ({"refresh_token": [1]}, None, None),
        ({"refresh_token": "a b"}, None, None),
        ({"scope": ["a", "b"]}, None, "a b"),
        ({"scope": 5}, None, None),
        ({"token_type": ""}, None, None),
    ],
)
def test_an_optional_field_that_cannot_be_read_counts_as_absent(fields, refresh_token, scope):
    read = TokenResponse.from_json({"access_token": "abc"} | fields)
    assert read == TokenResponse("abc", "Bearer", None, refresh_token, scope)


def test_null_is_as_good_as_absent():
    fields = dict.fromkeys(("token_type", "expires_in", "refresh_token", "scope"))
    assert TokenResponse.from_json({"access_token": "abc", **fields}) == TokenResponse(
        "abc", "Bearer", None, None, None
    )


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (1, 1),
        (3600.0, 3600),
        ("3600", 3600),
        (31_536_000, 31_536_000),
        (10**15, 3_155_760_000),
        *((value, None) for value in (0, -1, "0", "", "abc", "1e3", True, False, [], {})),
    ],
)
def test_lifetimes(sent, read):
    assert TokenResponse.from_json({"access_token": "abc", "expires_in": sent}).expires_in == read


@pytest.mark.parametrize(
    "fields",
    [
        *(
            {"access_token": value}
            for value in (
                None,
                "",
                5,
                {},
                {"value": "x"},
                [],
                True,
                "a b",
                "tökén",
                "a\n",
                "abc\r\nX: 1",
                "x" * 8193,
            )
        ),
        *({"token_type": value} for value in ("mac", "MAC", "JWT", 1, ["Bearer"])),
    ],
)
def test_a_token_response_that_cannot_be_trusted_is_invalid(serve, client_for, fields):
    server = serve(lambda _: json_reply({"access_token": "abc"} | fields))
    with pytest.raises(InvalidResponse, match=next(iter(fields))):
        client_for(server).exchange("code", REDIRECT_URI, VERIFIER)


@pytest.mark.parametrize(
    "more",
    [
        b'"user": {"name": "M\\ud83d"}',
        b'"note": "caf\xe9"',
        b'"note": "a\tb"',
        b'"note": "\\u0000"',
        b'"x": NaN',
        b'"expires_in": NaN',
        b'"expires_in": 1e400',
        b'"scope": "\\ud800"',
        b'"n": ' + b"9" * 5000,
        b'"deep": ' + b"[" * 100 + b"]" * 100,
        b'"token_type": " "',
    ],
)
def test_what_decides_nothing_may_be_odd(serve, client_for, more):
    server = serve(lambda _: http(200, b'{"access_token": "abc", ' + more + b"}"))
    assert client_for(server).exchange("code", REDIRECT_URI, VERIFIER).access_token == "abc"


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": "invalid_grant", "error_description": "caf\xe9"}',
        b'{"error": "invalid_grant", "note": "\\ud83d"}',
        b'{"error": "invalid_grant", "n": NaN}',
        b"error=invalid_grant&error_description=x",
    ],
)
@pytest.mark.parametrize("status", [200, 400, 401])
def test_an_error_is_read_whatever_stands_beside_it(serve, client_for, status, body):
    server = serve(lambda _: http(status, body, content_type="text/plain"))
    with pytest.raises(Refused) as caught:
        client_for(server).refresh("a-refresh-token")
    assert caught.value.error == "invalid_grant"


@pytest.mark.parametrize("status", [200, 400, 401])
def test_the_encoded_form_is_tried_whatever_the_status_of_the_refusal(serve, make_transport, status):
    right = "Basic " + base64.b64encode(b"id:a%2Bb").decode()
    server = serve(
        lambda request: (
            json_reply({"access_token": "abc"})
            if request.headers["authorization"] == right
            else json_reply({"error": "invalid_client"}, status)
        )
    )
    client = AuthClient(make_transport(), server.origin, "id", "a+b")
    for _ in range(2):
        assert client.exchange("code", REDIRECT_URI, None).access_token == "abc"
        assert client.token_answer("code", REDIRECT_URI, None).status == 200
    assert len(server.received) == 5, "what worked is remembered"


@pytest.mark.parametrize(
    "reply",
    [
        http(200),
        http(200, b"", content_type=None),
        http(200, b"[]"),
        http(200, b'[{"access_token": "abc"}]'),
        http(200, b"null"),
        http(200, b'"access_token"'),
        http(200, b"{}"),
        http(200, b'{"message": "no"}'),
        http(200, b"<html>", content_type="text/html"),
        http(200, b'{"access_token": "abc", "access_token": "def"}'),
        http(200, b'{"access_token": "\\ud800"}'),
        http(200, b'{"access_token": "\xff\xfe"}'),
        http(200, b'{"access_token": "abc"'),
        http(200, b"[" * 100_000),
        http(200, b"[" * 5000 + b"]" * 5000),
        http(200, json.dumps({"access_token": "abc", "more": "x" * 70_000}).encode()),
        http(200, gzip.compress(b" " * 5_000_000), Content_Encoding="gzip"),
        http(200, b"not gzip", Content_Encoding="gzip"),
        b"220 smtp.example.com ESMTP\r\n\r\n",
        http(204),
        http(204, content_type=None),
        http(999),
        *(
            json_reply({"access_token": "abc"}, status, Location=place)
            for status in (301, 302, 303, 307, 308)
            for place in ("/elsewhere", "http://127.0.0.1:9/oauth/token")
        ),
    ],
)
def test_an_answer_that_is_no_token_response_is_invalid(serve, client_for, reply):
    server = serve(lambda _: reply)
    with pytest.raises(InvalidResponse) as caught:
        client_for(server).exchange("code", REDIRECT_URI, VERIFIER)
    assert "abc" not in str(caught.value)
    assert len(server.received) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404])
@pytest.mark.parametrize(
    ("body", "content_type", "error"),
    [
        (b'{"error": "invalid_grant"}', "application/json", "invalid_grant"),
        (b"", None, None),
        (b"<html>", "text/html", None),
        (
            b'{"statusCode": 401, "error": "Unauthorized", "message": "no"}',
            "application/json",
            "Unauthorized",
        ),
    ],
)
def test_every_refusal_is_plain(serve, client_for, status, body, content_type, error):
    server = serve(lambda _: http(status, body, content_type=content_type))
    with pytest.raises(Refused) as caught:
        client_for(server).exchange("code", REDIRECT_URI, VERIFIER)
    assert type(caught.value) is Refused
    assert (caught.value.status, caught.value.error) == (status, error)
    # The client's secret has characters that a strict server decodes, so a refused client is tried in both forms.
    assert len(server.received) == (2 if status == 401 and error != "invalid_grant" else 1)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (http(500, b"Traceback (most recent call last)"), ServerFailed),
        (http(502, b"<h1>nginx</h1>", content_type="text/html"), ServerFailed),
        (http(503), ServerFailed),
        (http(429), Throttled),
        (CLOSE, Unreachable),
    ],
)
def test_an_exchange_is_never_repeated(serve, client_for, reply, kind):
    server = serve(lambda _: reply)
    with pytest.raises(kind):
        client_for(server).exchange("code", REDIRECT_URI, VERIFIER)
    assert len(server.received) == 1


def test_a_caller_in_a_hurry_says_how_long_it_has(serve, client_for):
    silent = threading.Event()
    client = client_for(serve(lambda _: lambda _sock: silent.wait(10)))
    with pytest.raises(TimedOut):
        client.exchange("code", REDIRECT_URI, VERIFIER, deadline=0.05)
    with pytest.raises(TimedOut):
        client.current_user("abc", deadline=0.05)
    silent.set()


def test_tokens_do_not_show_themselves():
    assert "hush" not in repr(TokenResponse("hush", "Bearer", None, "hush", None))


# Who is connected


def test_the_current_user_is_asked_for_with_the_token(serve, client_for):
    user = {"id": "6b24cb2a", "email": "example@gmail.com", "firstName": None, "phone": "+1", "settings": {}}
    server = serve(lambda _: json_reply({"user": user}))
    found = client_for(server).current_user("abc")
    assert (found.id, found.email, found.first_name, found.last_name) == (
        "6b24cb2a",
        "example@gmail.com",
        None,
        None,
    )
    (request,) = server.received
    assert (request.method, request.target) == ("GET", "/api/v1/users/_current")
    assert request.headers["authorization"] == "Bearer abc"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"user": None},
        {"user": []},
        {"user": {"email": "a@b"}},
        {"user": {"id": None, "email": "a@b"}},
        {"user": {"id": "", "email": "a@b"}},
        {"user": {"id": 5, "email": "a@b"}},
        {"user": {"id": "a\ud800", "email": "a@b"}},
        {"user": {"id": "a\u0000", "email": "a@b"}},
        {"user": {"id": "a" * 201, "email": "a@b"}},
    ],
)
def test_a_user_that_is_none_is_invalid(serve, client_for, body):
    server = serve(lambda _: json_reply(body))
    with pytest.raises(InvalidResponse):
        client_for(server).current_user("abc")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, "Driver"),
        ({"email": None}, "Driver"),
        ({"email": "a@b", "firstName": 1, "lastName": []}, "1"),
        ({"email": ["a@b"], "firstName": "Ada"}, "Ada"),
        ({"email": "a@b", "firstName": "Ada \ud83d"}, "Ada \ufffd"),
        ({"email": "a@b", "firstName": "A\u0000a"}, "A\ufffda"),
        ({"email": "a@b", "phone": {"\ud83d": float("1")}}, "a@b"),
    ],
)
def test_a_user_is_known_by_the_id_alone(serve, client_for, fields, name):
    server = serve(lambda _: json_reply({"user": {"id": "6b24cb2a", **fields}}))
    user = client_for(server).current_user("abc")
    assert (user.id, user.name) == ("6b24cb2a", name)


def test_a_user_with_two_ids_is_invalid(serve, client_for):
    server = serve(lambda _: http(200, b'{"user": {"id": "a", "id": "b", "email": "a@b"}}'))
    with pytest.raises(InvalidResponse):
        client_for(server).current_user("abc")


def test_a_token_that_is_no_longer_good_is_unauthorized(serve, client_for):
    server = serve(lambda _: http(401))
    with pytest.raises(Unauthorized):
        client_for(server).current_user("abc")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_token_goes_to_no_place_that_a_redirect_names(serve, client_for, status):
    elsewhere = serve(lambda _: json_reply({"user": {"id": "a", "email": "a@b"}}))
    server = serve(lambda _: http(status, Location=f"{elsewhere.origin}/api/v1/users/_current"))
    with pytest.raises(InvalidResponse):
        client_for(server).current_user("abc")
    assert elsewhere.connections == 0
