"""What one token request makes of the answers that may come, without the engine around it."""

import base64
import json
import time
from email.utils import formatdate

import pytest

from providers.errors import ChallengePending, InvalidResponse, Refused, ServerFailed, Throttled, Unauthorized
from providers.tokens.cognito import secret_hash
from providers.tokens.requests import MAX_LIFETIME, Body, Client, ClientAuth, TokenRequest
from tests.support.servers import http, json_reply

GOOD = {"access_token": "abc", "token_type": "Bearer", "expires_in": 100}
AMZ = "application/x-amz-json-1.1"
HUSH = "hush-hush"


@pytest.fixture
def ask(serve, make_transport):
    """Send a declaration to a server that gives one reply."""

    def ask(reply, *, refresh_token=None, user=None, **declared):
        server = serve(lambda _: reply)
        ask.received = server.received
        given = {"provider": "partner", "client_id": "id", "client_secret": HUSH, "default_lifetime": 500}
        request = TokenRequest(url=f"{server.origin}/token", **given | declared)
        return request.send(
            make_transport(server.origin), refresh_token=refresh_token, user=user, deadline=5.0
        )

    return ask


def jwt(claims):
    def part(value):
        text = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.urlsafe_b64encode(text).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}.c2lnbmF0dXJl"


def cognito(**fields):
    declared = {"USERNAME": "anna", "PASSWORD": HUSH, "SECRET_HASH": "hash"}
    return {
        "body": Body.COGNITO,
        "client_auth": ClientAuth.NONE,
        "token_at": ("AuthenticationResult", "IdToken"),
        "fields": declared | fields,
    }


def amz(value, status=200):
    return http(status, json.dumps(value).encode(), content_type=AMZ)


# The token


def test_a_token_is_read(ask):
    answer = ask(json_reply(GOOD | {"scope": "x", "refresh_token": "again", "more": [1]}))
    assert (answer.value, answer.lifetime, answer.refresh_token) == ("abc", 100, "again")


@pytest.mark.parametrize(
    "token", [None, "", 1, True, ["a"], {"a": 1}, "a b", "a\r\nX: y", "tökén", "a\u0000", "a" * 8193]
)
def test_what_is_no_token_is_invalid(ask, token):
    with pytest.raises(InvalidResponse):
        ask(json_reply(GOOD | {"access_token": token}))


@pytest.mark.parametrize("refresh_token", ["", None, 1, ["a"], "a b", "a" * 8193])
def test_what_is_no_refresh_token_is_ignored(ask, refresh_token):
    answer = ask(json_reply(GOOD | {"refresh_token": refresh_token}))
    assert (answer.value, answer.refresh_token) == ("abc", None)


@pytest.mark.parametrize("scope", [None, "", ["a", "b"], 7, {"a": 1}, [1]])
def test_the_scope_decides_nothing(ask, scope):
    assert ask(json_reply(GOOD | {"scope": scope})).value == "abc"


@pytest.mark.parametrize(
    "reply",
    [
        json_reply(GOOD, 201),
        json_reply(GOOD, 202),
        json_reply(GOOD | {"error": None}),
        json_reply(GOOD | {"error": "none"}),
        http(200, b"\xef\xbb\xbf" + json.dumps(GOOD).encode()),
        http(200, json.dumps(GOOD).encode(), content_type="text/plain"),
        http(200, json.dumps(GOOD).encode(), content_type="text/html"),
        http(200, json.dumps(GOOD).encode(), content_type=None),
        http(200, b"\r\n " + json.dumps(GOOD).encode(), content_type="application/json; charset=latin-1"),
    ],
)
def test_a_good_token_may_come_with_any_status_of_success_and_any_type(ask, reply):
    assert ask(reply).value == "abc"


