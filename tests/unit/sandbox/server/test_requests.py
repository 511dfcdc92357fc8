import socket
import sys
import time

import pytest

from sandbox.server.requests import CONTINUE, MAX_BODY, Refusal, RequestReader, split_target

HOST = b"Host: x\r\n"


@pytest.fixture
def pair():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    with client, server:
        client.settimeout(10)
        server.settimeout(10)
        yield client, server


@pytest.fixture
def client(pair):
    return pair[0]


@pytest.fixture
def reader(pair):
    return RequestReader(pair[1], is_plain=True)


def test_a_request_is_read_whole(client, reader):
    client.sendall(b"POST /a%20b?c=d HTTP/1.1\r\n" + HOST + b"X-Two: 1\r\nContent-Length: 5\r\n\r\nhel")
    client.sendall(b"lo")
    request = reader.read()
    assert (request.method, request.path, request.query, request.body) == ("POST", "/a%20b", "c=d", b"hello")
    assert ("x-two", "1") in request.headers
    assert (request.version, request.is_last) == ("HTTP/1.1", False)


def test_requests_sent_together_are_read_one_by_one(client, reader):
    first = b"POST /1 HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\n\r\nab"
    client.sendall(first + b"GET /2 HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n")
    assert (reader.read().path, reader.read().path) == ("/1", "/2")


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels do not stamp what TCP receives")
def test_a_request_arrives_when_its_bytes_do_however_late_it_is_read(client, reader):
    before = time.monotonic()
    client.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    came_by = time.monotonic()
    time.sleep(0.1)
    assert before - 0.02 <= reader.read().arrived <= came_by + 0.05


@pytest.mark.parametrize(
    "head", [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n"]
)
def test_a_client_may_say_that_it_wants_no_other_answer(client, reader, head):
    client.sendall(head)
    assert reader.read().is_last


def test_a_client_that_waits_is_told_to_send_its_body(client, reader):
    client.sendall(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 200000\r\n" + HOST + b"\r\n")
    client.shutdown(socket.SHUT_WR)
    with pytest.raises(ConnectionError):
        reader.read()
    assert client.recv(100) == CONTINUE


def test_the_end_of_a_connection_is_no_request(client, reader):
    client.close()
    assert reader.read() is None


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + HOST + b"a: b\r\n" * 20_000 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1), 413),
    ],
)
def test_what_cannot_be_read_is_refused(client, reader, head, status):
    client.sendall(head)
    with pytest.raises(Refusal) as caught:
        reader.read()
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("/a?b=c", ("/a", "b=c")),
        ("/?next=http://x/", ("/", "next=http://x/")),
        ("http://any.example/a?b", ("/a", "b")),
        ("http://any.example", ("/", "")),
    ],
)
def test_targets_are_read_in_both_forms(target, parts):
    assert split_target(target) == parts
