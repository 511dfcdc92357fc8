"""The gunicorn worker and logger of the application: no thread waits for a client to finish its request.

gunicorn's threaded worker gives a thread to every connection at once, and the thread waits without limit for the rest
of the request. So as many unfinished requests as there are threads stop a process. Here the worker's main loop collects
each request and gives it to a thread when it is complete. A request that is not complete after ``CLIENT_SECONDS`` is
closed. The main loop also does not wait for a client to close its side of an ended connection; gunicorn's loop does so
for two seconds.

Measured on one process of 32 threads with 40 such connections: gunicorn's own worker answered no health check while
clients sent half heads (none in 25 s), and only after 5 s with half bodies or silent clients. This worker always
answered within 4 ms. Its limits:

- A process accepts 1000 connections (``worker_connections``). A client that holds all of them blocks others for up to
  ``CLIENT_SECONDS``.
- A client that does not read its response holds a thread for ``SEND_SECONDS``; one that reads slowly holds it longer.
- Connections that gunicorn itself encrypts (``--certfile``) are served by gunicorn's own code.

A buffering reverse proxy that limits connections removes the first two limits.

Other servers were tried: granian, waitress, cheroot, gevent, and a2wsgi under uvicorn and hypercorn. This worker was
the only one that no slow client could stop and that cuts no response silently. granian was 1.3 to 1.8 times faster on
light pages, but 32 half-sent forms stop it, and a broken stream ends like a complete one.

gunicorn is pinned, because the worker relies on its internals. tests/unit/serving names each of them, so that an
upgrade that changes one fails loudly.
"""

from __future__ import annotations

import errno
import io
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from selectors import EVENT_READ
from ssl import SSLError
from typing import Any

from gunicorn import glogging, util
from gunicorn.config import Config
from gunicorn.http import errors, get_parser
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.unreader import IterUnreader, SocketUnreader
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from blueprints.web.logs import LineFormatter
from serving import pages
from serving.framing import BODY_BYTES, HEAD_BYTES, LINE_BYTES, BodyQuota, Extent, request_framing

# The limit for a complete request to arrive, and for a client to close its side after the response.
CLIENT_SECONDS = 10.0
# The limit for sending one piece of a response. A long response has many pieces.
SEND_SECONDS = 30.0
RECEIVE_BYTES = 64 * 1024
DRAIN_BYTES = 1024 * 1024


class LongHead(errors.LimitRequestHeaders):  # type: ignore[misc]
    """The headers of a request are longer than ``framing`` accepts. ``head`` is their beginning."""

    def __init__(self, head: bytes) -> None:
        super().__init__("the headers are too long")
        self.head = head


class BodyTooLarge(errors.ParseException):  # type: ignore[misc]
    """The body of a request is larger than ``framing`` accepts."""


class TooManyLargeBodies(errors.ParseException):  # type: ignore[misc]
    """Too many large bodies are being received, so this one was not collected."""


STATUSES: dict[type[Exception], HTTPStatus] = {
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooManyLargeBodies: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    LongHead: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
    # The application caused this error, not the client.
    errors.InvalidResponseHeader: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InvalidResponseHeaderName: HTTPStatus.INTERNAL_SERVER_ERROR,
}

# The error to raise if the parser wants more bytes than were collected.
EXCESSES = {
    Extent.WHOLE: errors.ParseException,
    Extent.LONG_BODY: BodyTooLarge,
    Extent.TOO_MANY_LARGE: TooManyLargeBodies,
    Extent.LARGE_WITHOUT_CREDENTIALS: BodyTooLarge,
}
LARGE_BODY_QUOTA = BodyQuota()


class RequestReader(SocketUnreader):  # type: ignore[misc]
    """Collect a request without blocking, and give gunicorn's parser these bytes only."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self._arrived = bytearray()
        self._framing = request_framing(self._arrived, LARGE_BODY_QUOTA)
        self._drained = 0
        self.extent = Extent.WHOLE
        self.has_request = False
        self.is_large = False
        self.is_long_line = False
        self._head = b""

    def receive(self) -> bool:
        """Read the bytes that have arrived. Return True for a complete or refused request, or at the end of input."""
        self.has_request = False
        self._arrived += self.take_buffered()
        data = self._receive()
        self._arrived += data or b""
        try:
            answer = next(self._framing)
        except StopIteration as end:
            self.extent = end.value
            self.has_request = True
            self.is_large = len(self._arrived) > BODY_BYTES
            self._hand_over()
            self._arrived = bytearray()
            self._framing = request_framing(self._arrived, LARGE_BODY_QUOTA)
            return True
        if answer:
            with suppress(OSError):
                self.sock.send(answer)
        return data == b""

    def _hand_over(self) -> None:
        """Give the parser the collected request, or only the beginning of a line that is too long."""
        line = self._arrived.find(b"\n")
        self.is_long_line = (len(self._arrived) if line < 0 else line) > LINE_BYTES
        self._head = bytes(self._arrived[:HEAD_BYTES]) if self.extent is Extent.LONG_HEAD else b""
        self.unread(
            bytes(self._arrived[:LINE_BYTES]) if self.is_long_line else self._head or bytes(self._arrived)
        )

    def drain(self) -> bool:
        """Discard the bytes that have arrived. Return whether the client has closed or sent more than allowed."""
        data = self._receive()
        self._drained += len(data or b"")
        return data == b"" or self._drained > DRAIN_BYTES

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Raise the error of ``EXCESSES``. The parser calls this if it wants more than the collected request."""
        if self.is_long_line:
            raise errors.LimitRequestLine(0, LINE_BYTES)
        if self.extent is Extent.LONG_HEAD:
            raise LongHead(self._head)
        raise EXCESSES[self.extent]("the request does not end where it should")

    def _receive(self) -> bytes | None:
        """Return the bytes that have arrived; None if there are none yet, empty at the end of the connection."""
        try:
            return bytes(self.sock.recv(RECEIVE_BYTES))
        except BlockingIOError:
            return None
        except OSError:
            return b""