@pytest.mark.parametrize(
    ("reply", "kind", "error"),
    [
        (json_reply({"error": "invalid_client"}), Refused, "invalid_client"),
        (json_reply({"error": "invalid_client", "access_token": ""}), Refused, "invalid_client"),
        (json_reply({"error": "invalid_grant"}, 201), Refused, "invalid_grant"),
        (json_reply({"error": "temporarily_unavailable"}), ServerFailed, "temporarily_unavailable"),
        (http(400, b'{"error": "invalid_client"}', content_type="text/plain"), Refused, "invalid_client"),
        (http(400, b"invalid_client", content_type="text/plain"), Refused, "invalid_client"),
        (http(400, b"error=invalid_client&x=1", content_type="text/plain"), Refused, "invalid_client"),
        (http(400, b'\xef\xbb\xbf{"error": "invalid_client"}'), Refused, "invalid_client"),
        (
            http(401, content_type=None, WWW_Authenticate='Bearer error="invalid_token"'),
            Unauthorized,
            "invalid_token",
        ),
        (http(400, b"<p>invalid_client</p>", content_type="text/html"), Refused, None),
        (http(400, b"No such client", content_type="text/plain"), Refused, None),
    ],
)
def test_an_error_is_read_wherever_it_stands(ask, reply, kind, error):
    with pytest.raises(kind) as caught:
        ask(reply)
    assert caught.value.error == error


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"access_token": None}, "access_token is missing"),
        ({"access_token": ""}, "access_token is empty"),
        ({"access_token": 7}, "access_token is a number"),
        ({"access_token": {"token": "abc"}}, "access_token is an object"),
        ({"access_token": "a" * 9000}, "9000 characters"),
        ({"access_token": "a b"}, "visible ASCII"),
        ({"token_type": "mac"}, '"mac"'),
        ({"token_type": ["Bearer"]}, r'\["Bearer"\]'),
        ({"token_type": "x" * 500}, "a text of 502 characters"),
    ],
)
def test_an_answer_that_cannot_be_used_is_named_with_what_was_wrong(ask, fields, named):
    with pytest.raises(InvalidResponse, match=named) as caught:
        ask(json_reply(GOOD | fields))
    assert "aaaa" not in caught.value.reason


@pytest.mark.parametrize("body", [{}, [], [GOOD], "abc", None, 7, {"token": "abc"}])
def test_an_answer_without_a_token_is_invalid(ask, body):
    with pytest.raises(InvalidResponse):
        ask(json_reply(body))


@pytest.mark.parametrize(
    "reply",
    [
        http(200, b""),
        http(200, b"<html>Sign in</html>", content_type="text/html"),
        http(200, b'{"access_token": "abc", "access_token": "def"}'),
        http(200, b'{"access_token": "a\\u0000"}'),
        http(200, b'\xff{"access_token": "abc"}'),
        http(200, b'{"access_token": "abc"'),
        http(200, b"[" * 10_000 + b"]" * 10_000),
        http(200, json.dumps(GOOD | {"more": "x" * 300_000}).encode()),
        http(302, b"", Location="https://elsewhere.example/"),
        http(204, content_type=None),
    ],
)
def test_what_is_no_token_response_is_invalid(ask, reply):
    with pytest.raises(InvalidResponse) as caught:
        ask(reply)
    assert caught.value.provider == "partner"
    assert "abc" not in str(caught.value)


# Its type


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "BEARER", " Bearer ", "", None])
def test_a_bearer_token_may_be_called_one_in_any_case_or_not_at_all(ask, kind):
    assert ask(json_reply(GOOD | {"token_type": kind})).value == "abc"


@pytest.mark.parametrize("kind", ["JWT", "mac", 1, True, ["Bearer"]])
def test_another_type_is_invalid(ask, kind):
    with pytest.raises(InvalidResponse, match="token_type"):
        ask(json_reply(GOOD | {"token_type": kind}))


def test_another_type_passes_where_the_declaration_names_it(ask):
    types = frozenset({"jwt", "bearer"})
    assert ask(json_reply(GOOD | {"token_type": "JWT"}), token_types=types).value == "abc"


def test_a_type_has_to_be_there_where_the_declaration_says_so(ask):
    with pytest.raises(InvalidResponse, match="token_type"):
        ask(json_reply(GOOD | {"token_type": None}), needs_type=True)


# Its lifetime


@pytest.mark.parametrize(
    ("expires_in", "lifetime"),
    [
        (1, 1),
        (3600, 3600),
        (3600.0, 3600),
        (0.5, 1),
        ("3600", 3600),
        ("3600.0", 3600),
        (" 3600 ", 3600),
        (None, 500),
        (10**15, MAX_LIFETIME),
        (1e20, MAX_LIFETIME),
        ("9" * 20, MAX_LIFETIME),
    ],
)
def test_expires_in_tells_the_lifetime(ask, expires_in, lifetime):
    assert ask(json_reply(GOOD | {"expires_in": expires_in})).lifetime == lifetime


@pytest.mark.parametrize(
    "expires_in", [0, 0.0, -1, "0", "-1", "", "soon", "3600s", "1e3", True, False, [3600], "²", "9" * 21]
)
def test_an_expires_in_that_tells_nothing_counts_as_absent(ask, expires_in):
    assert ask(json_reply(GOOD | {"expires_in": expires_in})).lifetime == 500


@pytest.mark.parametrize(
    ("expires_in", "exp", "lifetime"),
    [(3600, 600, 600), (600, 3600, 600), (None, 900, 900), ("3600", 59, 59), (None, 86400, 86400)],
)
def test_the_smaller_of_expires_in_and_exp_counts(ask, expires_in, exp, lifetime):
    now = 1_790_000_000
    token = jwt({"exp": now + exp})
    reply = json_reply(
        GOOD | {"access_token": token, "expires_in": expires_in}, Date=formatdate(now, usegmt=True)
    )
    assert ask(reply).lifetime == lifetime


