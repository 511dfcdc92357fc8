"""Answers that come early, late, twice or badly framed: none may ever reach the request of somebody else."""

import contextlib
import socket
import threading
import time

import pytest

from providers.errors import InvalidResponse, ProviderError, Refused, TimedOut, Unreachable
from providers.http.auth import BearerAuth
from tests.support.servers import Server, end, http, in_turn, json_reply

OURS = {"n": "ours"}
THEIRS = {"n": "somebody else's"}
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def get(transport, server, **options):
    return transport.request("test", "GET", f"{server.origin}/thing", **options)


def post(transport, server, **options):
    return transport.request("test", "POST", f"{server.origin}/thing", form={"code": "c"}, **options)


@pytest.fixture(params=["http", "https"])
def tls(request, authority):
    return authority.server_context("127.0.0.1") if request.param == "https" else None


@pytest.fixture
def transport_for(make_transport, authority):
    return lambda server, **options: make_transport(server.origin, ca_bundle=str(authority.bundle), **options)


class Pieces:
    """Sends an answer in pieces; waits for ``more`` to be set in front of each but the first.

    ``sent`` counts the pieces that are out. The connection stays open.
    """

    def __init__(self, *pieces):
        self.pieces = pieces
        self.more = threading.Event()
        self.sent = threading.Semaphore(0)

    def __call__(self, sock):
        for number, piece in enumerate(self.pieces):
            if number:
                self.more.wait(10)
            sock.sendall(piece)
            self.sent.release()
        return True

    def go_on(self):
        """Let all of it be sent, and return when it is."""
        self.more.set()
        for _ in self.pieces:
            assert self.sent.acquire(timeout=10)
        time.sleep(0.02)  # what was sent has to arrive


# Interim answers (RFC 9110, section 15.2)

INTERIM = {
    "103 with Link": EARLY_HINTS,
    "102": PROCESSING,
    "three 103": EARLY_HINTS * 3,
    "100 then 103": CONTINUE + EARLY_HINTS,
    "199, which nobody knows": b"HTTP/1.1 199 Whatever\r\nX: y\r\n\r\n",
    "a hundred of them": PROCESSING * 100,
}


@pytest.mark.parametrize("name", INTERIM)
@pytest.mark.parametrize("call", [get, post])
def test_interim_answers_are_passed_over(name, call, serve, transport_for, tls):
    server = serve(lambda _: INTERIM[name] + json_reply(OURS), tls)
    transport = transport_for(server)
    for _ in range(2):
        assert call(transport, server).json() == OURS
    assert server.connections == 1


@pytest.mark.parametrize("name", INTERIM)
def test_the_answer_behind_an_interim_one_is_waited_for(name, serve, transport_for, tls):
    respond = Pieces(INTERIM[name], json_reply(OURS))
    server = serve(in_turn(respond, json_reply({"n": 2})), tls)
    transport = transport_for(server)
    timer = threading.Timer(0.05, respond.more.set)
    timer.start()
    assert get(transport, server).json() == OURS
    timer.join()
    assert get(transport, server).json() == {"n": 2}


def test_an_interim_answer_without_the_final_one_is_slow_and_ends_the_connection(serve, transport_for, tls):
    pieces = Pieces(EARLY_HINTS, json_reply(THEIRS))
    server = serve(in_turn(pieces, json_reply(OURS)), tls)
    transport = transport_for(server, timeout=(10.0, 0.1))
    with pytest.raises(TimedOut):
        get(transport, server, retry=False)
    pieces.more.set()
    assert get(transport, server).json() == OURS
    assert server.connections == 2


def test_interim_answers_without_end_are_given_up(serve, transport_for, tls):
    server = serve(lambda _: PROCESSING * 100_000, tls)
    with pytest.raises(InvalidResponse):
        get(transport_for(server), server)


def test_a_connection_that_dies_after_an_interim_answer_is_no_reason_to_repeat(serve, transport_for, tls):
    server = serve(in_turn(json_reply({}), lambda sock: sock.sendall(EARLY_HINTS)), tls)
    transport = transport_for(server)
    post(transport, server)
    with pytest.raises(Unreachable):
        post(transport, server)
    assert len(server.received) == 2


