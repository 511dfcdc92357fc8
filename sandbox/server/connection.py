"""One client connection: reads requests, runs the application, sends its answers.

A WSGI application running here finds in its environment
``sandbox.arrived`` (monotonic seconds when the request line had been read), and may set
``sandbox.not_before`` (monotonic seconds before which no byte of the answer leaves) and
``sandbox.drop`` (True: close the connection without an answer).
"""

import io
import json
import logging
import ssl
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes, urlsplit

from sandbox.server.arrivals import Arrivals
from sandbox.server.recorder import Recorder

logger = logging.getLogger(__name__)

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Headers = list[tuple[str, str]]

MAX_LINE = 65536
MAX_BODY = 4 * 1024 * 1024  # a picture of 2 MiB in base64, and some more
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


class Refusal(Exception):
    """A request that never reaches the application; carries status and reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Connection(BaseHTTPRequestHandler):
    """HTTP/1.1 with keep-alive on top of the standard library's request parser."""

    server: Listener  # type: ignore[assignment]
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
        self.arrivals = Arrivals(self.connection, self.server.tls is None)
        self.rfile = io.BufferedReader(self.arrivals)

    def finish(self) -> None:
        super().finish()
        if self.server.tls is not None:
            self.request.close()

    def handle_one_request(self) -> None:
        self.close_connection = True
        self.raw_requestline = self.rfile.readline(MAX_LINE + 1)
        arrived = self.arrivals.latest()
        if not self.raw_requestline:
            return
        if len(self.raw_requestline) > MAX_LINE:
            self.requestline = self.request_version = self.command = ""
            self.send_error(414)
        elif self.parse_request():
            self._exchange(arrived)

    def _exchange(self, arrived: float) -> None:
        """Answer one request. Its body is read whole first, so that the next request line is where it belongs."""
        try:
            path, query = self._target()
            environ = self._environ(path, query, self._body(), arrived)
        except Refusal as refusal:
            self._refuse(refusal.status, refusal.reason)
            return
        if path.startswith(CONTROL) and self.is_fresh:
            self.server.recorder.connection_was_control()
        self.is_fresh = False
        self._answer(environ, path)

    def _target(self) -> tuple[str, str]:
        """Return path and query, of an origin-form or absolute-form target (RFC 9112 section 3.2)."""
        target = self.path
        if "://" in target.partition("?")[0] and not target.startswith("/"):
            try:
                target = urlsplit(target)._replace(scheme="", netloc="").geturl() or "/"
            except ValueError:
                raise Refusal(400, "Bad request target") from None
        path, _, query = target.partition("?")
        return path, query

    def _body(self) -> bytes:
        if "Transfer-Encoding" in self.headers:
            raise Refusal(411, "Send a Content-Length")
        lengths = set(self.headers.get_all("Content-Length", ["0"]))
        length = lengths.pop()
        if lengths or not (length.isascii() and length.isdecimal()):
            raise Refusal(400, "Bad Content-Length")
        if len(length) > len(str(MAX_BODY)) or int(length) > MAX_BODY:
            raise Refusal(413, "The body is larger than the sandbox takes")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionError("the body ended early")
        return body

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
        # A name with an underscore would pass for the one with a hyphen.
        for name, value in ((n, v) for n, v in self.headers.items() if "_" not in n):
            key = name.upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = "HTTP_" + key
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        return environ

    def _answer(self, environ: dict[str, Any], path: str) -> None:
        """Run the application and send what it says, or drop the connection where it says so."""
        started: list[Any] = []

        def start_response(status: str, headers: Headers, exc_info: object = None) -> None:
            started[:] = [status, headers]

        chunks = self.server.app(environ, start_response)
        try:
            time.sleep(max(0.0, environ.get("sandbox.not_before", 0.0) - time.monotonic()))
            status, headers = started
            is_dropped = environ.get("sandbox.drop", False)
            # Recorded before it is sent: who has an answer finds it in the log.
            self._record(path, 0 if is_dropped else int(status[:3]), environ["sandbox.arrived"])
            if is_dropped:
                self.close_connection = True
            else:
                self._send(status, headers, chunks)
        finally:
            getattr(chunks, "close", lambda: None)()

    def _send(self, status: str, headers: Headers, chunks: Iterable[bytes]) -> None:
        """Send an answer of known length in one piece, any other chunk by chunk."""
        names = {name.lower() for name, _ in headers}
        if "content-length" in names or status[:3] in NO_BODY:
            self.connection.sendall(self._head(status, headers) + b"".join(chunks))
        elif self.request_version == "HTTP/1.1":
            self.connection.sendall(self._head(status, [*headers, ("Transfer-Encoding", "chunked")]))
            for chunk in filter(None, chunks):
                self.connection.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            self.connection.sendall(b"0\r\n\r\n")
        else:
            self.close_connection = True
            self.connection.sendall(self._head(status, headers))
            for chunk in chunks:
                self.connection.sendall(chunk)

    def _head(self, status: str, headers: Headers) -> bytes:
        lines = [f"HTTP/1.1 {status}", f"Date: {self.date_time_string()}", *(f"{n}: {v}" for n, v in headers)]
        if self.close_connection:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _record(self, path: str, status: int, arrived: float) -> None:
        """Log and count an answer: the path only, since queries carry codes, states and tokens."""
        if not path.startswith(CONTROL):
            self.server.recorder.request_answered(self.command, path, status, self.number)
        took = round((time.monotonic() - arrived) * 1000)
        # repr() keeps control characters out of the log.
        logger.info("%s %s %s %d ms", self.command, repr(path)[1:-1], status or "dropped", took)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what the parser cannot read, without its message: that quotes the request line."""
        self._refuse(code, self.responses.get(code, ("Error", ""))[0])

    def _refuse(self, status: int, message: str) -> None:
        """Answer in Vinli's error shape (vinli-cli lib/error_handler.js) and close the connection."""
        reason = self.responses.get(status, ("Error", ""))[0]
        body = json.dumps({"statusCode": status, "error": reason, "message": message}).encode()
        self.close_connection = True
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        self._send(f"{status} {reason}", headers, [body])

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: requests are logged once answered, without their query."""
