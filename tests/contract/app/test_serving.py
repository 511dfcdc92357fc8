"""What gunicorn itself answers and writes down, and what clients that never finish a request can hold up."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager

import pytest
import requests

from serving.framing import LARGE_BODIES
from tests.support.app_process import ROOT, AppProcess, app_variables
from tests.support.fake_vinli import DEVICES
from tests.support.sites import running_site

pytestmark = pytest.mark.contract

CANARY = "CANARY4711"
TIMEOUT_SECONDS = 20
# More than the threads that one slot leaves to the process: 1 + 8.
MANY = 40
HEADERS = {
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "connection": "close",
}


@pytest.fixture(scope="module")
def app():
    with AppProcess(UPSTREAM_SLOTS="1", PUBLIC_URL="http://127.0.0.1") as app:
        yield app


class Answer:
    """Status, headers (names in lower case) and body of one response read to the end of its connection."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = {
            name.lower(): value.strip() for name, _, value in (s.partition(":") for s in lines[1:])
        }


@contextmanager
def connection(app, *pieces: bytes):
    with socket.create_connection(("127.0.0.1", app.port), timeout=TIMEOUT_SECONDS) as sock:
        for piece in pieces:
            sock.sendall(piece)
        yield sock


def read_all(sock) -> bytes:
    return b"".join(iter(lambda: sock.recv(65536), b""))


def ask(app, *pieces: bytes) -> Answer:
    with connection(app, *pieces) as sock:
        return Answer(read_all(sock))


HOST = "Host: 127.0.0.1"


def head(path: str, *lines: str, method: str = "GET") -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/1.1", HOST, *lines, "", "")).encode("latin-1")


CLOSE = "Connection: close"
CALLBACK = f"/connect/callback?code={CANARY}&state=x{CANARY}"

