"""A client of the stream service, on one socket."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import time
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    Request,
    TextMessage,
)

PATH = "/api/v1/messages"
TIMEOUT = 10


class Refused(Exception):
    """The upgrade was answered with another status than 101."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class StreamClient:
    """A context manager; entering it does the handshake. ``app`` goes into a Basic header, ``token`` into the query."""

    def __init__(
        self, origin: str, app: tuple[str, str] | None = None, token: str | None = None, cafile=None
    ) -> None:
        parts = urlsplit(origin)
        self._socket = socket.create_connection((parts.hostname, parts.port), TIMEOUT)
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=cafile)
            self._socket = context.wrap_socket(self._socket, server_hostname=parts.hostname)
        self._connection = WSConnection(ConnectionType.CLIENT)
        self._events = []
        headers = []
        if app is not None:
            headers.append((b"Authorization", b"Basic " + base64.b64encode(":".join(app).encode())))
        target = PATH if token is None else f"{PATH}?token={token}"
        self._request = Request(host=parts.netloc, target=target, extra_headers=headers)

    def __enter__(self) -> StreamClient:
        try:
            self._socket.sendall(self._connection.send(self._request))
            event = self.event()
            if isinstance(event, RejectConnection):
                raise Refused(event.status_code)
            assert isinstance(event, AcceptConnection)
        except BaseException:
            self._socket.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def event(self):
        """Return the next event of wsproto."""
        while not self._events:
            data = self._socket.recv(65536)
            self._connection.receive_data(data or None)
            self._events += self._connection.events()
        return self._events.pop(0)

    def send(self, frame: object) -> None:
        """Send a frame: as JSON, or a text as it is."""
        text = frame if isinstance(frame, str) else json.dumps(frame)
        self.emit(TextMessage(data=text))

    def emit(self, event) -> None:
        self.raw(self._connection.send(event))

    def raw(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self) -> dict:
        """Return the next JSON frame; pings are answered."""
        parts = []
        while True:
            event = self.event()
            if isinstance(event, TextMessage):
                parts.append(event.data)
                if event.message_finished:
                    return json.loads("".join(parts))
            elif isinstance(event, Ping):
                self.emit(event.response())
            elif not isinstance(event, Pong):
                raise AssertionError(f"instead of a frame came {event}")

    def receive_nothing(self, seconds: float) -> None:
        """Fail if anything comes within so many seconds."""
        assert not self._events
        self._socket.settimeout(seconds)
        try:
            data = self._socket.recv(1)
        except TimeoutError:
            self._socket.settimeout(TIMEOUT)
        else:
            raise AssertionError(f"there came {data!r}")

    def subscribe(self, device_id: str) -> dict:
        """Subscribe to a device; return the answer."""
        self.send({"type": "sub", "subject": {"type": "device", "id": device_id}})
        return self.receive()

    def closing(self) -> CloseConnection:
        """Return the closing frame, which has to come next, or after other frames."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            event = self.event()
            if isinstance(event, CloseConnection):
                return event
        raise AssertionError("it was not closed")