def test_exp_is_counted_from_now_where_no_date_came(ask):
    token = jwt({"exp": time.time() + 50})
    assert 40 < ask(json_reply(GOOD | {"access_token": token})).lifetime <= 50


@pytest.mark.parametrize("date", ["yesterday", "", "Mon, 99 Xyz 2026 00:00:00 GMT"])
def test_exp_is_counted_from_now_where_the_date_is_none(ask, date):
    token = jwt({"exp": time.time() + 50})
    assert 40 < ask(json_reply(GOOD | {"access_token": token}, Date=date)).lifetime <= 50


@pytest.mark.parametrize("exp", [0, -5, 1.5])
def test_a_token_that_has_expired_already_is_invalid(ask, exp):
    with pytest.raises(InvalidResponse, match="expired"):
        ask(json_reply(GOOD | {"access_token": jwt({"exp": exp})}))


@pytest.mark.parametrize(
    "token",
    [
        jwt({}),
        jwt({"exp": "soon"}),
        jwt({"exp": True}),
        jwt({"exp": None}),
        jwt([1]),
        jwt(b"\xff"),
        jwt(b'{"exp": 1, "exp": 2}'),
        "two.parts",
        "a.b.c",
        "a.!!!.c",
        "..",
        "a.b.c.d.e",
    ],
)
def test_a_token_that_tells_no_exp_lives_as_long_as_the_answer_says(ask, token):
    assert ask(json_reply(GOOD | {"access_token": token})).lifetime == 100


@pytest.mark.parametrize(
    ("exp", "expires_in", "lifetime"),
    [
        (b"99999999999999", 100, 100),
        (b"1e300", 100, 100),
        (b"9" * 400, 100, 100),
        (b"99999999999999", None, MAX_LIFETIME),
        (b"1e300", None, MAX_LIFETIME),
        (b"9" * 400, None, MAX_LIFETIME),
    ],
)
def test_an_exp_of_any_size_is_capped(ask, exp, expires_in, lifetime):
    token = jwt(b'{"exp": ' + exp + b"}")
    assert ask(json_reply(GOOD | {"access_token": token, "expires_in": expires_in})).lifetime == lifetime


# Refusals


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Refused), (401, Unauthorized), (429, Throttled), (500, ServerFailed)]
)
def test_a_refusal_keeps_its_class_and_the_standard_error(ask, status, kind):
    with pytest.raises(kind) as caught:
        ask(json_reply({"error": "invalid_client", "error_description": "Unknown client"}, status))
    assert (caught.value.status, caught.value.error) == (status, "invalid_client")


def test_an_exp_far_before_the_beginning_has_passed(ask):
    with pytest.raises(InvalidResponse, match="expired"):
        ask(json_reply(GOOD | {"access_token": jwt(b'{"exp": -1' + b"0" * 400 + b"}")}))


def test_a_date_that_no_clock_shows_is_not_gone_by(ask):
    token = jwt({"exp": time.time() + 50})
    answer = json_reply(GOOD | {"access_token": token}, Date="Mon, 01 Jan 2024 00:00:00 +99999999999999999")
    assert ask(answer).lifetime <= 50


@pytest.mark.parametrize("kind", ["NotAuthorizedException", "com.amazonaws.cognito#NotAuthorizedException"])
def test_cognitos_errors_are_named(ask, kind):
    with pytest.raises(Refused) as caught:
        ask(amz({"__type": kind, "message": "Incorrect username or password."}, 400), **cognito())
    assert caught.value.error == "NotAuthorizedException"


@pytest.mark.parametrize("challenge", ["NEW_PASSWORD_REQUIRED", "SMS_MFA", "x" * 500, "\x1b[2J", {"a": 1}])
def test_a_challenge_is_an_error_of_its_own(ask, challenge):
    answer = {"ChallengeName": challenge, "Session": HUSH, "ChallengeParameters": {"USER_ID": HUSH}}
    with pytest.raises(ChallengePending) as caught:
        ask(amz(answer), **cognito())
    is_known = challenge in ("NEW_PASSWORD_REQUIRED", "SMS_MFA")
    assert (challenge if is_known else "of an unknown kind") in caught.value.reason
    assert HUSH not in str(caught.value)
    assert len(caught.value.reason) < 120


def test_a_challenge_beside_a_token_is_a_challenge(ask):
    result = {"IdToken": "abc", "AccessToken": "def", "ExpiresIn": 3600}
    with pytest.raises(ChallengePending):
        ask(amz({"AuthenticationResult": result, "ChallengeName": "SMS_MFA"}), **cognito())


