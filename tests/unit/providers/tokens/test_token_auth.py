"""Credentials on requests: tokens are renewed once after a 401, in the transport and in requests alone."""

import threading
from types import SimpleNamespace

import pytest
import requests

from providers.errors import Forbidden, NoToken, Unauthorized
from providers.http.auth import ComposedAuth, HeaderAuth
from providers.tokens.auth import TokenAuth
from tests.support.servers import CLOSE, http, json_reply
from tests.support.token_engine import Endpoint, TestClock, declaration, source_of


class Tokens:
    """A source that gives a, b, c ...: the next one after each refusal."""

    def __init__(self, *values, gives_up=False):
        self.values = list(values)
        self.refusals, self.again = [], []
        self.gives_up = gives_up

    def token(self):
        return SimpleNamespace(value=self.values[0])

    def refused(self, token):
        self.refusals.append(token.value)
        if self.gives_up:
            return None
        self.values.pop(0)
        return self.token()

    def refused_again(self, token):
        self.again.append(token.value)


def accepting(*good):
    def respond(request):
        token = request.headers["authorization"].removeprefix("Bearer ")
        return json_reply({"ok": True}) if token in good else json_reply({"no": "x" * 500}, 401)

    return respond


def test_after_a_401_the_request_is_repeated_once_with_another_token(serve, make_transport):
    server = serve(accepting("b"))
    tokens = Tokens("a", "b")
    answer = make_transport(server.origin).request(
        "p", "POST", f"{server.origin}/x", auth=TokenAuth(tokens), json={"n": 1}
    )
    assert answer.json() == {"ok": True}
    assert (tokens.refusals, tokens.again) == (["a"], [])
    assert [(r.method, r.headers["authorization"], r.body) for r in server.received] == [
        ("POST", "Bearer a", b'{"n": 1}'),
        ("POST", "Bearer b", b'{"n": 1}'),
    ]
    assert server.connections == 1


def test_a_second_401_is_the_answer(serve, make_transport):
    server = serve(accepting())
    tokens = Tokens("a", "b", "c")
    with pytest.raises(Unauthorized):
        make_transport(server.origin).request("p", "GET", f"{server.origin}/x", auth=TokenAuth(tokens))
    assert (tokens.refusals, tokens.again) == (["a"], ["b"])
    assert len(server.received) == 2


def test_without_another_token_the_401_is_the_answer(serve, make_transport):
    server = serve(accepting())
    with pytest.raises(Unauthorized):
        make_transport(server.origin).request(
            "p", "GET", f"{server.origin}/x", auth=TokenAuth(Tokens("a", gives_up=True))
        )
    assert len(server.received) == 1


INVALID_TOKEN_CHALLENGES = [
    'Bearer error="invalid_token"',
    'bearer realm="x, y", error = "invalid_token", error_description="expired"',
    "Bearer error=invalid_token",
    'Basic realm="a", Bearer realm="b",error="invalid_token"',
    'Negotiate abc==, BEARER error="invalid_token"',
    'Bearer realm="say \\"hi\\"", error="invalid_token"',
]
OTHER_CHALLENGES = [
    None,
    "",
    "Bearer",
    'Bearer error="insufficient_scope"',
    'Basic realm="error=invalid_token"',
    'Basic error="invalid_token"',
    'Bearer realm="error=\\"invalid_token\\""',
    'Bearer x_error="invalid_token"',
    '="',
]


def refusing_with(challenge):
    headers = {} if challenge is None else {"WWW_Authenticate": challenge}

    def respond(request):
        is_good = request.headers["authorization"] == "Bearer b"
        return json_reply({"ok": True}) if is_good else http(403, **headers)

    return respond


@pytest.mark.parametrize("challenge", INVALID_TOKEN_CHALLENGES)
def test_a_403_that_says_the_token_is_invalid_renews_once(challenge, serve, make_transport):
    server = serve(refusing_with(challenge))
    tokens = Tokens("a", "b")
    make_transport(server.origin).request("p", "GET", f"{server.origin}/x", auth=TokenAuth(tokens))
    assert tokens.refusals == ["a"]
    tokens = Tokens("a", "c")
    with pytest.raises(Unauthorized):
        make_transport(server.origin).request("p", "GET", f"{server.origin}/x", auth=TokenAuth(tokens))
    assert (tokens.refusals, tokens.again) == (["a"], ["c"])


