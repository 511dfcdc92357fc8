"""Whatever arrives at the callback: never a 5xx, never a token request."""

from __future__ import annotations

import contextlib
import random
import socket
import string

import pytest

from tests.support.fake_vinli import TOKEN
from tests.support.pages import Page

pytestmark = pytest.mark.contract

BATCHES = 2
QUERIES = 500
NAMES = (
    "code",
    "state",
    "error",
    "error_description",
    "error_uri",
    "iss",
    "scope",
    "access_token",
    "next",
    "",
    "__proto__",
    "code[]",
    "STATE",
)


class Chaos:
    """A source of query strings, the same at every run; ``states`` are values that may be real."""

    def __init__(self, seed: int, states: list[str]) -> None:
        self.random = random.Random(seed)
        self.states = states

    def query(self) -> str:
        pairs = [self._pair() for _ in range(self.random.choice((0, 1, 1, 2, 2, 3, 5, 12)))]
        return self.random.choice(("&", "&", "&", ";", "&&")).join(pairs)

    def _pair(self) -> str:
        name = self.random.choice(NAMES)
        is_real = name == "state" and self.random.random() < 0.5
        value = self.random.choice(self.states) if is_real else self._value()
        return self.random.choice((f"{name}={value}", f"{name}={value}", name, f"={value}"))

    def _value(self) -> str:
        random = self.random
        kinds = (
            lambda: "".join(random.choices(string.ascii_letters + string.digits, k=random.randrange(1, 80))),
            lambda: "".join(f"%{random.randrange(256):02x}" for _ in range(random.randrange(1, 40))),
            lambda: "".join(chr(random.choice((0xE9, 0x4E2D, 0x202E, 0x1F697, 0xFEFF))) for _ in range(8)),
            lambda: "x" * random.choice((2047, 2049, 5000)),
            lambda: random.choice(
                (
                    "%",
                    "%0",
                    "%zz",
                    "%00",
                    "%0d%0aSet-Cookie:%20a=b",
                    "%ed%a0%80",
                    "%c0%af",
                    "..%2f",
                    "%25%32%35",
                )
            ),
            lambda: random.choice(
                ("access_denied", "<script>", "{{7*7}}", "null", "[]", "' or 1=1--", "${jndi:x}")
            ),
            lambda: random.choice(self.states)[: random.randrange(60)],
            lambda: ".".join(random.choices(("", "IkEi", "a", "Ilx1ZDgwMCI", "eyJ9"), k=3)),
        )
        return random.choice(kinds)()


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_thousand_random_queries_give_no_5xx_and_no_token_request(batch, local, vinli):
    with local.browser() as owner, local.browser() as stranger:
        states = [owner.attempt()[0] for _ in range(5)]
        used, _ = stranger.attempt()
        stranger.get(f"/connect/callback?state={used}&error=access_denied")
        mine, _ = stranger.attempt()
        local.clock.advance(700)  # the stranger's own attempts are expired or used; the owner's are foreign
        chaos = Chaos(20261122 + batch, [*states, used, mine])
        statuses = [stranger.get(f"/connect/callback?{chaos.query()}").status_code for _ in range(QUERIES)]
    assert set(statuses) == {400}
    assert vinli.received(TOKEN) == []


def test_random_queries_with_a_good_attempt_give_no_5xx_either(local, vinli):
    """Here the state is good and this browser's, so a lucky query may be a true answer: 302, or a denial's 403."""
    with local.browser() as browser:
        statuses = set()
        for seed in range(150):
            state, _ = browser.attempt()
            response = browser.get(f"/connect/callback?{Chaos(seed, [state]).query()}&state={state}")
            statuses.add(response.status_code)
            assert "<script>" not in Page(response.text).text
        assert statuses <= {302, 400, 403, 502}
        codes = [request.form["code"] for request in vinli.received(TOKEN)]
        assert len(codes) == len(set(codes))