def test_nobody_switches_protocols(serve, transport_for, tls):
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
    server = serve(in_turn(switch + json_reply(THEIRS), json_reply(OURS)), tls)
    transport = transport_for(server)
    with pytest.raises(InvalidResponse):
        get(transport, server)
    assert get(transport, server).json() == OURS
    assert server.connections == 2


# More than the answer

SURPLUS = {
    "the answer twice": (json_reply(THEIRS), json_reply(THEIRS)),
    "another answer": (json_reply(OURS), json_reply(THEIRS)),
    "junk": (json_reply(OURS), b"\0\0junk"),
    "a line break": (json_reply(OURS), b"\r\n"),
    "a chunked answer and another": (
        http(length=False, Transfer_Encoding="chunked") + b"2\r\n{}\r\n0\r\nTrailer: x\r\n\r\n",
        json_reply(THEIRS),
    ),
    "a refusal and another": (json_reply({}, 404), json_reply(THEIRS)),
}


def answered(call, *args):
    with contextlib.suppress(ProviderError):
        return call(*args).json()


@pytest.mark.parametrize("name", SURPLUS)
def test_what_comes_with_an_answer_reaches_nobody_else(name, serve, transport_for, tls):
    server = serve(in_turn(b"".join(SURPLUS[name]), json_reply(OURS)), tls)
    transport = transport_for(server)
    answered(get, transport, server)
    assert get(transport, server).json() == OURS
    assert [received.connection for received in server.received] == [1, 2]


@pytest.mark.parametrize("name", SURPLUS)
def test_what_comes_after_an_answer_reaches_nobody_else(name, serve, transport_for, tls):
    pieces = Pieces(*SURPLUS[name])
    server = serve(in_turn(pieces, json_reply(OURS)), tls)
    transport = transport_for(server)
    answered(get, transport, server)
    pieces.go_on()
    assert post(transport, server).json() == OURS
    assert [received.connection for received in server.received] == [1, 2]


@pytest.mark.parametrize("status", [204, 205, 304])
def test_answers_that_have_no_body_end_their_connection(status, serve, transport_for, tls):
    server = serve(in_turn(http(status, content_type=None, length=False), json_reply(OURS)), tls)
    transport = transport_for(server)
    answered(get, transport, server)
    assert get(transport, server).json() == OURS
    assert server.connections == 2


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_refusal_that_was_not_read_to_its_end_ends_its_connection(status, serve, transport_for, tls):
    long = http(status, b" " * 200_000 + json_reply(THEIRS))
    server = serve(in_turn(long, json_reply(OURS)), tls)
    transport = transport_for(server)
    with pytest.raises(ProviderError):
        get(transport, server)
    assert get(transport, server).json() == OURS
    assert server.connections == 2


def test_a_host_that_sent_too_much_has_no_connections_kept_for_a_while(serve, transport_for, clock, tls):
    server = serve(in_turn(json_reply({}) + json_reply(THEIRS), json_reply(OURS)), tls)
    transport = transport_for(server)
    for _ in range(4):
        get(transport, server)
    assert server.connections == 4
    clock.advance(700)
    get(transport, server)
    get(transport, server)
    assert server.connections == 5


@pytest.mark.parametrize("when", ["with the answer", "after the answer"])
def test_a_line_break_behind_an_answer_ends_the_connection_alone(when, serve, transport_for, tls):
    pieces = Pieces(json_reply({}), b"\r\n")
    server = serve(
        in_turn(json_reply({}) + b"\r\n" if when == "with the answer" else pieces, json_reply(OURS)), tls
    )
    transport = transport_for(server)
    get(transport, server)
    if when == "after the answer":
        pieces.go_on()
    for _ in range(3):
        assert post(transport, server).json() == OURS
    assert server.connections == 2


