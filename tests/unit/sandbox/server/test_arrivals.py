import socket
import sys
import time

import pytest

from sandbox.server.arrivals import Arrivals


@pytest.fixture
def pair():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    with client, server:
        server.settimeout(10)
        yield client, server


def read(arrivals):
    return arrivals.receive(100)


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels do not stamp what TCP receives")
def test_an_arrival_is_when_the_bytes_came_and_not_when_they_are_read(pair):
    client, server = pair
    arrivals = Arrivals(server, is_plain=True)
    before = time.monotonic()
    client.sendall(b"GET / HTTP/1.1\r\n")
    came_by = time.monotonic()
    time.sleep(0.1)
    assert read(arrivals) == b"GET / HTTP/1.1\r\n"
    assert before - 0.02 <= arrivals.latest() <= came_by + 0.05


def test_without_a_stamp_it_is_now(pair):
    client, server = pair
    arrivals = Arrivals(server, is_plain=False)
    client.sendall(b"GET\n")
    assert read(arrivals) == b"GET\n"
    before = time.monotonic()
    assert before <= arrivals.latest() <= time.monotonic()


def test_a_stamp_counts_for_what_was_read_with_it_alone(pair):
    client, server = pair
    arrivals = Arrivals(server, is_plain=True)
    client.sendall(b"GET\n")
    read(arrivals)
    arrivals.latest()
    before = time.monotonic()
    assert arrivals.latest() >= before


def test_the_end_of_a_connection_is_read(pair):
    client, server = pair
    client.close()
    assert read(Arrivals(server, is_plain=True)) == b""
