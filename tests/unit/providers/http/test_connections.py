"""Idle connections that die, TLS, warming and proxies: what happens below HTTP."""

import ssl
import threading
import warnings

import pytest
from requests import PreparedRequest

from providers.errors import InvalidResponse, TimedOut, Unreachable
from providers.http.connections import PooledAdapter, tls_context
from providers.http.contexts import RequestContext, using
from tests.support.certificates import Authority
from tests.support.servers import CLOSE, RESET, http, in_turn, json_reply, read_request


def get(transport, origin):
    return transport.request("test", "GET", f"{origin}/thing")


def post(transport, origin, **options):
    return transport.request("test", "POST", f"{origin}/thing", form={"code": "c"}, **options)


@pytest.fixture(params=["http", "https"])
def tls(request, authority):
    return authority.server_context("127.0.0.1") if request.param == "https" else None


@pytest.fixture
def transport_for(make_transport, authority):
    return lambda server, **options: make_transport(server.origin, ca_bundle=str(authority.bundle), **options)


def half_an_answer(sock):
    sock.sendall(b"HTTP/1.1 2")


# A reused connection that proves dead


@pytest.mark.parametrize("death", [CLOSE, RESET])
def test_a_post_is_repeated_once_when_the_idle_connection_was_dead(serve, transport_for, tls, death):
    server = serve(in_turn(json_reply({}), death, json_reply({"n": 3})), tls)
    transport = transport_for(server)
    post(transport, server.origin)
    assert post(transport, server.origin).json() == {"n": 3}
    assert [request.connection for request in server.received] == [1, 1, 2]


def test_a_fresh_attempt_passes_idle_connections_by(serve, clock):
    server = serve(lambda _: json_reply({}))
    adapter = PooledAdapter(4, tls_context(None))
    request = PreparedRequest()
    request.prepare("GET", server.origin)
    for fresh in (False, False, True):
        context = RequestContext(clock() + 10, clock, connect_timeout=3.0, read_timeout=8.0)
        context.start_attempt(fresh=fresh)
        with using(context):
            assert adapter.send(request, stream=True).content == b"{}"
    assert [received.connection for received in server.received] == [1, 1, 2]
    adapter.close()


