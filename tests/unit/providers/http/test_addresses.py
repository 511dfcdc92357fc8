"""Hosts with several addresses, of which some do not answer (RFC 8305)."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from providers.errors import TimedOut, Unreachable
from providers.http.addresses import Address, Addresses, in_turns
from tests.support.servers import json_reply

HOST = "cars.example"


def address(place, family=socket.AF_INET):
    return Address(family, socket.SOCK_STREAM, 6, place)


@pytest.fixture
def silent():
    """Make addresses that answer nothing: listeners whose queue is full."""
    with ExitStack() as stack:

        def make(host="127.0.0.1"):
            listener = stack.enter_context(socket.create_server((host, 0), backlog=0))
            for _ in range(4):
                filler = stack.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(listener.getsockname())
            return listener.getsockname()

        yield make


@pytest.fixture
def refusing():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield closed.getsockname()


@pytest.fixture
def resolves(monkeypatch):
    """Let the host have these addresses; return the list of those that are tried."""
    tried = []
    connect_ex = socket.socket.connect_ex

    def noted(self, place):
        tried.append(place)
        return connect_ex(self, place)

    def use(*places):
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: found)
        monkeypatch.setattr(socket.socket, "connect_ex", noted)
        return tried

    return use


def place_of(server):
    return ("127.0.0.1", server.port)


def seconds():
    return 5.0


@pytest.mark.parametrize("dead", [1, 3])
def test_addresses_that_do_not_answer_hold_nothing_up(dead, serve, silent, resolves, make_transport):
    server = serve(lambda _: json_reply({"ok": True}))
    resolves(*(silent() for _ in range(dead)), place_of(server))
    transport = make_transport(server.origin, timeout=(2.0, 2.0), deadline=2.0)
    assert transport.request("p", "GET", f"{server.origin}/x").json() == {"ok": True}


def test_an_address_that_refuses_is_followed_by_the_next_at_once(serve, refusing, resolves):
    server = serve(lambda _: json_reply({}))
    tried = resolves(refusing, place_of(server))
    Addresses().connect(HOST, 1, seconds).close()
    assert tried == [refusing, place_of(server)]


def test_the_address_that_answered_is_tried_first_the_next_time(serve, refusing, silent, resolves):
    server = serve(lambda _: json_reply({}))
    tried = resolves(silent(), refusing, place_of(server))
    addresses = Addresses()
    addresses.connect(HOST, 1, seconds).close()
    tried.clear()
    addresses.connect(HOST, 1, seconds).close()
    assert tried == [place_of(server)]


def test_an_address_that_has_stopped_answering_is_followed_by_the_others(serve, refusing, resolves):
    one, other = serve(lambda _: json_reply({})), serve(lambda _: json_reply({}))
    resolves(place_of(one), place_of(other))
    addresses = Addresses()
    addresses.connect(HOST, 1, seconds).close()
    one.close()
    with addresses.connect(HOST, 1, seconds) as connection:
        assert connection.getpeername() == place_of(other)


def test_if_no_address_answers_the_time_is_over(silent, resolves, make_transport):
    place = silent()
    resolves(place, silent())
    transport = make_transport(f"http://127.0.0.1:{place[1]}", timeout=(0.4, 0.4), deadline=1.0)
    with pytest.raises(TimedOut):
        transport.request("p", "GET", f"http://127.0.0.1:{place[1]}/x", retry=False)


def test_if_all_refuse_the_host_is_unreachable(refusing, resolves, make_transport):
    resolves(refusing, refusing)
    origin = f"http://127.0.0.1:{refusing[1]}"
    with pytest.raises(Unreachable):
        make_transport(origin).request("p", "GET", f"{origin}/x", retry=False)


def test_a_connection_blocks_and_its_losers_are_closed(serve, silent, resolves):
    server = serve(lambda _: json_reply({}))
    resolves(silent(), place_of(server))
    with Addresses().connect(HOST, 1, seconds, [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]) as connection:
        assert connection.gettimeout() == 5.0
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_both_families_are_tried_in_turns():
    six = [address((f"::{n}", 1, 0, 0), socket.AF_INET6) for n in range(3)]
    four = [address((f"127.0.0.{n}", 1)) for n in range(2)]
    assert in_turns([*six, *four]) == [six[0], four[0], six[1], four[1], six[2]]
    assert in_turns([*four, *six]) == [four[0], six[0], four[1], six[1], six[2]]
    assert in_turns(six) == six


def test_a_family_that_the_machine_lacks_is_passed_over(serve, resolves, monkeypatch):
    server = serve(lambda _: json_reply({}))
    found = [
        (999, socket.SOCK_STREAM, 6, "", ("::1", 1)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", place_of(server)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: found)
    Addresses().connect(HOST, 1, seconds).close()
