"""One answer as it is read off a connection: within its deadline, and framed as RFC 9112 says.

http.client reads what browsers have learned to bear: lengths that contradict each other, sizes that are no numbers,
an interim answer in place of the final one. Each of these can shift the answers on a connection by one, so that a
driver is given the next one's. Here they are errors, or end the connection.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
from email.errors import (
    FirstHeaderLineIsContinuationDefect,
    HeaderParseError,
    MalformedHeaderDefect,
    MissingHeaderBodySeparatorDefect,
)
from http import HTTPStatus
from typing import Any

from providers.http.contexts import RequestContext

_NOT_A_HEADER = (
    MissingHeaderBodySeparatorDefect,
    FirstHeaderLineIsContinuationDefect,
    HeaderParseError,
    MalformedHeaderDefect,
)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_DIGITS = re.compile(r"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")
_MAX_LINE = 64 * 1024
_MAX_TRAILERS = 100
# Interim answers may come as often as a server likes, up to so many bytes.
_MAX_INTERIM_BYTES = 256 * 1024
# They have no body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5). Some servers send one all the same, now or later.
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT, HTTPStatus.NOT_MODIFIED)


class BadFraming(http.client.HTTPException):
    """It cannot be told where the answer begins or ends."""


class EarlyAnswer(http.client.HTTPException):
    """Something to read came before the request was wholly sent, so it answers something else."""


class _TimedReader(io.RawIOBase):
    """Reads a socket under the context's deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, context: RequestContext) -> None:
        self.count = 0
        self._raw = raw
        self._sock = sock
        self._context = context
        self._has_ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        if self._has_ended:
            return None
        seconds = self._context.read_seconds()
        if self._sock.gettimeout() != seconds:  # setting it is a system call
            self._sock.settimeout(seconds)
        count = self._raw.readinto(buffer)
        if count:
            self._context.is_answered = True
            self.count += count
        return count

    def end(self) -> None:
        """Read nothing more: the answer is over."""
        self._has_ended = True

    def close(self) -> None:
        self._raw.close()
        super().close()


class TimedResponse(http.client.HTTPResponse):
    """An answer that is read under its context's deadline, and knows whether its connection can be used again."""

    def __init__(self, sock: socket.socket, context: RequestContext, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._context = context
        self._is_whole = False
        raw: Any = self.fp.detach()
        self._reader = _TimedReader(raw, sock, context)
        self.fp = io.BufferedReader(self._reader, 64 * 1024)

    @property
    def is_whole(self) -> bool:
        """Whether it was read to its end, was framed beyond doubt, and left nothing behind."""
        return self._is_whole and not self._context.has_surplus and self.status not in _WITHOUT_BODY

    def begin(self) -> None:
        """Read the head of the final answer.

        Raises BadFraming when the head does not say beyond doubt how long the body is.
        """
        super().begin()
        self._check_head()
        self._check_length()
        self._check_transfer_coding()

    def _read_status(self) -> tuple[str, int, str]:
        """Read the status line of the final answer, past all interim ones (RFC 9110, section 15.2)."""
        while True:
            line: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            status = line[1]
            if status == HTTPStatus.SWITCHING_PROTOCOLS:
                raise BadFraming("the server switches protocols, which nobody asked for")
            if status >= 200:
                return line
            http.client.parse_headers(self.fp)
            if self._reader.count > _MAX_INTERIM_BYTES:
                raise BadFraming("interim answers without end")

    def _check_head(self) -> None:
        """Raise BadFraming for lines that are no headers: what follows them was not read as headers either.

        urllib3 would go on, and write the head into the log.
        """
        has_others = self.headers.get_payload() or (self.headers.defects and self._has_defects())
        if has_others or not all(map(_NAME.fullmatch, self.headers)):
            raise BadFraming("a line of the head is no header")
        if self.status == HTTPStatus.RESET_CONTENT:
            self.length, self.chunked, self.will_close = 0, False, True

    def _has_defects(self) -> bool:
        """Say whether a head has defects; those that the email parser sees in bodies of several parts are none."""
        return any(isinstance(defect, _NOT_A_HEADER) for defect in self.headers.defects)

    def _check_length(self) -> None:
        """RFC 9112, section 6.3: a length that is none, or two of them, is an unrecoverable error."""
        lengths = {length.strip() for length in self._values("Content-Length")}
        if not lengths:
            return
        length = lengths.pop()
        if lengths or not _DIGITS.fullmatch(length):
            raise BadFraming("Content-Length is not one number")
        if self.length is None and not self.chunked:
            self.length = int(length)  # the same number twice, which http.client does not read

    def _check_transfer_coding(self) -> None:
        """RFC 9112, section 6.1: nothing but chunked was asked for, and only HTTP/1.1 has it."""
        codings = [coding.strip().lower() for coding in self._values("Transfer-Encoding")]
        if not codings:
            return
        is_chunked = codings == ["chunked"]
        if is_chunked != self.chunked or not (is_chunked or codings == ["identity"]):
            raise BadFraming("Transfer-Encoding is not chunked alone")
        if not is_chunked or self.version < 11 or self._values("Content-Length"):
            self.will_close = True

    def _values(self, name: str) -> list[str]:
        """Return the members of a list header, empty ones too."""
        return [member for line in self.headers.get_all(name, []) for member in line.split(",")]

    def _get_chunk_left(self) -> int | None:
        """Return the bytes left of the chunk, None after the last one. http.client reads all chunks through this."""
        if self.chunk_left:
            return self.chunk_left
        if self.chunk_left is not None and self._line() not in (b"\r\n", b"\n"):
            raise BadFraming("a chunk is longer than it says")
        size = _CHUNK_SIZE.fullmatch(self._line())
        if size is None:
            raise BadFraming("the size of a chunk is not a number")
        self.chunk_left = int(size[1], 16) or None
        if self.chunk_left is None:
            self._skip_trailers()
            self._close_conn()
        return self.chunk_left

    def _skip_trailers(self) -> None:
        for _ in range(_MAX_TRAILERS):
            if self._line() in (b"\r\n", b"\n"):
                self._is_whole = True
                return
        raise BadFraming("trailers without end")

    def _line(self) -> bytes:
        line: bytes = self.fp.readline(_MAX_LINE)
        if len(line) == _MAX_LINE:
            raise http.client.LineTooLong("line between chunks")
        if not line.endswith(b"\n"):
            raise http.client.IncompleteRead(line)
        return line

    def _close_conn(self) -> None:
        """Called at the end of the body, and when it is given up before."""
        if self.length == 0 and not self.chunked:
            self._is_whole = True
        self._reader.end()
        # Behind 408 comes the end, or an answer after all: the connection is closed in either case.
        if self._is_whole and (surplus := self.fp.peek(1)):
            self._is_whole = False
            if surplus.strip() and self.status != HTTPStatus.REQUEST_TIMEOUT:
                self._context.note_surplus()
        super()._close_conn()  # type: ignore[misc]
