"""Requests read from a connection. h11 parses and frames them (RFC 9112); this module adds limits and arrival times."""

import socket
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import h11

from sandbox.server.arrivals import Arrivals

MAX_HEAD = 65536  # request line and headers together
MAX_BODY = 4 * 1024 * 1024  # a picture of 2 MiB in base64, and some more
CHUNK = 16384
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Refusal(Exception):
    """A request that never reaches the application. ``status`` and ``reason`` are what to answer."""

    def __init__(self, status: int, reason: str | None = None) -> None:
        self.status = status
        self.reason = HTTPStatus(status).phrase if reason is None else reason
        super().__init__(self.reason)


@dataclass(frozen=True)
class Request:
    """One request, read whole.

    ``path`` is still percent-encoded, ``headers`` have lower-case names, ``arrived`` is when its head had arrived, in
    monotonic seconds. ``is_last`` tells that the client wants no other answer on the connection.
    """

    method: str
    path: str
    query: str
    version: str
    headers: list[tuple[str, str]]
    body: bytes
    arrived: float
    is_last: bool


class RequestReader:
    """Reads the requests of one connection, one after the other."""

    def __init__(self, sock: socket.socket, is_plain: bool) -> None:
        self._sock = sock
        self._arrivals = Arrivals(sock, is_plain)
        self._rest = b""

    def read(self) -> Request | None:
        """Return the next request, None when the client has closed the connection.

        Raises Refusal for what cannot be read, and OSError when the connection breaks or falls silent.
        """
        # h11 counts requests and responses of a connection together. The sandbox sends responses that break the rules
        # on purpose, so each request has a parser of its own, which starts with what came after the one before.
        # It looks at the length of an incomplete head only, to which one more chunk may be added.
        parser = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD - CHUNK)
        if self._rest:
            parser.receive_data(self._rest)
        head = self._head(parser)
        if head is None:
            return None
        arrived = self._arrivals.latest()
        version = head.http_version.decode()
        if not version.startswith("1."):
            raise Refusal(505)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers]
        path, query = split_target(head.target.decode("latin-1"))
        _check_length(headers)
        body = self._body(parser)
        self._rest = bytes(parser.trailing_data[0])
        is_last = version == "1.0" or parser.their_state is h11.MUST_CLOSE
        return Request(
            head.method.decode("latin-1"), path, query, f"HTTP/{version}", headers, body, arrived, is_last
        )

    def take_rest(self) -> bytes:
        """Return what has arrived after the last request, for a connection that changes its protocol."""
        rest, self._rest = self._rest, b""
        return rest

    def _head(self, parser: h11.Connection) -> h11.Request | None:
        try:
            while (event := parser.next_event()) is h11.NEED_DATA:
                parser.receive_data(self._arrivals.receive(CHUNK))
        except h11.RemoteProtocolError as error:
            status = error.error_status_hint
            is_in_first_line = status == 431 and b"\n" not in parser.trailing_data[0]
            raise Refusal(414 if is_in_first_line else status) from None
        return event if isinstance(event, h11.Request) else None

    def _body(self, parser: h11.Connection) -> bytes:
        if parser.they_are_waiting_for_100_continue:
            self._sock.sendall(CONTINUE)
        parts = []
        try:
            while not isinstance(event := parser.next_event(), h11.EndOfMessage):
                if isinstance(event, h11.Data):
                    parts.append(event.data)
                else:
                    parser.receive_data(self._arrivals.receive(CHUNK))
        except h11.RemoteProtocolError:
            raise ConnectionError("the body ended early") from None
        return b"".join(parts)


def split_target(target: str) -> tuple[str, str]:
    """Return path and query of an origin-form or absolute-form target (RFC 9112 section 3.2); raises Refusal."""
    if "://" in target.partition("?")[0] and not target.startswith("/"):
        try:
            target = urlsplit(target)._replace(scheme="", netloc="").geturl() or "/"
        except ValueError:
            raise Refusal(400, "Bad request target") from None
    path, _, query = target.partition("?")
    return path, query


def _check_length(headers: list[tuple[str, str]]) -> None:
    """Refuse a body of unknown or too great a length before it is read. h11 has checked that a length is a number."""
    for name, value in headers:
        if name == "transfer-encoding":
            raise Refusal(411, "Send a Content-Length")
        if name == "content-length" and int(value) > MAX_BODY:
            raise Refusal(413, "The body is larger than the sandbox takes")