def test_a_host_that_hangs_up_is_not_held_to_send_too_much(serve, transport_for, tls):
    gone = Pieces(json_reply({}), b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
    server = serve(in_turn(gone, json_reply(OURS)), tls)
    transport = transport_for(server)
    get(transport, server)
    gone.go_on()
    for _ in range(3):
        assert post(transport, server).json() == OURS
    assert server.connections == 2


class Late:
    """Counts its answers, and sends each behind what is to stand in front of it, while there is any."""

    def __init__(self, *in_front):
        self.in_front = list(in_front)
        self.count = 0

    def __call__(self, _received):
        self.count += 1
        surplus = self.in_front.pop(0) if self.in_front else b""
        return surplus + json_reply({"n": self.count})


def test_an_answer_that_may_be_somebody_elses_is_asked_for_again(serve, transport_for, tls):
    server = serve(Late(b"", json_reply(THEIRS)), tls)
    transport = transport_for(server)
    get(transport, server)
    assert get(transport, server).json() == {"n": 3}
    assert [received.connection for received in server.received] == [1, 1, 2]


def test_a_request_that_must_not_come_twice_fails_instead(serve, transport_for, tls):
    server = serve(Late(b"", json_reply(THEIRS)), tls)
    transport = transport_for(server)
    get(transport, server)
    with pytest.raises(InvalidResponse, match="more than one"):
        post(transport, server)
    assert len(server.received) == 2


@contextlib.contextmanager
def in_one_packet(sock):
    """Send what is written in several pieces, each a record of its own over TLS, at one moment."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    yield
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)


def test_more_than_the_answer_makes_it_doubtful_also_where_the_connection_ends(serve, transport_for, tls):
    """Over TLS the surplus comes in a record of its own, which is not read with the answer."""

    def theirs_and_ours(sock):
        with in_one_packet(sock):
            sock.sendall(json_reply(THEIRS, Connection="close"))
            sock.sendall(json_reply(OURS))
        return True

    server = serve(in_turn(json_reply({}), theirs_and_ours, json_reply({"n": "asked again"})), tls)
    transport = transport_for(server)
    get(transport, server)
    assert get(transport, server).json() == {"n": "asked again"}


# A connection rests between two questions


def test_a_connection_rests_before_it_is_asked_something_else(serve, transport_for, clock, tls):
    server = serve(lambda received: json_reply({"connection": received.connection}), tls)
    transport = transport_for(server, rest=0.05)
    get(transport, server)
    assert post(transport, server).json() == {"connection": 2}
    assert post(transport, server).json() == {"connection": 3}
    clock.advance(0.06)
    assert {post(transport, server).json()["connection"] for _ in range(3)} == {1, 2, 3}


@pytest.mark.parametrize("different", ["path", "person"])
def test_pages_of_one_list_need_no_rest_between_them(different, serve, transport_for, tls):
    server = serve(lambda _: json_reply({}), tls)
    transport = transport_for(server, rest=0.05)
    path, auth = "/list", BearerAuth("first")
    for offset in (0, 100):
        options = {"params": {"offset": offset}, "auth": auth, "is_page": True}
        transport.request("test", "GET", server.origin + path, **options)
    assert server.connections == 1
    if different == "path":
        path = "/other"
    else:
        auth = BearerAuth("second")
    transport.request("test", "GET", server.origin + path, auth=auth, is_page=True)
    assert server.connections == 2


def test_two_questions_that_differ_in_the_query_alone_are_two(serve, transport_for, tls):
    server = serve(lambda _: json_reply({}), tls)
    transport = transport_for(server, rest=0.05)
    for number in (11, 22):
        get(transport, server, params={"id": number})
    assert server.connections == 2


def test_an_open_connection_is_warm_enough_however_short_its_rest(serve, transport_for, tls):
    server = serve(lambda _: json_reply({}), tls)
    transport = transport_for(server, rest=0.05)
    get(transport, server)
    assert transport.warm(server.origin)
    assert server.connections == 1


# One series of requests over one connection


def test_a_series_of_requests_keeps_its_connection_to_itself(serve, transport_for, tls):
    server = serve(lambda received: json_reply({"connection": received.connection}), tls)
    transport = transport_for(server)
    get(transport, server)
    elsewhere = []
    with transport.one_connection():
        first = post(transport, server).json()
        other = threading.Thread(target=lambda: elsewhere.append(get(transport, server).json()))
        other.start()
        other.join()
        second = get(transport, server).json()
    assert first == second == {"connection": 1}
    assert elsewhere == [{"connection": 2}]
    get(transport, server)
    get(transport, server)
    assert server.connections == 2


def test_a_series_whose_connection_ended_takes_a_new_one_and_none_from_the_pool(serve, transport_for, tls):
    def respond(received):
        headers = {"Connection": "close"} if received.method == "POST" else {}
        return json_reply({"connection": received.connection}, **headers)

    server = serve(respond, tls)
    transport = transport_for(server)
    together = threading.Barrier(2)
    server.respond = lambda _: together.wait(10) is not None and json_reply({})
    threads = [threading.Thread(target=get, args=(transport, server)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.respond = respond
    with transport.one_connection():
        post(transport, server)
        assert get(transport, server).json() == {"connection": 3}


@pytest.mark.parametrize("when", ["with the answer", "after the answer"])
def test_a_series_ends_when_the_answer_before_may_have_been_somebody_elses(when, serve, transport_for, tls):
    two = (json_reply(THEIRS), json_reply(OURS))
    pieces = Pieces(*two) if when == "after the answer" else None
    server = serve(in_turn(json_reply({}), pieces or b"".join(two), json_reply(OURS)), tls)
    transport = transport_for(server)
    get(transport, server)
    with pytest.raises(InvalidResponse, match="more than one"), transport.one_connection():  # noqa: PT012
        post(transport, server)
        pieces.go_on()
        get(transport, server)


def test_a_series_is_given_its_connection_back_after_a_failure(serve, transport_for, tls):
    server = serve(in_turn(json_reply({}, 404), json_reply(OURS)), tls)
    transport = transport_for(server)
    with pytest.raises(Refused), transport.one_connection():
        get(transport, server)
    assert get(transport, server).json() == OURS
    assert server.connections == 1


# An answer before the request


@pytest.mark.parametrize("call", [get, post])
def test_an_answer_that_comes_before_the_request_is_never_used(call, transport_for, tls):
    class Early(Server):
        def _converse(self, sock, reader, number):
            if number == 1:
                sock.sendall(json_reply(THEIRS))
            super()._converse(sock, reader, number)

    server = Early(lambda _: json_reply(OURS), tls)
    transport = transport_for(server)
    transport.warm(server.origin)
    time.sleep(0.05)  # what was sent has to arrive
    assert call(transport, server).json() == OURS
    assert [received.connection for received in server.received] == [2]
    server.close()


class Impatient(Server):
    """Answers large requests once it has read their first line, as proxies do that know a limit."""

    def _converse(self, sock, reader, number):
        reader.readline()
        sock.sendall(self.respond)
        while reader.read(65536):
            pass


@pytest.mark.parametrize("status", [401, 413])
def test_a_large_request_is_refused_before_all_of_it_was_sent(status, transport_for, tls):
    server = Impatient(json_reply({}, status), tls)
    transport = transport_for(server)
    transport.warm(server.origin)
    with pytest.raises(Refused) as caught:
        transport.request("test", "POST", f"{server.origin}/thing", content=b"x" * 8_000_000)
    assert caught.value.status == status
    server.close()


def test_a_large_request_goes_out_on_a_connection_that_nobody_used(serve, transport_for, tls):
    server = serve(lambda _: json_reply({}), tls)
    transport = transport_for(server)
    get(transport, server)
    transport.request("test", "POST", f"{server.origin}/thing", content=b"x" * 100_000)
    assert [received.connection for received in server.received] == [1, 2]


# Framing (RFC 9112, section 6)

BAD_HEADS = {
    "two lengths": "Content-Length: 2\r\nContent-Length: 40",
    "two lengths on one line": "Content-Length: 2, 40",
    "a length with a sign": "Content-Length: +2",
    "a length with an underscore": "Content-Length: 0_2",
    "a negative length": "Content-Length: -2",
    "a length in words": "Content-Length: two",
    "an empty length": "Content-Length:",
    "a transfer coding nobody asked for": "Transfer-Encoding: gzip, chunked",
    "chunked twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "an unknown transfer coding": "Transfer-Encoding: xchunked\r\nContent-Length: 2",
}


def with_head(head, body=b"{}"):
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{head}\r\n\r\n".encode() + body


@pytest.mark.parametrize("name", BAD_HEADS)
def test_an_answer_without_a_certain_length_is_an_error(name, serve, transport_for, tls):
    server = serve(in_turn(with_head(BAD_HEADS[name]), json_reply(OURS)), tls)
    transport = transport_for(server)
    with pytest.raises(InvalidResponse):
        get(transport, server)
    assert get(transport, server).json() == OURS
    assert server.connections == 2


USABLE_ONCE = {
    "chunked and a length": ("Transfer-Encoding: chunked\r\nContent-Length: 2", b"2\r\n{}\r\n0\r\n\r\n"),
    "the same length twice": ("Content-Length: 2, 2", b"{}"),
    "an old name for no coding": ("Transfer-Encoding: identity\r\nContent-Length: 2", b"{}"),
}


@pytest.mark.parametrize("name", USABLE_ONCE)
def test_an_answer_of_doubtful_length_is_read_and_its_connection_closed(name, serve, transport_for, tls):
    server = serve(in_turn(with_head(*USABLE_ONCE[name]), json_reply(OURS)), tls)
    transport = transport_for(server)
    assert get(transport, server).json() == {}
    assert get(transport, server).json() == OURS
    assert server.connections == 2


BAD_CHUNKS = {
    "a size that is no number": b"two\r\n{}\r\n0\r\n\r\n",
    "a size with a sign": b"+2\r\n{}\r\n0\r\n\r\n",
    "a size as Python writes it": b"0x2\r\n{}\r\n0\r\n\r\n",
    "no size": b"\r\n{}\r\n0\r\n\r\n",
    "a chunk longer than its size": b"2\r\n{}  \r\n0\r\n\r\n",
    "no line break after a chunk": b"2\r\n{}0\r\n\r\n" + b" " * 10,
    "a size without end": b"0" * 70_000 + b"\r\n\r\n",
    "trailers without end": b"2\r\n{}\r\n0\r\n" + b"T: x\r\n" * 200,
}


@pytest.mark.parametrize("name", BAD_CHUNKS)
def test_chunks_that_do_not_add_up_are_an_error(name, serve, transport_for, tls):
    bad = with_head("Transfer-Encoding: chunked", BAD_CHUNKS[name])
    server = serve(in_turn(bad, json_reply(OURS)), tls)
    transport = transport_for(server)
    with pytest.raises(ProviderError):
        get(transport, server)
    assert get(transport, server).json() == OURS
    assert server.connections == 2


def test_chunks_are_read_as_rfc_9112_writes_them(serve, transport_for, tls):
    body = b'0001;name="x"\r\n{\r\n1 \r\n}\r\n00\r\nTrailer: x\r\n\r\n'
    server = serve(lambda _: with_head("Transfer-Encoding: chunked", body), tls)
    transport = transport_for(server)
    for _ in range(2):
        assert get(transport, server).json() == {}
    assert server.connections == 1


@pytest.mark.parametrize("chunked", [True, False])
def test_an_answer_in_pieces_of_one_byte_is_read(chunked, serve, transport_for, tls):
    chunks = with_head("Transfer-Encoding: chunked", b"2\r\n{}\r\n0\r\nTrailer: x\r\n\r\n")
    answer = EARLY_HINTS + (chunks if chunked else json_reply({}))

    def drip(sock):
        for position in range(len(answer)):
            sock.sendall(answer[position : position + 1])
        return True

    server = serve(lambda _: drip, tls)
    transport = transport_for(server)
    for _ in range(2):
        assert get(transport, server).json() == {}
    assert server.connections == 1


BAD_LINES = {
    "a line without a colon": "Content-Length: 2\r\na line of something else\r\nSet-Cookie: sid=a-token",
    "a space before the first header": " a-token\r\nContent-Length: 2",
    "the body in place of the head's end": 'X: y\r\n{"access_token":\r\n "a-token"}',
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_head_that_is_none_is_an_error_and_in_no_log(name, serve, transport_for, tls, caplog):
    bad = f"HTTP/1.1 200 OK\r\n{BAD_LINES[name]}\r\n\r\n{{}}".encode()
    server = serve(in_turn(bad, json_reply(OURS)), tls)
    transport = transport_for(server)
    with pytest.raises(InvalidResponse):
        get(transport, server)
    assert get(transport, server).json() == OURS
    assert server.connections == 2
    assert "a-token" not in caplog.text


# 408 on a kept connection (RFC 9110, section 15.5.9)


@pytest.mark.parametrize("call", [get, post])
def test_a_server_that_gave_up_waiting_is_asked_again(call, serve, transport_for, tls):
    server = serve(in_turn(json_reply({}), json_reply({}, 408, Connection="close"), json_reply(OURS)), tls)
    transport = transport_for(server)
    get(transport, server)
    assert call(transport, server, retry=False).json() == OURS
    assert [received.connection for received in server.received] == [1, 1, 2]


@pytest.mark.parametrize("call", [get, post])
def test_a_server_that_gave_up_and_answers_all_the_same_is_asked_again(call, serve, transport_for, tls):
    both = json_reply({}, 408, Connection="close") + json_reply(THEIRS)
    server = serve(in_turn(json_reply({}), json_reply({}), both, json_reply(OURS)), tls)
    transport = transport_for(server)
    get(transport, server)
    with transport.one_connection():
        get(transport, server)
        assert call(transport, server).json() == OURS
    assert server.connections == 2


def test_a_408_that_keeps_the_connection_is_about_the_request(serve, transport_for, tls):
    server = serve(in_turn(json_reply({}), json_reply({}, 408), json_reply(OURS)), tls)
    transport = transport_for(server)
    get(transport, server)
    with pytest.raises(Refused):
        post(transport, server)
    assert len(server.received) == 2


@pytest.mark.parametrize("call", [get, post])
def test_a_server_that_gives_up_on_a_new_connection_is_not_asked_again(call, serve, transport_for, tls):
    server = serve(in_turn(json_reply({}), json_reply({}, 408, Connection="close")), tls)
    transport = transport_for(server)
    get(transport, server)
    with pytest.raises(Refused) as caught:
        call(transport, server)
    assert caught.value.status == 408
    assert len(server.received) == 3


# Part of a TLS record


class Relay:
    """Passes bytes on between a client and a server; after ``hold()``, so many from the server and no more."""

    def __init__(self, server):
        self._server = server
        self._left = None
        self._open = []
        self.held = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self, count):
        self._left = count

    def close(self):
        for sock in (self._listener, *self._open):
            end(sock)
            sock.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                upstream = socket.create_connection(("127.0.0.1", self._server.port))
                self._open += [client, upstream]
                upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for ends in ((client, upstream), (upstream, client)):
                    threading.Thread(
                        target=self._pass_on, args=(*ends, ends[0] is upstream), daemon=True
                    ).start()

    def _pass_on(self, source, target, is_answer):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_answer and self._left is not None:
                    data, self._left = data[: self._left], None
                    target.sendall(data)
                    self.held.set()
                    return
                target.sendall(data)


@pytest.mark.parametrize("count", [3, 5, 40])
def test_part_of_a_record_ends_an_idle_connection(count, serve, make_transport, authority):
    pieces = Pieces(json_reply({}), json_reply(THEIRS))
    server = serve(in_turn(pieces, json_reply(OURS)), authority.server_context("127.0.0.1"))
    relay = Relay(server)
    transport = make_transport(relay.origin, ca_bundle=str(authority.bundle))
    get(transport, relay)
    relay.hold(count)
    pieces.go_on()
    assert relay.held.wait(10)
    time.sleep(0.05)  # what was sent has to arrive
    assert post(transport, relay).json() == OURS
    assert [received.connection for received in server.received] == [1, 2]
    relay.close()


@pytest.mark.parametrize("count", [3, 40])
def test_part_of_a_record_behind_an_answer_ends_a_series(count, serve, make_transport, authority):
    """What was read may be the answer to somebody else, and the part the beginning of ours."""
    pieces = Pieces(json_reply(THEIRS), json_reply(OURS))
    server = serve(in_turn(json_reply({}), pieces, json_reply(OURS)), authority.server_context("127.0.0.1"))
    relay = Relay(server)
    transport = make_transport(relay.origin, ca_bundle=str(authority.bundle))
    get(transport, relay)
    with pytest.raises(InvalidResponse, match="more than one"), transport.one_connection():  # noqa: PT012
        post(transport, relay)
        relay.hold(count)
        pieces.go_on()
        assert relay.held.wait(10)
        time.sleep(0.05)  # what was sent has to arrive
        get(transport, relay)
    relay.close()