BAD_REQUESTS = {
    "no version": (400, f"GET {CALLBACK}\r\n\r\n"),
    "no method": (400, f"{CALLBACK}\r\n\r\n"),
    "lower case": (400, f"get {CALLBACK}\r\n\r\n"),
    "wrong version": (400, f"GET {CALLBACK} HTTP/x\r\n\r\n"),
    "a space in the code": (400, f"GET /connect/callback?code=a {CANARY} HTTP/1.1\r\n\r\n"),
    "a quote in the code": (400, f"GET /connect/callback?code=a\"'{CANARY}\xff HTTP/1.1\r\n\r\n"),
    "bytes over 127": (400, f"GET {CALLBACK}\xe4{CANARY} HTTP/1.1\r\n\r\n"),
    "a control character": (400, f"GET {CALLBACK}\x01{CANARY} HTTP/1.1\r\n\r\n"),
    "an unknown parameter": (400, f"GET /connect/callback?wayward={CANARY}\x80 HTTP/1.1\r\n\r\n"),
    "lines without CR": (400, f"GET {CALLBACK} HTTP/1.1\nHost: x\n\n"),
    "a header without colon": (400, f"GET {CALLBACK} HTTP/1.1\r\nCookie session={CANARY}\r\n\r\n"),
    "a header of two lines": (400, f"GET {CALLBACK} HTTP/1.1\r\nX: a\r\n {CANARY}\r\n\r\n"),
    "two lengths": (400, f"POST {CALLBACK} HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    "a strange expectation": (417, f"GET {CALLBACK} HTTP/1.1\r\nHost: x\r\nExpect: {CANARY}\r\n\r\n"),
    "an unknown coding": (501, f"POST {CALLBACK} HTTP/1.1\r\nTransfer-Encoding: {CANARY}\r\n\r\n"),
    "a long line": (414, f"GET {CALLBACK}{'x' * 40_000} HTTP/1.1\r\n\r\n"),
    "a long header": (431, f"GET {CALLBACK} HTTP/1.1\r\nX: {CANARY}{'x' * 40_000}\r\n\r\n"),
    "a head without end": (431, f"GET {CALLBACK} HTTP/1.1\r\n" + f"X: {CANARY}{'x' * 1000}\r\n" * 60),
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_a_request_that_cannot_be_read_gets_a_page_of_ours_and_leaves_no_secret(name, app):
    status, request = BAD_REQUESTS[name]
    already = len(app.log())
    answer = ask(app, request.encode("latin-1"))
    assert answer.status == status
    assert {key: answer.headers.get(key) for key in HEADERS} == HEADERS
    assert "server" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert b"<h1>This request could not be answered</h1>" in answer.body
    assert CANARY.encode() not in answer.body
    assert b"unicorn" not in answer.body
    written = app.log()[already:]
    assert CANARY not in written
    assert f"status={status}" in written


@pytest.mark.parametrize(("protocol", "status"), [("HTTP/1.1", 400), ("HTTP/1.0", 200)])
def test_a_request_of_http_1_1_without_a_host_is_refused(protocol, status, app):
    """RFC 9112, section 3.2; probes of HTTP/1.0 need none."""
    assert ask(app, f"GET /healthz {protocol}\r\n{CLOSE}\r\n\r\n".encode()).status == status


def test_all_pages_for_unreadable_requests_are_the_same(app):
    bodies = {ask(app, request.encode("latin-1")).body for _, request in BAD_REQUESTS.values()}
    assert len(bodies) == 1


COOKIES = "; ".join(f"vinli_connect_attempt_{number}={'x' * 2000}" for number in range(20))


def test_cookies_that_are_too_long_can_be_deleted(app):
    page = ask(app, head("/", f"Cookie: {COOKIES}", CLOSE))
    assert page.status == 431
    assert b'<form method="post" action="/cookies">' in page.body
    deleted = ask(
        app, head("/cookies", f"Cookie: __Host-a=b; {COOKIES}", CLOSE, "Content-Length: 0", method="POST")
    )
    assert deleted.status == 200
    assert deleted.headers["clear-site-data"] == '"cookies"'
    assert b"vinli_connect_attempt_7=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax\r\n" in deleted.raw
    assert b"__Host-a=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure\r\n" in deleted.raw
    assert b"The cookies were deleted" in deleted.body


def test_many_cookies_that_can_be_read_are_no_problem(app):
    assert ask(app, head("/", f"Cookie: {COOKIES[:20_000]}", CLOSE)).status == 200


def test_another_long_header_is_not_taken_for_cookies(app):
    page = ask(app, head("/cookies", "Cookie: a=b", f"X: {'x' * 40_000}", CLOSE, method="POST"))
    assert page.status == 431
    assert "clear-site-data" not in page.headers
    assert b"could not be answered" in page.body


def test_every_line_of_the_log_has_our_format(app):
    ask(app, b"nonsense\r\n\r\n")
    lines = app.log().splitlines()
    assert any("gunicorn.error" in line for line in lines)
    for line in lines:
        found = re.fullmatch(r'\d{4}-\d\d-\d\dT\S+ [A-Z]+ \S+ ("(?:[^"\\]|\\.)*")( .*)?', line)
        assert found, line
        json.loads(found[1])


# --- requests that never become whole

HALVES = {
    "nothing": b"",
    "half a line": b"GET /hea",
    "half a head": b"GET / HTTP/1.1\r\nHost: x\r\nX: y",
    "half a form": head("/operator", "Content-Length: 1000", method="POST") + b"a=b",
    "half a chunked form": head("/operator", "Transfer-Encoding: chunked", method="POST") + b"5\r\nab",
    "an expected form": head("/operator", "Content-Length: 9", "Expect: 100-continue", method="POST"),
    "a form for nobody": head("/healthz", "Content-Length: 100000", method="POST"),
    "half a second request": head("/healthz") + b"GET /healthz HTT",
    "half a large form": head("/disconnect", "Content-Length: 60000", method="POST") + b"x" * 50_000,
}


@pytest.mark.parametrize("name", HALVES)
def test_halves_of_requests_hold_up_nobody(name, app):
    """With a thread for each of them, the health check would wait for their time limits."""
    with ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(connection(app, HALVES[name]))
        with socket.create_connection(("127.0.0.1", app.port), timeout=2) as sock:
            sock.sendall(head("/healthz", CLOSE))
            assert Answer(read_all(sock)).status == 200


def test_clients_that_do_not_close_hold_up_nobody(app):
    """Each was answered and told that the connection ends; none closes its side."""
    with ExitStack() as stack:
        for _ in range(MANY):
            sock = stack.enter_context(connection(app, head("/healthz", CLOSE)))
            sock.settimeout(2)
            assert Answer(read_all(sock)).status == 200


def test_half_a_request_is_closed_after_its_time(app):
    """The one test here that waits: as long as a client may take for a request, however often it sends a bit."""
    with connection(app, b"GET /healthz HTTP/1.1\r\nX: ") as sock:
        sock.settimeout(0.5)
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            try:
                assert sock.recv(1) == b""
            except TimeoutError:
                sock.sendall(b"y")
            except ConnectionError:
                break
            else:
                break
        else:
            raise AssertionError("the connection is still open")


@pytest.mark.parametrize("slots", [1, 24, 300])
def test_there_are_more_threads_than_upstream_slots(slots, tmp_path):
    variables = app_variables("http://127.0.0.1:8000") | {"STORE_URL": f"sqlite:///{tmp_path}/store.sqlite3"}
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--print-config", "app:create_app()"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "UPSTREAM_SLOTS": str(slots), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.search(r"(?m)^threads += (\d+)$", done.stdout)[1] == str(slots + 8)


# --- requests that arrive in their own way


def dribbled(request: bytes) -> list[bytes]:
    return [request[at : at + 1] for at in range(len(request))]


def chunked(*data: bytes, trailer: bytes = b"") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in data) + b"0\r\n" + trailer + b"\r\n"


FORM_TYPE = "Content-Type: application/x-www-form-urlencoded"
FORM = b"password=wrong&csrf_token=forged"


@pytest.mark.parametrize("length", ["Content-Length: 32", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("cut", ["at once", "byte by byte"])
def test_a_form_is_read_however_it_arrives(length, cut, app):
    body = FORM if "32" in length else chunked(FORM[:9], FORM[9:], trailer=b"X-Trailer: y\r\n")
    request = head("/operator", length, FORM_TYPE, CLOSE, method="POST")
    pieces = [request + body] if cut == "at once" else dribbled(request + body)
    answer = ask(app, *pieces)
    assert answer.status in {400, 403}
    assert b"could not be answered" not in answer.body, "the application itself answered"


def test_several_requests_may_be_sent_at_once(app):
    with connection(app, head("/healthz") * 3, head("/healthz", CLOSE)) as sock:
        assert read_all(sock).count(b"HTTP/1.1 200 OK") == 4


def test_a_request_behind_a_body_that_nobody_read_is_answered(app):
    first = head("/no-such-page", "Content-Length: 5", method="POST") + b"12345"
    with connection(app, first, head("/healthz", CLOSE)) as sock:
        raw = read_all(sock)
    assert raw.count(b"HTTP/1.1 ") == 2
    assert b"HTTP/1.1 200 OK" in raw


def test_a_client_that_only_sends_and_then_listens_is_answered(app):
    with connection(app, head("/healthz")) as sock:
        sock.shutdown(socket.SHUT_WR)
        assert Answer(read_all(sock)).status == 200


def test_an_expected_form_is_asked_for(app):
    request = head(
        "/operator", "Content-Length: 32", "Expect: 100-continue", CLOSE,
        FORM_TYPE, method="POST",
    )  # fmt: skip
    with connection(app, request) as sock:
        assert sock.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(FORM)
        assert b"HTTP/1.1 100 Continue" not in read_all(sock).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")


LARGE = {
    "a length over the limit": ("Content-Length: 65537", b"a" * 65537),
    "a length of many digits": ("Content-Length: 99999999999", b"a" * 65537),
    "a length and no body": ("Content-Length: 65537", b""),
    "chunks over the limit": ("Transfer-Encoding: chunked", chunked(*[b"a" * 8192] * 10)),
    "chunks far over the limit": ("Transfer-Encoding: chunked", chunked(*[b"a" * 8192] * 64)),
    "one chunk far over the limit": ("Transfer-Encoding: chunked", b"7fffffff\r\n" + b"a" * 200_000),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_body_over_the_limit_is_refused(name, app):
    length, body = LARGE[name]
    request = head("/operator", length, FORM_TYPE, CLOSE, method="POST")
    answer = ask(app, request, body)
    assert answer.status == 413
    assert answer.headers["connection"] == "close"


def test_a_body_of_just_the_limit_is_read(app):
    body = b"a=" + b"a" * 65534
    assert (
        ask(app, head("/operator", "Content-Length: 65536", FORM_TYPE, CLOSE, method="POST"), body).status
        == 400
    )


# --- photographs, which may be larger, where they are sent to

PHOTOGRAPHS = ("/api/v1/tire-sidewall", "/partners/anyline/tire-sidewall")
JPEG = "Content-Type: image/jpeg"
COOKIE = "Cookie: vinli_connect_session=x"


@pytest.mark.parametrize("path", PHOTOGRAPHS)
@pytest.mark.parametrize("size", [65_537, 2 * 1024 * 1024])
def test_a_photograph_reaches_the_application(path, size, app):
    request = head(path, f"Content-Length: {size}", JPEG, COOKIE, CLOSE, method="POST")
    answer = ask(app, request, b"x" * size)
    assert answer.status == (401 if path.startswith("/api/") else 400), (
        "for want of a token, not for its size"
    )
    assert b"could not be answered" not in answer.body


@pytest.mark.parametrize(
    ("path", "method", "length", "body"),
    [
        (PHOTOGRAPHS[0], "POST", "Content-Length: 2162689", b"x" * 100_000),
        (PHOTOGRAPHS[0], "POST", "Content-Length: 99999999999", b""),
        (PHOTOGRAPHS[0], "POST", "Transfer-Encoding: chunked", chunked(*[b"x" * 8192] * 10)),
        (PHOTOGRAPHS[1], "PUT", "Content-Length: 100000", b"x" * 100_000),
        (PHOTOGRAPHS[0] + "/", "POST", "Content-Length: 100000", b"x" * 100_000),
        ("/api/v1/tokens", "POST", "Content-Length: 100000", b"x" * 100_000),
        ("/x?/api/v1/tire-sidewall", "POST", "Content-Length: 100000", b"x" * 100_000),
    ],
)
def test_what_is_too_large_for_its_place_is_not_waited_for(path, method, length, body, app):
    answer = ask(app, head(path, length, FORM_TYPE, COOKIE, CLOSE, method=method), body)
    assert answer.status in {401, 404, 405, 413}
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("path", PHOTOGRAPHS)
def test_nobody_waits_for_the_photograph_of_a_stranger(path, app):
    already = len(app.log())
    answer = ask(app, head(path, "Content-Length: 1000000", FORM_TYPE, CLOSE, method="POST"), b"x" * 100_000)
    assert answer.status in {400, 401, 413}
    assert "ERROR" not in app.log()[already:]


def test_many_halves_of_photographs_take_a_bounded_room_and_give_it_back(app):
    request = head(PHOTOGRAPHS[0], "Content-Length: 1000000", JPEG, COOKIE, CLOSE, method="POST")
    with ExitStack() as stack:
        for _ in range(LARGE_BODIES):
            stack.enter_context(connection(app, request, b"x" * 70_000))
        answer = ask(app, request, b"x" * 70_000)
        assert answer.status == 503
        assert b"could not be answered" in answer.body
        assert ask(app, head("/healthz", CLOSE)).status == 200
        small = head(PHOTOGRAPHS[0], "Content-Length: 9", JPEG, COOKIE, CLOSE, method="POST")
        assert ask(app, small, b"x" * 9).status == 401, "what is small needs no room"
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while ask(app, request, b"x" * 1_000_000).status == 503 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert ask(app, request, b"x" * 1_000_000).status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\nab\r\n0\r\n\r\n",
        b"-1\r\nab\r\n0\r\n\r\n",
        b"5\r\npa=bcX\r\n0\r\n\r\n",
        b"5; a=\x01\r\npa=bc\r\n0\r\n\r\n",
        b"5\r\npa=bc\r\n0\r\nfoo\r\n\r\n",
        b"5" * 2000,
        b"5\npa=bc\n0\n\n",
        b"0\r\nX: " + b"y" * 2000,
    ],
)
def test_malformed_chunks_are_an_error_of_the_client(body, app):
    already = len(app.log())
    answer = ask(app, head("/operator", "Transfer-Encoding: chunked", FORM_TYPE, method="POST"), body)
    assert answer.status == 400
    assert "ERROR" not in app.log()[already:]


# --- answers that break off


def test_a_list_that_breaks_off_leaves_no_query_and_no_secret_in_the_log():
    with running_site("--devices", "20000", "--quiet") as site, site.browser() as operator:
        operator.sign_in_as_operator()
        site.fault(DEVICES, query={"offset": "10000"}, status=400, body=f"error {CANARY}")
        with operator.get(f"/operator/devices.csv?wayward={CANARY}&code=x{CANARY}", stream=True) as response:
            assert response.status_code == 200
            with pytest.raises(requests.exceptions.ChunkedEncodingError):
                for _ in response.iter_content(65536):
                    pass
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while "list broke off" not in site.app.log() and time.monotonic() < deadline:
            time.sleep(0.05)
        written = site.app.log()
        assert 'kind="Refused"' in written
        assert "Traceback" not in written
        assert CANARY not in written
        for cookie in operator.session.cookies:
            assert cookie.value not in written
        for name in ("app_id", "app_secret", "client_secret"):
            assert site.sandbox.credentials[name] not in written
