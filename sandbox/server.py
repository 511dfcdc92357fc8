"""The HTTP server under the sandbox: one process, a thread per connection, HTTP/1.1 with keep-alive.

Werkzeug's own server closes the connection after every answer and gunicorn is more than one process, while clients
of the sandbox want to see their pooled connections reused and a killed sandbox gone. Hence these lines on top of the
standard library's request parser.

A WSGI application running here finds in its environment
``sandbox.arrived`` (monotonic seconds when the request line had been read), and may set
``sandbox.not_before`` (monotonic seconds before which no byte of the answer leaves) and
``sandbox.drop`` (True: close the connection without an answer).
"""

import io
import json
import logging
import socket
import socketserver
import ssl
import sys
import time
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler
from itertools import count
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from sandbox.recorder import Recorder

logger = logging.getLogger(__name__)

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

MAX_LINE = 65536
MAX_BODY = 1024 * 1024
IDLE_SECONDS = 120
CONTROL = "/_sandbox/"


class Refusal(Exception):
    """A request that never reaches the application; carries status and reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Connection(BaseHTTPRequestHandler):
    """One client connection and the requests that come over it, one after the other."""

    server: "Server"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS

    def setup(self) -> None:
        self.number = next(self.server.numbers)
        self.is_fresh = True
        if self.server.tls is not None:
            # The handshake happens here, in the connection's own thread: a silent client holds up nobody.
            self.request.settimeout(IDLE_SECONDS)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        if self.server.tls is not None:
            self.request.close()

    def handle_one_request(self) -> None:
        self.close_connection = True
        self.raw_requestline = self.rfile.readline(MAX_LINE + 1)
        arrived = time.monotonic()
        if not self.raw_requestline:
            return
        if len(self.raw_requestline) > MAX_LINE:
            self.requestline = self.request_version = self.command = ""
            self.send_error(414)
            return
        if self.parse_request():
            self._exchange(arrived)

    def _exchange(self, arrived: float) -> None:
        target = urlsplit(self.path) if not self.path.startswith("/") else None
        path, _, query = (target._replace(scheme="", netloc="").geturl() if target else self.path).partition(
            "?"
        )
        try:
            body = self._body()
        except Refusal as refusal:
            self.close_connection = True
            self.send_error(refusal.status, refusal.reason)
            return
        environ = self._environ(path, query, body, arrived)
        status = self._answer(environ)
        self._record(path, status, arrived)

    def _body(self) -> bytes:
        """Read the whole body, so that the next request line is where it is expected."""
        if "Transfer-Encoding" in self.headers:
            raise Refusal(411, "Send a Content-Length")
        lengths = set(self.headers.get_all("Content-Length", ["0"]))
        length = lengths.pop()
        if lengths or not (length.isascii() and length.isdecimal()):
            raise Refusal(400, "Bad Content-Length")
        if int(length[:12]) > MAX_BODY:
            raise Refusal(413, "The body is larger than the sandbox takes")
        return self.rfile.read(int(length))

    def _environ(self, path: str, query: str, body: bytes, arrived: float) -> dict[str, Any]:
        host, port = self.server.server_address[:2]
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": str(host),
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https" if self.server.tls else "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "werkzeug.socket": self.connection,
            "sandbox.arrived": arrived,
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = "HTTP_" + key
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        return environ

    def _answer(self, environ: dict[str, Any]) -> int:
        """Run the application and send what it says; return the status, 0 when the connection was dropped."""
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
            started[:] = [status, headers]

        chunks = self.server.app(environ, start_response)
        try:
            time.sleep(max(0.0, environ.get("sandbox.not_before", 0.0) - time.monotonic()))
            if environ.get("sandbox.drop"):
                self.close_connection = True
                return 0
            status, headers = started
            self._send(status, headers, chunks)
        finally:
            getattr(chunks, "close", lambda: None)()
        return int(status[:3])

    def _send(self, status: str, headers: list[tuple[str, str]], chunks: Iterable[bytes]) -> None:
        """Send an answer of known length in one piece, any other chunk by chunk."""
        names = {name.lower() for name, _ in headers}
        lines = [f"HTTP/1.1 {status}", f"Date: {self.date_time_string()}", *(f"{n}: {v}" for n, v in headers)]
        is_whole = "content-length" in names or status[:3] in ("204", "304")
        if not is_whole:
            lines.append("Transfer-Encoding: chunked")
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        if is_whole:
            self.connection.sendall(head + b"".join(chunks))
            return
        self.connection.sendall(head)
        for chunk in filter(None, chunks):
            self.connection.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        self.connection.sendall(b"0\r\n\r\n")

    def _record(self, path: str, status: int, arrived: float) -> None:
        if path.startswith(CONTROL):
            if self.is_fresh:
                self.server.recorder.connection_was_control()
        else:
            self.server.recorder.request_answered(self.command, path, status, self.number)
        self.is_fresh = False
        # The path only: queries carry codes, states and tokens. repr() keeps control characters out of the log.
        took = round((time.monotonic() - arrived) * 1000)
        logger.info("%s %s %s %d ms", self.command, repr(path)[1:-1], status or "dropped", took)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that cannot be parsed, in Vinli's error shape (vinli-cli lib/error_handler.js)."""
        reason = self.responses.get(code, ("Error", ""))[0]
        problem = {"statusCode": code, "error": reason, "message": message or reason}
        body = json.dumps(problem).encode()
        self.close_connection = True
        headers = [("Content-Type", "application/json; charset=utf-8"), ("Content-Length", str(len(body)))]
        self._send(f"{code} {reason}", headers, [body])

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: requests are logged once answered, without their query."""


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens as soon as it exists; given its ``app``, ``serve_forever`` answers."""

    app: WsgiApplication

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(
        self, address: tuple[str, int], recorder: Recorder, tls: ssl.SSLContext | None = None
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.recorder = recorder
        self.tls = tls
        self.numbers = count(1)
        super().__init__(address, Connection)

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        self.recorder.connection_opened()
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what a connection's thread died of; clients that went away are not worth a line."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            logger.error("a connection broke", exc_info=True)