def _read_chunks(req: Any) -> None:
    """Read a chunked body before the application does, so that malformed chunks count as the client's error."""
    data = req.body.read(BODY_BYTES + 1)
    if len(data) > BODY_BYTES:
        raise BodyTooLarge("the body is too large")
    req.body = Body(LengthReader(IterUnreader([data]), len(data)))


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker with a main loop that waits for clients instead of its threads."""

    def enqueue_req(self, conn: Any) -> None:
        """Give a connection to a thread if its request is complete. Until then, watch the connection."""
        if self.cfg.is_ssl:
            super().enqueue_req(conn)
            return
        if conn.parser is None:
            conn.parser = get_parser(self.cfg, conn.sock, conn.client)
            conn.parser.unreader = RequestReader(conn.sock)
            conn.data_ready = True
        conn.sock.setblocking(False)
        if conn.parser.unreader.receive():
            self._go_on(conn)
        else:
            self._watch(conn, self._on_more)

    def handle_request(self, req: Any, conn: Any) -> bool:
        """Answer one request. If the client does not read the response, give up after ``SEND_SECONDS``."""
        if not self.cfg.is_ssl:
            if conn.parser.unreader.extent in {Extent.TOO_MANY_LARGE, Extent.LARGE_WITHOUT_CREDENTIALS}:
                raise EXCESSES[conn.parser.unreader.extent]("the body was not waited for")
            if conn.parser.unreader.extent is Extent.LONG_BODY or conn.parser.unreader.is_large:
                req.force_close()
            if isinstance(req.body.reader, ChunkedReader):
                _read_chunks(req)
            conn.sock.settimeout(SEND_SECONDS)
        try:
            return bool(super().handle_request(req, conn))
        except TimeoutError:
            self.log.warning("a client stopped reading its answer")
            raise ConnectionResetError(errno.ECONNRESET, "the client stopped reading") from None
        finally:
            if not self.cfg.is_ssl and conn.parser.unreader.is_large:
                # A body that was refused unread would stay in memory as long as the connection is open.
                conn.parser.unreader.buf = io.BytesIO()

    def finish_request(self, conn: Any, fs: Future[Any]) -> None:
        """Keep the connection for the next request, or end it."""
        if self.cfg.is_ssl or fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
        else:
            self._end(conn)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Send a fixed page for a request that did not reach the application or failed outside it."""
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        if isinstance(exc, (errors.ParseException, SSLError)):
            status = STATUSES.get(type(exc), HTTPStatus.BAD_REQUEST)
        # The error's text is not logged, because it repeats the request with its secrets.
        fields = {"status": status.value, "kind": type(exc).__name__, "address": addr[0] if addr else None}
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log.error(
                "a request failed outside of the application", exc_info=exc, extra={"fields": fields}
            )
        else:
            self.log.warning("a request could not be read", extra={"fields": fields})
        with suppress(OSError):
            util.write_nonblock(client, pages.answer(status, getattr(exc, "head", None)))

    def _on_more(self, conn: Any, _sock: socket.socket) -> None:
        if conn.parser.unreader.receive():
            self._unwatch(conn)
            self._go_on(conn)

    def _go_on(self, conn: Any) -> None:
        if conn.parser.unreader.has_request:
            super().enqueue_req(conn)
        else:
            self._drop(conn)

    def _end(self, conn: Any) -> None:
        """Close in the two steps of RFC 9112 section 9.6, so that the client gets the whole response."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
            return
        conn.sock.setblocking(False)
        self._watch(conn, self._on_rest)

    def _on_rest(self, conn: Any, _sock: socket.socket) -> None:
        if conn.parser.unreader.drain():
            self._unwatch(conn)
            self._drop(conn)

    def _watch(self, conn: Any, callback: Callable[[Any, socket.socket], None]) -> None:
        """Call ``callback`` when bytes arrive. After its time gunicorn closes the connection (``murder_pending``)."""
        conn.timeout = time.monotonic() + (CLIENT_SECONDS if self.alive else STOP_KEEPALIVE_LINGER)
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(callback, conn))

    def _unwatch(self, conn: Any) -> None:
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)

    def _drop(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()

    def _cap_keepalive(self, deadline: float) -> None:
        """Limit the time of unfinished requests to ``deadline``, like idle connections. Called at the worker's stop."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)


class Logger(glogging.Logger):  # type: ignore[misc]
    """gunicorn's logger with the application's log format: structured, and without secrets."""

    def setup(self, cfg: Config) -> None:
        """Build gunicorn's handlers and give them our formatter. Called at the start and when gunicorn reloads."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(LineFormatter())
