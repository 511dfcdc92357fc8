"""A connection that has become a WebSocket (RFC 6455).

wsproto does the handshake and the frames; this module moves the bytes and sets limits.
"""

import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import h11
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import ProtocolError

from sandbox.server.requests import Refusal, Request

READ_BYTES = 64 * 1024
LONGEST_TEXT = 64 * 1024
SEND_SECONDS = 10.0
HANDSHAKE = ("host", "connection", "upgrade")


class Closed(Exception):
    """The other side has closed the connection, or broke the protocol."""


class WebSocket:
    """One open WebSocket, for one thread. What comes in as text waits until it is received."""

    def __init__(self, sock: socket.socket, request: Request, rest: bytes) -> None:
        """Accept the upgrade that ``request`` asks for; ``rest`` has arrived after it. Raises Refusal."""
        self._sock = sock
        self._texts: deque[str] = deque()
        self._parts: list[str] = []
        self._connection = _upgraded(request)
        self._send(AcceptConnection())
        if rest:
            self._take(rest)

    def run(self, handler: Callable[["WebSocket"], object]) -> None:
        """Let ``handler`` use the connection, and close it afterwards."""
        try:
            with suppress(Closed):
                handler(self)
        except OSError:
            raise
        except Exception:
            self.close(CloseReason.INTERNAL_ERROR, "An internal server error occurred")
            raise
        self.close()

    def receive(self, seconds: float) -> str | None:
        """Return the next text, None when there was none for so many seconds. Raises Closed and OSError."""
        deadline = time.monotonic() + seconds
        while not self._texts:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._sock.settimeout(left)
            try:
                data = self._sock.recv(READ_BYTES)
            except TimeoutError:
                return None
            if not data:
                raise Closed
            self._take(data)
        return self._texts.popleft()

    def send(self, text: str) -> None:
        """Send a text."""
        self._send(TextMessage(data=text))

    def ping(self) -> None:
        """Ask the other side for a sign of life. A connection that has gone fails to send sooner or later."""
        self._send(Ping())

    def close(self, code: int = CloseReason.NORMAL_CLOSURE, reason: str = "") -> None:
        """Close the connection. Nothing happens if it is closed already."""
        if self._connection.state in (ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING):
            with suppress(OSError):
                self._send(CloseConnection(code=code, reason=reason))

    def _take(self, data: bytes) -> None:
        self._connection.receive_data(data)
        for event in self._connection.events():
            if isinstance(event, TextMessage):
                self._add(event)
            elif isinstance(event, BytesMessage):
                self._fail(CloseReason.UNSUPPORTED_DATA, "Send text")
            elif isinstance(event, Ping):
                self._send(Pong(payload=event.payload))
            elif isinstance(event, CloseConnection):
                self._send(event.response())
                raise Closed

    def _add(self, part: TextMessage) -> None:
        """Add a part of a text to those before it."""
        self._parts.append(part.data)
        if sum(map(len, self._parts)) > LONGEST_TEXT:
            self._fail(CloseReason.MESSAGE_TOO_BIG, f"Send at most {LONGEST_TEXT} characters")
        if part.message_finished:
            self._texts.append("".join(self._parts))
            self._parts.clear()

    def _fail(self, code: int, reason: str) -> None:
        self.close(code, reason)
        raise Closed

    def _send(self, event: Event) -> None:
        try:
            data = self._connection.send(event)
        except ProtocolError:
            raise Closed from None
        self._sock.settimeout(SEND_SECONDS)
        self._sock.sendall(data)


def _upgraded(request: Request) -> WSConnection:
    """Return the server's side of a handshake that is complete but for the answer; raises Refusal."""
    connection = WSConnection(ConnectionType.SERVER)
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in request.headers
        if name in HANDSHAKE or name.startswith("sec-websocket-")
    ]
    try:
        connection.initiate_upgrade_connection(headers, request.path)
    except (ProtocolError, h11.ProtocolError, UnicodeError) as error:
        raise Refusal(400, f"This is no WebSocket handshake of version 13: {error}") from None
    return connection
