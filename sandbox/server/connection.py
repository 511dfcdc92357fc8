"""One client connection: runs the application for each request and sends its responses.

A WSGI application running here finds in its environment
``sandbox.arrived`` (monotonic seconds when the request's head had arrived), and may set
``sandbox.not_before`` (monotonic seconds before which no byte of the response is sent),
``sandbox.drop`` (True: close the connection without a response) and
``sandbox.websocket`` (a function: the request becomes a WebSocket, which the function gets).
"""

import io
import json
import logging
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from socketserver import BaseRequestHandler
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

from sandbox.server.recorder import Recorder
from sandbox.server.requests import Refusal, Request, RequestReader
from sandbox.server.websocket import Closed, WebSocket

logger = logging.getLogger(__name__)

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Headers = list[tuple[str, str]]

IDLE_SECONDS = 120
CONTROL = "/_sandbox/"
NO_BODY = ("204", "304")


class Listener(Protocol):
    """What a connection asks the server that accepted it."""

    app: WsgiApplication
    recorder: Recorder
    tls: ssl.SSLContext | None
    numbers: Iterator[int]
    server_address: Any


# For a client that is refused before it has sent everything (RFC 9112, section 9.6).
LINGER_SECONDS = 2.0
READ_BYTES = 64 * 1024


class Connection(BaseRequestHandler):
    """HTTP/1.1 with keep-alive. Responses are written here and not by h11, which would not send wrong ones."""

    server: Listener  # type: ignore[assignment]

    def setup(self) -> None:
        self.number = next(self.server.numbers)
        self.is_fresh = True
        self.is_closing = False
        self.request.settimeout(IDLE_SECONDS)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        if self.server.tls is not None:
            # The handshake happens in the connection's own thread, so a silent client delays no other.
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.requests = RequestReader(self.request, is_plain=self.server.tls is None)

    def handle(self) -> None:
        while not self.is_closing:
            try:
                request = self.requests.read()
            except Refusal as refusal:
                self._refuse(refusal)
                return
            if request is None:
                return
            self._respond(request)

    def finish(self) -> None:
        if self.server.tls is not None:
            self.request.close()

    def _respond(self, request: Request) -> None:
        """Run the application and send what it returns, or drop the connection where it says so."""
        if request.path.startswith(CONTROL) and self.is_fresh:
            self.server.recorder.connection_was_control()
        self.is_fresh = False
        self.is_closing = request.is_last
        environ = self._environ(request)
        started: list[Any] = []

        def start_response(status: str, headers: Headers, exc_info: object = None) -> None:
            started[:] = [status, headers]

        chunks = self.server.app(environ, start_response)
        try:
            time.sleep(max(0.0, environ.get("sandbox.not_before", 0.0) - time.monotonic()))
            status, headers = started
            is_dropped = environ.get("sandbox.drop", False)
            if "sandbox.websocket" in environ and not is_dropped:
                self._upgrade(request, environ["sandbox.websocket"])
                return
            # Recorded before it is sent: a client that has its response finds it in the record.
            self._record(request, 0 if is_dropped else int(status[:3]))
            if is_dropped:
                self.is_closing = True
            else:
                self._send(status, headers, chunks, is_chunkable=request.version != "HTTP/1.0")
        finally:
            getattr(chunks, "close", lambda: None)()

    def _upgrade(self, request: Request, handler: Callable[[WebSocket], object]) -> None:
        """Let a handler use the connection as a WebSocket until either side closes it."""
        self.is_closing = True
        self._record(request, int(HTTPStatus.SWITCHING_PROTOCOLS))
        try:
            websocket = WebSocket(self.request, request, self.requests.take_rest())
        except Refusal as refusal:
            self._refuse(refusal)
        except Closed:
            pass
        else:
            websocket.run(handler)

    def _environ(self, request: Request) -> dict[str, Any]:
        host, port = self.server.server_address[:2]
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
            "QUERY_STRING": request.query,
            "SERVER_NAME": str(host),
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": request.version,
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https" if self.server.tls else "http",
            "wsgi.input": io.BytesIO(request.body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "werkzeug.socket": self.request,
            "sandbox.arrived": request.arrived,
        }
        # A name with an underscore would be taken for the one with a hyphen.
        for name, value in ((n, v) for n, v in request.headers if "_" not in n):
            key = name.upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = "HTTP_" + key
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        return environ

    def _send(self, status: str, headers: Headers, chunks: Iterable[bytes], is_chunkable: bool) -> None:
        """Send a response of known length in one piece, any other chunk by chunk."""
        names = {name.lower() for name, _ in headers}
        if "content-length" in names or status[:3] in NO_BODY:
            self.request.sendall(self._head(status, headers) + b"".join(chunks))
        elif is_chunkable:
            self.request.sendall(self._head(status, [*headers, ("Transfer-Encoding", "chunked")]))
            for chunk in filter(None, chunks):
                self.request.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            self.request.sendall(b"0\r\n\r\n")
        else:
            self.is_closing = True
            self.request.sendall(self._head(status, headers))
            for chunk in chunks:
                self.request.sendall(chunk)

    def _head(self, status: str, headers: Headers) -> bytes:
        lines = [
            f"HTTP/1.1 {status}",
            f"Date: {formatdate(usegmt=True)}",
            *(f"{name}: {value}" for name, value in headers),
        ]
        if self.is_closing:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _record(self, request: Request, status: int) -> None:
        """Log and count a response: the path only, since queries carry codes, states and tokens."""
        if not request.path.startswith(CONTROL):
            self.server.recorder.request_answered(request.method, request.path, status, self.number)
        took = round((time.monotonic() - request.arrived) * 1000)
        # repr() keeps control characters out of the log.
        logger.info("%s %s %s %d ms", request.method, repr(request.path)[1:-1], status or "dropped", took)

    def _refuse(self, refusal: Refusal) -> None:
        """Answer in Vinli's error shape (vinli-cli lib/error_handler.js) and close the connection."""
        status, phrase = refusal.status, HTTPStatus(refusal.status).phrase
        body = json.dumps({"statusCode": status, "error": phrase, "message": refusal.reason}).encode()
        self.is_closing = True
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        self._send(f"{status} {phrase}", headers, [body], is_chunkable=True)
        self._read_the_rest()

    def _read_the_rest(self) -> None:
        """Read what the client still sends, for a moment: a reset for unread bytes would take the response from it."""
        if self.server.tls is not None:
            return
        deadline = time.monotonic() + LINGER_SECONDS
        with suppress(OSError):
            self.request.shutdown(socket.SHUT_WR)
            while (left := deadline - time.monotonic()) > 0:
                self.request.settimeout(left)
                if not self.request.recv(READ_BYTES):
                    return
