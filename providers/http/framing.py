"""Read one response from a connection, within its deadline and with the framing of RFC 9112.

http.client tolerates what browsers tolerate: contradictory lengths, sizes that are not numbers, an interim response in
place of the final one. Each of these can shift the responses on a connection by one, so that a driver gets another
driver's response. Here they raise an error or close the connection.
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
from providers.http.leftovers import Leftover, leftover

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
# The number of interim responses is not limited, only their total size.
_MAX_INTERIM_BYTES = 256 * 1024
# These have no body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5). Some servers still send one, at once or later.
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT, HTTPStatus.NOT_MODIFIED)


class BadFraming(http.client.HTTPException):
    """The response does not say clearly where it begins or ends."""


class EarlyAnswer(http.client.HTTPException):
    """Bytes came before the whole request was sent, so they do not answer it."""


class _TimedReader(io.RawIOBase):
    """Read a socket within the context's deadline."""

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
        if self._sock.gettimeout() != seconds:  # setting the timeout costs a system call
            self._sock.settimeout(seconds)
        count = self._raw.readinto(buffer)
        if count:
            self._context.is_answered = True
            self.count += count
        return count

    def has_more(self) -> bool:
        """Say whether there is more to read on the socket than its end."""
        return leftover(self._sock) in (Leftover.DATA, Leftover.PART)

    def end(self) -> None:
        """Read nothing more, because the response has ended."""
        self._has_ended = True

    def close(self) -> None:
        self._raw.close()
        super().close()


class TimedResponse(http.client.HTTPResponse):
    """A response that is read within its context's deadline and knows whether its connection can be reused."""

    def __init__(self, sock: socket.socket, context: RequestContext, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._context = context
        self._is_whole = False
        raw: Any = self.fp.detach()
        self._reader = _TimedReader(raw, sock, context)
        self.fp = io.BufferedReader(self._reader, 64 * 1024)

    @property
    def is_whole(self) -> bool:
        """Whether the response was read to its end, was framed clearly, and left no bytes behind."""
        return self._is_whole and not self._context.has_surplus and self.status not in _WITHOUT_BODY

    def begin(self) -> None:
        """Read the head of the final response.

        Raises BadFraming if the head does not say clearly how long the body is.
        """
        super().begin()
        self._check_head()
        self._check_length()
        self._check_transfer_coding()

    def _read_status(self) -> tuple[str, int, str]:
        """Read the status line of the final response and skip all interim ones (RFC 9110, section 15.2).

        Raises BadFraming for 101 and for more than _MAX_INTERIM_BYTES of interim responses.
        """
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
        """Raise BadFraming if a line is not a header, because the lines after it were not read as headers either.

        urllib3 would continue and write the head into the log.
        """
        has_others = self.headers.get_payload() or (self.headers.defects and self._has_defects())
        if has_others or not all(map(_NAME.fullmatch, self.headers)):
            raise BadFraming("a line of the head is no header")
        if self.status == HTTPStatus.RESET_CONTENT:
            self.length, self.chunked, self.will_close = 0, False, True

    def _has_defects(self) -> bool:
        """Say whether the head has defects. Defects that the email parser reports for multipart bodies do not count."""
        return any(isinstance(defect, _NOT_A_HEADER) for defect in self.headers.defects)

    def _check_length(self) -> None:
        """Raise BadFraming if Content-Length is not one number (RFC 9112, section 6.3: an unrecoverable error)."""
        lengths = {length.strip() for length in self._values("Content-Length")}
        if not lengths:
            return
        length = lengths.pop()
        if lengths or not _DIGITS.fullmatch(length):
            raise BadFraming("Content-Length is not one number")
        if self.length is None and not self.chunked:
            self.length = int(length)  # the same number came twice, which http.client does not read

    def _check_transfer_coding(self) -> None:
        """Raise BadFraming for any transfer coding but chunked, which only HTTP/1.1 has (RFC 9112, section 6.1)."""
        codings = [coding.strip().lower() for coding in self._values("Transfer-Encoding")]
        if not codings:
            return
        is_chunked = codings == ["chunked"]
        if is_chunked != self.chunked or not (is_chunked or codings == ["identity"]):
            raise BadFraming("Transfer-Encoding is not chunked alone")
        if not is_chunked or self.version < 11 or self._values("Content-Length"):
            self.will_close = True

    def _values(self, name: str) -> list[str]:
        """Return the members of a list header, including empty ones."""
        return [member for line in self.headers.get_all(name, []) for member in line.split(",")]

    def _get_chunk_left(self) -> int | None:
        """Return the bytes left of the chunk, None after the last chunk. http.client reads all chunks through this.

        Raises BadFraming if a chunk's size is not a number or its data is longer than that.
        """
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
        """Called at the end of the body, and when the body is not read to its end."""
        if self.length == 0 and not self.chunked:
            self._is_whole = True
        self._reader.end()
        if self._is_whole:
            self._check_surplus()
        super()._close_conn()  # type: ignore[misc]

    def _check_surplus(self) -> None:
        """Note bytes behind the response: those read with it, and those on a connection that is closed now."""
        surplus = self.fp.peek(1)
        has_more = self.will_close and self._reader.has_more()
        if surplus or has_more:
            self._is_whole = False
        # Behind 408 comes the end, or a response after all: the connection is closed in either case.
        if (surplus.strip() or has_more) and self.status != HTTPStatus.REQUEST_TIMEOUT:
            self._context.note_surplus()
