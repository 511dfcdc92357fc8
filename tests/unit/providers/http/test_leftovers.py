"""What lies unread in a connection, plain and under TLS."""

import socket
import ssl
import threading
import time

import pytest

from providers.http.leftovers import Leftover, leftover


@pytest.fixture
def plain():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def secured(authority):
    """Two ends of a TLS connection whose handshake is over and whose tickets were read."""
    ours, theirs = socket.socketpair()
    server = authority.server_context("127.0.0.1")
    client = ssl.create_default_context(cafile=str(authority.bundle))
    made = []
    accept = threading.Thread(target=lambda: made.append(server.wrap_socket(theirs, server_side=True)))
    accept.start()
    ours = client.wrap_socket(ours, server_hostname="127.0.0.1")
    accept.join()
    with ours, made[0]:
        yield ours, made[0]


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (b"", Leftover.NOTHING),
        (b"HTTP/1.1 200 OK", Leftover.DATA),
        (b"x", Leftover.DATA),
        (b"\r\n", Leftover.END),
        (b"HTTP/1.1 408 Request Timeout\r\n\r\n", Leftover.END),
    ],
)
@pytest.mark.parametrize("kind", ["plain", "secured"])
def test_what_was_sent_is_found(kind, sent, found, request):
    ours, theirs = request.getfixturevalue(kind)
    if sent:
        theirs.sendall(sent)
    ours.settimeout(3.5)
    assert leftover(ours) is found
    assert ours.gettimeout() == 3.5


def test_an_end_is_found(plain):
    ours, theirs = plain
    theirs.close()
    assert leftover(ours) is Leftover.END


def test_the_end_of_tls_is_found(secured):
    ours, theirs = secured
    theirs.settimeout(0.2)
    with pytest.raises(OSError):
        theirs.unwrap()  # says its goodbye, and waits for ours
    assert leftover(ours) is Leftover.END


def test_bytes_that_tls_has_decrypted_already_are_found(secured):
    ours, theirs = secured
    theirs.sendall(b"two")
    assert ours.recv(1) == b"t"
    assert leftover(ours) is Leftover.DATA


def test_part_of_a_record_is_told_apart(secured):
    ours, theirs = secured
    assert leftover(ours) is Leftover.NOTHING  # reads the tickets
    with socket.socket(fileno=theirs.detach()) as raw:
        raw.sendall(b"\x17\x03\x03\x00\x20half")
        time.sleep(0.01)
        assert leftover(ours) is Leftover.PART