def test_the_repeat_uses_no_other_idle_connection(serve, transport_for, tls):
    together = threading.Barrier(3)

    def respond(received):
        if len(server.received) <= 3:
            together.wait(10)
            return json_reply({})
        return CLOSE if received.connection <= 3 else json_reply({})

    server = serve(respond, tls)
    transport = transport_for(server)
    threads = [threading.Thread(target=post, args=(transport, server.origin)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert post(transport, server.origin).status == 200
    assert len(server.received) == 5


@pytest.mark.parametrize("death", [CLOSE, RESET])
def test_a_fresh_connection_that_dies_is_no_reason_to_repeat(serve, transport_for, tls, death):
    server = serve(lambda _: death, tls)
    with pytest.raises(Unreachable):
        post(transport_for(server), server.origin)
    assert len(server.received) == 1


def test_the_repeat_itself_is_not_repeated(serve, transport_for, tls):
    server = serve(in_turn(json_reply({}), CLOSE, CLOSE, json_reply({})), tls)
    transport = transport_for(server)
    post(transport, server.origin)
    with pytest.raises(Unreachable):
        post(transport, server.origin)
    assert len(server.received) == 3


def test_nothing_is_repeated_after_the_first_byte_of_an_answer(serve, transport_for, tls):
    server = serve(in_turn(json_reply({}), half_an_answer), tls)
    transport = transport_for(server)
    post(transport, server.origin)
    with pytest.raises((Unreachable, InvalidResponse)):
        post(transport, server.origin)
    assert len(server.received) == 2


def test_a_reused_connection_that_falls_silent_is_slow_and_not_dead(serve, transport_for, tls):
    silent = threading.Event()
    server = serve(in_turn(json_reply({}), lambda _sock: silent.wait(10)), tls)
    transport = transport_for(server)
    post(transport, server.origin)
    with pytest.raises(TimedOut):
        post(transport, server.origin, deadline=0.05)
    silent.set()
    assert len(server.received) == 2


def test_bytes_nobody_asked_for_end_a_connection(serve, transport_for, tls):
    sent = threading.Event()

    def too_much(sock):
        sock.sendall(json_reply({"n": 1}))
        sock.sendall(json_reply({"n": "another driver's"}))
        sent.set()
        return True

    server = serve(in_turn(too_much, json_reply({"n": 2})), tls)
    transport = transport_for(server)
    assert get(transport, server.origin).json() == {"n": 1}
    assert sent.wait(10)
    assert get(transport, server.origin).json() == {"n": 2}


# Warming


def test_a_warmed_connection_serves_the_request_that_follows(serve, transport_for, tls):
    server = serve(lambda _: json_reply({}), tls)
    transport = transport_for(server)
    assert transport.warm(server.origin)
    assert transport.warm(server.origin)
    get(transport, server.origin)
    get(transport, server.origin)
    assert server.connections == 1


def test_session_tickets_that_lie_unread_do_not_cost_a_connection(serve, transport_for, authority):
    context = authority.server_context("127.0.0.1")
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 4
    server = serve(lambda _: json_reply({}), context)
    transport = transport_for(server)
    for _ in range(3):
        assert transport.warm(server.origin)
        get(transport, server.origin)
    assert server.connections == 1


def test_a_warmed_connection_that_died_is_replaced(serve, transport_for, tls):
    server = serve(in_turn(CLOSE, json_reply({})), tls)
    transport = transport_for(server)
    transport.warm(server.origin)
    assert post(transport, server.origin).status == 200
    assert len(server.received) == 2


def test_warming_what_is_down_says_so(serve, transport_for, tls):
    server = serve(lambda _: CLOSE, tls)
    server.close()
    assert transport_for(server).warm(server.origin) is False


class HangingTls:
    """A server's TLS that does not begin the handshake until it is told to give up."""

    def __init__(self):
        self.reached = threading.Event()
        self.given_up = threading.Event()

    def wrap_socket(self, _sock, server_side):
        self.reached.set()
        self.given_up.wait(10)
        raise OSError("gave up")


def test_one_connection_is_warmed_at_a_time(serve, make_transport, authority):
    tls = HangingTls()
    server = serve(lambda _: json_reply({}), tls)
    transport = make_transport(server.origin, ca_bundle=str(authority.bundle))
    first = threading.Thread(target=transport.warm, args=(server.origin,))
    first.start()
    assert tls.reached.wait(10)
    for _ in range(5):
        assert transport.warm(server.origin) is False
    assert first.is_alive()
    assert server.connections == 1
    tls.given_up.set()
    first.join()
    server.tls = authority.server_context("127.0.0.1")
    assert transport.warm(server.origin)


def test_warming_one_origin_does_not_hold_up_another(serve, transport_for, authority):
    tls, other = HangingTls(), serve(lambda _: json_reply({}), authority.server_context("127.0.0.1"))
    server = serve(lambda _: json_reply({}), tls)
    transport = transport_for(server)
    transport.allow(other.origin)
    first = threading.Thread(target=transport.warm, args=(server.origin,))
    first.start()
    assert tls.reached.wait(10)
    assert transport.warm(other.origin)
    tls.given_up.set()
    first.join()


def test_a_host_that_is_left_alone_is_not_warmed(serve, transport_for, tls, clock):
    server = serve(lambda _: CLOSE, tls)
    transport = transport_for(server)
    for _ in range(10):
        with pytest.raises(Unreachable):
            post(transport, server.origin)
    clock.advance(5)
    assert transport.warm(server.origin) is False
    assert server.connections == 10
    server.respond = lambda _: json_reply({})
    post(transport, server.origin)
    assert transport.warm(server.origin)


# TLS


def refused_by(make_transport, server, **options):
    with pytest.raises(Unreachable, match=r"certificate|TLS") as caught:
        post(make_transport(server.origin, **options), server.origin)
    assert not caught.value.is_transient
    assert server.received == []


def test_an_unknown_authority_is_refused(serve, make_transport, authority, tmp_path):
    server = serve(lambda _: json_reply({}), authority.server_context("127.0.0.1"))
    refused_by(make_transport, server)
    refused_by(make_transport, server, ca_bundle=str(Authority(tmp_path).bundle))


def test_a_certificate_for_another_host_is_refused(serve, make_transport, authority):
    server = serve(lambda _: json_reply({}), authority.server_context("auth.vin.li"))
    refused_by(make_transport, server, ca_bundle=str(authority.bundle))


def test_an_expired_certificate_is_refused(serve, make_transport, authority):
    server = serve(lambda _: json_reply({}), authority.server_context("127.0.0.1", expired=True))
    refused_by(make_transport, server, ca_bundle=str(authority.bundle))


def test_outdated_tls_is_refused(serve, make_transport, authority):
    context = authority.server_context("127.0.0.1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    server = serve(lambda _: json_reply({}), context)
    refused_by(make_transport, server, ca_bundle=str(authority.bundle))


# A proxy


class Proxy:
    """Answers CONNECT and passes the bytes on to a server, whatever host was asked for."""

    def __init__(self, serve, server):
        self.asked = []
        self._context = server
        self._server = serve(self._respond)
        self.url = self._server.origin.replace("http://", "http://user:pass@")

    def _respond(self, received):
        self.asked.append((received.method, received.target, received.headers.get("proxy-authorization")))
        return self._tunnel

    def _tunnel(self, sock):
        sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with self._context.wrap_socket(sock, server_side=True) as secured, secured.makefile("rb") as reader:
            while received := read_request(reader, 1):
                self.asked.append(
                    (received.method, received.target, received.headers.get("proxy-authorization"))
                )
                secured.sendall(http(200, b"{}"))


def test_a_proxy_is_used_for_everything_but_loopback(serve, make_transport, authority):
    proxy = Proxy(serve, authority.server_context("auth.vin.li"))
    local = serve(lambda _: json_reply({}))
    transport = make_transport(
        "https://auth.vin.li", local.origin, proxy=proxy.url, ca_bundle=str(authority.bundle)
    )
    assert transport.warm("https://auth.vin.li")
    get(transport, "https://auth.vin.li")
    get(transport, "https://auth.vin.li")
    get(transport, local.origin)
    connect, *requests = proxy.asked
    assert connect == ("CONNECT", "auth.vin.li:443", "Basic dXNlcjpwYXNz")
    assert requests == [("GET", "/thing", None)] * 2
    assert len(local.received) == 1
