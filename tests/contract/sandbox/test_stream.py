"""The stream service: a WebSocket as vinli-cli and the mobile SDKs open it (RFC 6455)."""

import socket
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

from tests.support.certificates import Authority
from tests.support.sandbox_process import Person, SandboxProcess
from tests.support.stream_client import PATH, Refused, StreamClient

pytestmark = pytest.mark.contract

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess() as process:
        yield process


@pytest.fixture(scope="module")
def device(sandbox):
    page = requests.get(f"{sandbox.origin}/api/v1/devices?limit=1", auth=sandbox.app, timeout=10)
    return page.json()["devices"][0]["id"]


@pytest.fixture
def client(sandbox):
    with StreamClient(sandbox.origin, app=sandbox.app) as client:
        yield client


def test_the_command_line_subscribes(client, device):
    subject = {"type": "device", "id": device}
    assert client.subscribe(device) == {"type": "sub", "subject": subject, "payload": {"ack": True}}


def test_a_mobile_client_sends_its_token_in_the_query(sandbox, device):
    callback = Person(sandbox).authorize(sandbox.authorization_url("token"))
    token = dict(parse_qsl(urlsplit(callback).fragment))["access_token"]
    with StreamClient(sandbox.origin, token=token) as client:
        assert client.subscribe(device)["payload"] == {"ack": True}


@pytest.mark.parametrize(
    "credentials", [{}, {"app": ("x", "y")}, {"token": ""}, {"token": "x"}, {"app": ("x", "y"), "token": "x"}]
)
def test_refused_credentials_are_401_on_the_upgrade(sandbox, credentials):
    with pytest.raises(Refused) as caught, StreamClient(sandbox.origin, **credentials):
        pass
    assert caught.value.status == 401


def test_the_handshake_is_that_of_the_standard(sandbox):
    with socket.create_connection(address(sandbox), 10) as sock:
        sock.sendall(handshake(sandbox, UPGRADE))
        head = sock.recv(4096).decode()
    assert head.startswith("HTTP/1.1 101 ")
    assert "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=" in head.lower()


@pytest.mark.parametrize(
    "change",
    [
        {"Sec-WebSocket-Version": "8"},
        {"Sec-WebSocket-Version": None},
        {"Sec-WebSocket-Key": None},
        {"Host": "a..b"},
    ],
)
def test_a_handshake_that_is_none_is_a_bad_request(sandbox, change):
    with socket.create_connection(address(sandbox), 10) as sock:
        sock.sendall(handshake(sandbox, UPGRADE | change))
        assert sock.recv(4096).startswith(b"HTTP/1.1 400 ")


def address(sandbox):
    parts = urlsplit(sandbox.origin)
    return parts.hostname, parts.port


def handshake(sandbox, headers):
    authorization = (
        requests.Request("GET", sandbox.origin, auth=sandbox.app).prepare().headers["Authorization"]
    )
    headers = {"Host": "127.0.0.1", "Authorization": authorization} | headers
    lines = [f"GET {PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode()


def test_frames_may_come_together_with_the_handshake(sandbox, device):
    """As bytes that were read with the request's head."""
    with StreamClient(sandbox.origin, app=sandbox.app) as client:
        frame = client._connection.send(
            TextMessage(data=f'{{"type":"sub","subject":{{"type":"device","id":"{device}"}}}}')
        )
    with socket.create_connection(address(sandbox), 10) as sock:
        sock.sendall(handshake(sandbox, UPGRADE) + frame)
        received = b""
        while b'"ack":true' not in received:
            data = sock.recv(4096)
            assert data, received
            received += data


def test_a_plain_request_is_told_to_upgrade(sandbox):
    response = requests.get(sandbox.origin + PATH, auth=sandbox.app, timeout=10)
    assert response.status_code == 426
    assert response.headers["Upgrade"] == "websocket"
    assert response.json()["statusCode"] == 426


def test_no_other_path_is_a_websocket(sandbox):
    response = requests.get(f"{sandbox.origin}/api/v1/devices", auth=sandbox.app, headers=UPGRADE, timeout=10)
    assert response.status_code in (400, 405)


def test_a_ping_is_answered(client):
    client.emit(Ping(payload=b"hello"))
    event = client.event()
    assert isinstance(event, Pong)
    assert bytes(event.payload) == b"hello"


def test_a_text_may_come_in_pieces(client, device):
    text = f'{{"type":"sub","subject":{{"type":"device","id":"{device}"}}}}'
    client.emit(TextMessage(data=text[:10], message_finished=False))
    client.emit(TextMessage(data=text[10:]))
    assert client.receive()["payload"] == {"ack": True}


def test_closing_is_answered(client):
    client.emit(CloseConnection(code=1000))
    assert client.closing().code == 1000
    assert client._socket.recv(1) == b""


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (lambda client: client.emit(BytesMessage(data=b"x")), 1003),
        (lambda client: client.send("x" * 70_000), 1009),
        (lambda client: client.raw(b"\x81\x05hello"), 1002),
        (lambda client: client.raw(b"\xff" * 20), 1002),
        (lambda client: client.raw(b"\x81\x81\x00\x00\x00\x00\xff"), 1007),
    ],
    ids=["binary", "too long", "not masked", "reserved bits", "not UTF-8"],
)
def test_who_breaks_the_rules_is_told_and_left(client, break_it, code):
    break_it(client)
    assert client.closing().code == code


def test_a_client_that_goes_away_leaves_nothing_in_the_log(sandbox):
    for _ in range(3):
        with StreamClient(sandbox.origin, app=sandbox.app):
            pass
    assert requests.get(f"{sandbox.origin}/api/v1/devices", auth=sandbox.app, timeout=10).ok
    assert "Traceback" not in sandbox.log()


def test_a_stream_has_a_host_of_its_own(sandbox):
    for host, status in (("stream.localhost", b"101"), ("platform.localhost", b"404")):
        with socket.create_connection(address(sandbox), 10) as sock:
            sock.sendall(handshake(sandbox, UPGRADE | {"Host": host}))
            assert sock.recv(4096).split()[1] == status


def test_the_command_line_comes_over_tls(tmp_path):
    Authority(tmp_path).server_context("127.0.0.1")
    pem = tmp_path / "127.0.0.1-False.pem"
    with SandboxProcess("--tls-cert", pem, "--tls-key", pem) as sandbox:
        page = requests.get(
            f"{sandbox.origin}/api/v1/devices",
            auth=sandbox.app,
            timeout=10,
            verify=tmp_path / "authority.pem",
        )
        device = page.json()["devices"][0]["id"]
        with StreamClient(sandbox.origin, app=sandbox.app, cafile=tmp_path / "authority.pem") as client:
            client.receive_nothing(0.5)
            assert client.subscribe(device)["payload"] == {"ack": True}
            client.emit(CloseConnection(code=1000))
            assert client.closing().code == 1000
        assert "Traceback" not in sandbox.log()
