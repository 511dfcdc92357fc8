"""The control interface of the sandbox, and what its server does with connections."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.support.sandbox_process import Person, SandboxProcess

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def running():
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def sandbox(running):
    yield running
    running.control("DELETE", "/faults")


def get(sandbox, path, **options):
    return requests.get(sandbox.origin + path, auth=sandbox.app, timeout=10, **options)


def raw(sandbox, *requests_):
    """Send bytes over one connection and return all that comes back until it closes."""
    parts = urlsplit(sandbox.origin)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(b"".join(requests_))
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


# --- faults


def test_a_fault_is_answered_word_for_word_and_as_often_as_told(sandbox):
    fault = {
        "path": "/api/v1/devices",
        "status": 503,
        "body": "<html>down</html>",
        "content_type": "text/html",
        "headers": {"Retry-After": "7"},
        "times": 1,
    }
    sandbox.control("POST", "/faults", fault)
    response = get(sandbox, "/api/v1/devices?limit=3")
    assert (response.status_code, response.text) == (503, "<html>down</html>")
    assert response.headers["Retry-After"] == "7"
    assert get(sandbox, "/api/v1/devices").status_code == 200


def test_a_fault_may_be_for_one_page_of_a_list(sandbox):
    sandbox.control("POST", "/faults", {"path": "/api/v1/devices", "query": {"offset": "2"}, "status": 500})
    statuses = [get(sandbox, f"/api/v1/devices?limit=2&offset={offset}").status_code for offset in (0, 2, 4)]
    assert statuses == [200, 500, 200]


def test_an_empty_answer_without_a_content_type_can_be_had(sandbox):
    sandbox.control("POST", "/faults", {"path": "/oauth/token", "status": 403})
    response = requests.post(sandbox.origin + "/oauth/token", timeout=10)
    assert (response.status_code, response.content) == (403, b"")
    assert "Content-Type" not in response.headers


def test_a_delay_holds_the_true_answer_back(sandbox):
    sandbox.control("POST", "/faults", {"path": "/api/v1/devices", "delay_ms": 60_000})
    with pytest.raises(requests.ReadTimeout):
        requests.get(sandbox.origin + "/api/v1/devices", auth=sandbox.app, timeout=(5, 0.2))


def test_a_body_that_drips_is_announced_at_once(sandbox):
    sandbox.control("POST", "/faults", {"path": "/api/v1/devices", "drip": True, "body": "x" * 1000})
    with requests.get(sandbox.origin + "/api/v1/devices", stream=True, timeout=10) as response:
        assert response.status_code == 200
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert response.raw.read1(10) == b"x"


def test_a_connection_is_dropped_without_an_answer(sandbox):
    sandbox.control("POST", "/faults", {"path": "/api/v1/devices", "close": True})
    sandbox.control("DELETE", "/requests")
    with pytest.raises(requests.ConnectionError):
        get(sandbox, "/api/v1/devices")
    assert sandbox.control("GET", "/requests")["requests"][0]["status"] == 0


def test_a_preflight_uses_no_fault_up(sandbox):
    sandbox.control("POST", "/faults", {"path": "/api/v1/devices", "status": 500, "times": 1})
    headers = {"Origin": "http://127.0.0.1:8000", "Access-Control-Request-Method": "GET"}
    url = sandbox.origin + "/api/v1/devices"
    assert requests.options(url, headers=headers, timeout=10).status_code == 204
    assert get(sandbox, "/api/v1/devices").status_code == 500


@pytest.mark.parametrize(
    "fault", [{}, {"path": "/x", "status": "500"}, {"path": "/x", "unknown": 1}, [], "x"]
)
def test_a_fault_that_makes_no_sense_is_refused(sandbox, fault):
    response = requests.post(sandbox.origin + "/_sandbox/faults", json=fault, timeout=10)
    assert response.status_code == 400


# --- what was received


def test_requests_are_told_by_method_path_and_connection_and_hold_no_secrets(sandbox):
    sandbox.control("DELETE", "/requests")
    driver = Person(sandbox)
    callback = driver.authorize(sandbox.authorization_url("token", state="s3cr3t-state"))
    token = dict(parse_qsl(urlsplit(callback).fragment))["access_token"]
    requests.get(sandbox.origin + "/user/devices", params={"access_token": token}, timeout=10)
    log = sandbox.control("GET", "/requests")["requests"]
    assert [(entry["method"], entry["path"], entry["status"]) for entry in log] == [
        ("GET", "/oauth/authorization/new", 200),
        ("POST", "/sign-in", 303),
        ("GET", "/oauth/authorization/new", 200),
        ("POST", "/oauth/authorization", 302),
        ("GET", "/user/devices", 200),
    ]
    assert len({entry["connection"] for entry in log}) == 2
    written = json.dumps(log) + sandbox.log()
    for secret in (
        token,
        "s3cr3t-state",
        *sandbox.app,
        *sandbox.client,
        sandbox.credentials["driver_password"],
    ):
        assert secret not in written


def test_connections_are_counted_and_control_calls_are_not(sandbox):
    before = sandbox.control("GET", "/stats")
    with requests.Session() as session:
        for _ in range(5):
            session.get(sandbox.origin + "/api/v1/devices", auth=sandbox.app, timeout=10)
    with requests.Session() as session:
        session.get(sandbox.origin + "/nowhere", timeout=10)
    after = sandbox.control("GET", "/stats")
    assert after["connections"] - before["connections"] == 2
    assert after["requests"] - before["requests"] == 6


def test_a_connection_that_sends_nothing_counts(sandbox):
    before = sandbox.control("GET", "/stats")["connections"]
    parts = urlsplit(sandbox.origin)
    with socket.create_connection((parts.hostname, parts.port)):
        get(sandbox, "/api/v1/devices")
        assert sandbox.control("GET", "/stats")["connections"] == before + 2


# --- tokens and time


def test_tokens_of_one_driver_or_of_all_are_revoked(sandbox):
    def token_of(email):
        callback = Person(sandbox, email).authorize(sandbox.authorization_url("token"))
        return dict(parse_qsl(urlsplit(callback).fragment))["access_token"]

    def status(token):
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(sandbox.origin + "/api/v1/devices", headers=headers, timeout=10).status_code

    first, second = sandbox.credentials["drivers"]
    tokens = token_of(first), token_of(second)
    sandbox.control("POST", "/tokens/revoke", {"driver": first})
    assert [status(token) for token in tokens] == [401, 200]
    sandbox.control("POST", "/tokens/revoke")
    assert [status(token) for token in tokens] == [401, 401]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/tokens/revoke", {"driver": "nobody@example.com"}, 404),
        ("/tokens/revoke", {"driver": 5}, 404),
        ("/clock", {}, 400),
        ("/clock", {"advance_seconds": -1}, 400),
        ("/clock", {"advance_seconds": "1"}, 400),
        ("/clock", [], 400),
    ],
)
def test_what_makes_no_sense_is_refused(sandbox, path, body, status):
    response = requests.post(sandbox.origin + "/_sandbox" + path, json=body, timeout=10)
    assert response.status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "rebound.example"},
        {"Host": "localhost.evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["/stats", "/requests"])
def test_no_page_of_another_site_controls_the_sandbox(sandbox, headers, path):
    response = requests.get(sandbox.origin + "/_sandbox" + path, headers=headers, timeout=10)
    assert response.status_code == 403


# --- the server


def test_requests_sent_together_are_answered_in_order(sandbox):
    answer = raw(
        sandbox,
        b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    assert answer.count(b"HTTP/1.1 ") == 2
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"HTTP/1.1 404 " in answer


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense code=s3cr3t\r\n\r\n", 400),
        (b"GET /x?code=s3cr3t HTTP/1.1\r\n\r\n", 400),
        (b"GET /x?code=s3cr3t HTTP/9.9\r\n\r\n", 505),
        (b"GET http://[::/s3cr3t HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /x HTTP/1.1\r\nA: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    ],
)
def test_what_cannot_be_read_is_refused_without_quoting_it(sandbox, request_, status):
    head, _, body = raw(sandbox, request_).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"Connection: close" in head
    assert json.loads(body)["statusCode"] == status
    assert b"s3cr3t" not in body
    assert "s3cr3t" not in sandbox.log()


def test_an_absolute_target_is_understood(sandbox):
    answer = raw(
        sandbox, b"GET http://any.example/sign-in HTTP/1.1\r\nHost: any.example\r\nConnection: close\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_old_clients_get_an_answer_that_ends_with_the_connection(sandbox):
    sandbox.control("POST", "/faults", {"path": "/x", "drip": True, "body": "ab"})
    head, _, body = raw(sandbox, b"GET /x HTTP/1.0\r\n\r\n").partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert body == b"ab"


def test_a_head_request_gets_no_body(sandbox):
    answer = raw(sandbox, b"HEAD /sign-in HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n")
    assert b"Content-Length: 0" not in answer


def test_header_names_with_underscores_pass_for_nothing(sandbox):
    answer = raw(
        sandbox,
        b"GET /_sandbox/stats HTTP/1.1\r\nHost: evil.example\r\nX_Host: a\r\nConnection: close\r\n\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 403 ")


def test_many_connections_are_answered_at_once(sandbox):
    sandbox.control("POST", "/faults", {"path": "/api/v1/devices", "delay_ms": 300})
    sandbox.control("DELETE", "/requests")
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: get(sandbox, "/api/v1/devices").status_code, range(40)))
    assert answers == [200] * 40