@pytest.mark.parametrize("challenge", OTHER_CHALLENGES)
def test_a_403_about_permissions_does_not_renew(challenge, serve, make_transport):
    server = serve(refusing_with(challenge))
    tokens = Tokens("a", "b")
    with pytest.raises(Forbidden):
        make_transport(server.origin).request("p", "GET", f"{server.origin}/x", auth=TokenAuth(tokens))
    assert tokens.refusals == []


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500])
def test_no_other_status_renews(serve, make_transport, status):
    server = serve(lambda _: http(status))
    tokens = Tokens("a", "b")
    with pytest.raises(Exception, match=str(status)):
        make_transport(server.origin).request("p", "POST", f"{server.origin}/x", auth=TokenAuth(tokens))
    assert tokens.refusals == []
    assert len(server.received) == 1


def test_a_bare_token_and_fixed_headers_stand_together(serve, make_transport):
    server = serve(lambda request: json_reply({}, 200 if request.headers["authorization"] == "b" else 401))
    auth = ComposedAuth(HeaderAuth({"x-api-key": "key"}), TokenAuth(Tokens("a", "b"), scheme=""))
    make_transport(server.origin).request("p", "GET", f"{server.origin}/x", auth=auth)
    assert [(r.headers["authorization"], r.headers["x-api-key"]) for r in server.received] == [
        ("a", "key"),
        ("b", "key"),
    ]


@pytest.mark.parametrize("value", ["", "a b", "a\nb", "ü", "a\0"])
def test_what_no_header_can_carry_is_refused(value):
    with pytest.raises(ValueError, match="x-api-key"):
        HeaderAuth({"x-api-key": value})


def test_the_engine_renews_through_the_same_transport_while_a_call_waits(serve, make_transport):
    """The token request is sent from within the call that was refused: one exchange within another."""
    endpoint = Endpoint()

    def respond(request):
        return endpoint(request) if request.path == "/token" else accepting("t2")(request)

    server = serve(respond)
    transport = make_transport(server.origin)
    auth = TokenAuth(source_of(declaration(server), transport, TestClock()))
    assert transport.request("p", "GET", f"{server.origin}/x", auth=auth).status == 200
    assert [request.path for request in server.received] == ["/token", "/x", "/token", "/x"]


def test_where_no_token_can_be_had_after_a_401_the_call_says_so(serve, make_transport):
    endpoint = Endpoint()

    def respond(request):
        if request.path == "/token":
            return endpoint(request)
        endpoint.replies.append(json_reply({"error": "invalid_client"}, 401))
        return http(401)

    server = serve(respond)
    transport = make_transport(server.origin)
    auth = TokenAuth(source_of(declaration(server), transport, TestClock()))
    with pytest.raises(NoToken) as caught:
        transport.request("p", "GET", f"{server.origin}/x", auth=auth)
    assert (caught.value.remedy, caught.value.error) == ("settings", "invalid_client")


def test_a_connection_that_dies_between_the_401_and_the_repeat_is_replaced(serve, make_transport):
    answers = [http(401), CLOSE, json_reply({"ok": True})]
    server = serve(lambda _: answers.pop(0))
    answer = make_transport(server.origin).request(
        "p", "GET", f"{server.origin}/x", auth=TokenAuth(Tokens("a", "b", "c"))
    )
    assert answer.json() == {"ok": True}
    assert server.connections == 2


def test_requests_alone_can_use_it_from_many_threads(serve):
    server = serve(accepting("b"))
    lock = threading.Lock()

    class Shared(Tokens):
        def refused(self, token):
            with lock:
                self.refusals.append(token.value)
                self.values = ["b"]
            return SimpleNamespace(value="b")

    auth, statuses = TokenAuth(Shared("a")), []

    def call():
        with requests.Session() as session:
            session.trust_env = False
            statuses.append(session.get(f"{server.origin}/x", auth=auth, timeout=10).status_code)

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 16