# Cognito


def test_cognitos_answer_is_read_under_its_own_names(ask):
    result = {"IdToken": "the-id", "AccessToken": "the-access", "RefreshToken": "again"}
    result |= {"ExpiresIn": 3600, "TokenType": "Bearer", "access_token": "wrong", "expires_in": 1}
    answer = ask(amz({"AuthenticationResult": result, "expires_in": 7}), **cognito())
    assert (answer.value, answer.lifetime, answer.refresh_token) == ("the-id", 3600, "again")


@pytest.mark.parametrize(
    "body", [{}, {"AuthenticationResult": None}, {"AuthenticationResult": [1]}, {"IdToken": "abc"}, []]
)
def test_without_an_authentication_result_it_is_invalid(ask, body):
    with pytest.raises(InvalidResponse):
        ask(amz(body), **cognito())


def test_a_refresh_token_goes_without_name_and_password(ask):
    result = {"IdToken": "abc", "ExpiresIn": 3600}
    ask(amz({"AuthenticationResult": result}), refresh_token="again", **cognito(SCOPES="OPENID"))
    assert json.loads(ask.received[0].body) == {
        "ClientId": "id",
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": "again", "SECRET_HASH": "hash"},
    }


ALIAS_RESULT = {
    "IdToken": jwt({"cognito:username": "0b1c-anna", "email": "anna@example.com"}),
    "ExpiresIn": 3600,
    "RefreshToken": "again",
}


@pytest.mark.parametrize(
    "result",
    [
        ALIAS_RESULT,
        ALIAS_RESULT | {"IdToken": jwt({}), "AccessToken": jwt({"username": "0b1c-anna"})},
    ],
)
def test_the_hash_of_a_refresh_is_made_of_the_real_name(ask, result):
    declared = cognito() | {"client_secret": "KEY"}
    answer = ask(amz({"AuthenticationResult": result}), **declared)
    assert (answer.refresh_token, answer.user) == ("again", "0b1c-anna")
    ask(amz({"AuthenticationResult": result}), refresh_token="again", user=answer.user, **declared)
    sent = json.loads(ask.received[0].body)["AuthParameters"]
    assert sent == {"REFRESH_TOKEN": "again", "SECRET_HASH": secret_hash("KEY", "0b1c-anna", "id")}


@pytest.mark.parametrize(
    ("user", "kept"), [("0b1c-anna", None), ("anna", "again"), (None, "again"), (7, "again"), ("", "again")]
)
def test_where_only_the_hash_of_an_alias_is_known_no_refresh_is_tried(ask, user, kept):
    result = ALIAS_RESULT | {"IdToken": jwt({"cognito:username": user})}
    answer = ask(amz({"AuthenticationResult": result}), **cognito(), client_secret=None)
    assert answer.refresh_token == kept


# The request


def test_a_refresh_token_goes_with_its_grant(ask):
    ask(json_reply(GOOD), refresh_token="again&again")
    assert ask.received[0].body == b"grant_type=refresh_token&refresh_token=again%26again"


@pytest.mark.parametrize("auth", [ClientAuth.BODY, ClientAuth.NONE])
def test_without_basic_there_is_no_authorization_header(ask, auth):
    ask(json_reply(GOOD), client_auth=auth, fields={"id": Client.ID, "key": Client.SECRET})
    assert "authorization" not in ask.received[0].headers
    assert ask.received[0].form == {"id": "id", "key": HUSH}


def test_the_key_tells_tokens_apart_and_a_rotated_secret_does_not():
    base = {
        "provider": "partner",
        "url": "https://a.example/token",
        "client_id": "id",
        "client_secret": "old",
    }
    key = TokenRequest(**base).key
    for change in (
        {"provider": "other"},
        {"url": "https://b.example/token"},
        {"client_id": "other"},
        {"scope": "other"},
        {"audience": "other"},
        {"identity": "other"},
        {"token_at": ("id_token",)},
    ):
        assert TokenRequest(**base | change).key != key
    rotated = TokenRequest(**base | {"client_secret": "new"})
    assert rotated.key == key
    assert rotated.credentials != TokenRequest(**base).credentials


def test_a_declaration_does_not_show_its_secrets():
    request = TokenRequest(
        provider="partner",
        url="https://a.example/token",
        client_id="id",
        client_secret=HUSH,
        fields={"PASSWORD": f"{HUSH}2"},
    )
    assert HUSH not in repr(request) + str(request)


def test_an_answer_does_not_show_its_token(ask):
    token = f"{HUSH}.token"
    answer = ask(json_reply(GOOD | {"access_token": token, "refresh_token": token}))
    assert HUSH not in repr(answer)