GARBAGE = (
    b"GET /connect/callback?code=\xff\xfe&state=\x80 HTTP/1.1",
    b"GET /connect/callback?" + b"a" * 9000 + b" HTTP/1.1",
    b"GET /connect/callback?code=x\x00y HTTP/1.1",
    b"GET /connect/callback?code=%%%&&&=== HTTP/1.1",
    b"GET /connect/callback?" + b"&".join(b"p%d=1" % n for n in range(900)) + b" HTTP/1.1",
    b"GET //connect/callback?code=x HTTP/1.1",
    b"GET /connect/%63allback?code=x HTTP/1.1",
    b"GET /connect/callback%00?code=x HTTP/1.1",
    b"GET http://evil.example/connect/callback?code=x HTTP/1.1",
    b"GET /../../etc/passwd HTTP/1.1",
    b"GET * HTTP/1.1",
    b"get /connect/callback HTTP/1.1",
    b"GET /connect/callback HTTP/9.9",
    b"GET /connect/callback",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
)


@pytest.mark.parametrize("line", GARBAGE)
def test_a_request_line_that_cannot_be_gives_no_5xx(line, site):
    host = site.origin.removeprefix("http://").encode()
    answer = exchange(site, line + b"\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    assert answer == b"" or answer[9:12] < b"500"
    assert site.token_requests() == 0


@pytest.mark.parametrize(
    "header",
    [
        b"Cookie: " + b"x" * 7000,
        b"Cookie: vinli_connect_session=\xff\xfe\x00",
        b"Cookie: ;;;=;=;vinli_connect_session",
        b"X-Large: " + b"x" * 9000,
        b"Sec-Fetch-Site: \xe2\x98\x83",
        b"Accept: " + b"a/b;q=x," * 500,
        b"Content-Length: -1",
        b"Content-Length: 1\r\nContent-Length: 2",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5",
    ],
)
@pytest.mark.parametrize("path", [b"/", b"/garage", b"/connect/callback?code=x&state=y"])
def test_a_header_that_cannot_be_gives_no_5xx(header, path, site):
    answer = exchange(site, request_head(site, b"GET " + path, header) + b"\r\n")
    assert answer == b"" or answer[9:12] < b"500"


FORM = b"application/x-www-form-urlencoded"
BODIES = (
    (FORM, b"csrf_token=%ff%fe&password=%00"),
    (FORM, b"\xff\xfe=\x00&=&&&;;=%"),
    (FORM, b"&".join(b"a%d=1" % number for number in range(5000))),
    (FORM + b"; charset=utf-99", b"csrf_token=x"),
    (b"multipart/form-data", b"--x\r\n"),
    (
        b"multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data; name=csrf_token\r\n\r\n" + b"y" * 9000,
    ),
    (
        b"multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" * 1200 + b"--x--",
    ),
    (b"multipart/form-data; boundary=" + b"x" * 300, b""),
    (b"application/json", b'{"csrf_token": ' + b"[" * 9000),
    (b"text/plain", b"csrf_token=x"),
    (b"", b"\x00\x01\x02"),
)


@pytest.mark.parametrize(("content_type", "body"), BODIES)
@pytest.mark.parametrize("path", [b"/disconnect", b"/operator", b"/operator/sign-out"])
def test_a_body_that_cannot_be_gives_no_5xx(path, content_type, body, site):
    head = request_head(site, b"POST " + path, b"Content-Type: " + content_type)
    answer = exchange(site, head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert b"400" <= answer[9:12] < b"500"


@pytest.mark.parametrize("path", [b"/disconnect", b"/operator"])
def test_a_chunked_body_without_end_is_cut_off(path, site):
    head = request_head(site, b"POST " + path, b"Content-Type: " + FORM, b"Transfer-Encoding: chunked")
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    answer = exchange(site, head + b"\r\n" + chunk * 40 + b"0\r\n\r\n")
    assert answer == b"" or b"400" <= answer[9:12] < b"500"


def request_head(site, start: bytes, *headers: bytes) -> bytes:
    host = site.origin.removeprefix("http://").encode()
    lines = (start + b" HTTP/1.1", b"Host: " + host, b"Connection: close", *headers)
    return b"\r\n".join(lines) + b"\r\n"


def exchange(site, request: bytes) -> bytes:
    """Send bytes as they are; return what came back until the connection ended."""
    host, _, port = site.origin.removeprefix("http://").partition(":")
    answer = b""
    with (
        socket.create_connection((host, int(port)), timeout=10) as connection,
        contextlib.suppress(ConnectionError),
    ):
        connection.sendall(request)
        with contextlib.suppress(OSError):  # the server may have closed its side already
            connection.shutdown(socket.SHUT_WR)
        while piece := connection.recv(65536):
            answer += piece
    return answer
