"""Find the end of an HTTP/1.1 request while its bytes arrive (RFC 9112 section 6), so that no thread waits for it."""

from __future__ import annotations

import re
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from enum import Enum

HEAD_BYTES = 32 * 1024
# The most bytes of a request line. The callback accepts 16 KiB of parameters.
LINE_BYTES = 20 * 1024
# The application accepts as much, and refuses more by the Content-Length of the head.
BODY_BYTES = 64 * 1024
# Paths for photographs accept more, but only a few such bodies at once, because the sender is known only after the body
# has arrived. The application limits the size of each photograph; this limit is a little larger.
LARGE_BODY_BYTES = 2 * 1024 * 1024 + 64 * 1024
LARGE_BODIES = 16
CREDENTIALS = re.compile(rb"(?i)\n(?:cookie|authorization):")
TAKES_LARGE = re.compile(rb"\APOST /(?:api/v1|partners/anyline)/tire-sidewall HTTP/1\.[01]\r\n")
# The limit of a chunk's length with its extensions, and of all trailers together.
CHUNK_LINE_BYTES = 1024

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# This matches bare line feeds too, so that the parser can refuse them at once.
HEAD_END = re.compile(rb"\n\r?\n")
CONTENT_LENGTH = re.compile(rb"(?i)\ncontent-length:[ \t]*(\d+)[ \t]*\r\n")
CHUNKED = re.compile(rb"(?i)\ntransfer-encoding:[^\r\n]*chunked")
EXPECTATION = re.compile(rb"(?i)\A[^\n]* HTTP/1\.1\r\n(?:.*\n)*?expect:[ \t]*100-continue[ \t]*\r\n")
CHUNK_LINE = re.compile(rb"\r\n([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")


class Extent(Enum):
    """Why the server waits for no more of a request: it is complete, or a part of it is not accepted."""

    WHOLE = "whole"
    LONG_HEAD = "long head"
    LONG_BODY = "long body"
    TOO_MANY_LARGE = "too many large bodies at once"
    LARGE_WITHOUT_CREDENTIALS = "large body without credentials"


class BodyQuota:
    """A limit of the number of large bodies that one process collects at once."""

    def __init__(self, places: int = LARGE_BODIES) -> None:
        self._places = threading.Semaphore(places)

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Hold a place during a block. Yields whether a place was free."""
        is_free = self._places.acquire(blocking=False)
        try:
            yield is_free
        finally:
            if is_free:
                self._places.release()


def request_framing(data: bytearray, quota: BodyQuota) -> Generator[bytes, None, Extent]:
    """Follow a request (RFC 9112 section 6) that grows at the end of ``data``, and return why it needs no more bytes.

    Yields what to send to the client before it waits for the next bytes, often nothing. It only finds the end of the
    request. gunicorn's parser reads the request afterwards and refuses malformed ones. A large body holds a place in
    ``quota`` until it is complete or this generator is closed.
    """
    searched = 0
    while not (found := HEAD_END.search(data, max(0, searched - 2))):
        if len(data) > HEAD_BYTES:
            return Extent.LONG_HEAD
        searched = len(data)
        yield b""
    start = found.end()
    if start > HEAD_BYTES:
        return Extent.LONG_HEAD
    head = bytes(data[:start])
    length = CONTENT_LENGTH.search(head)
    digits = length[1].lstrip(b"0") if length else b""
    is_chunked = CHUNKED.search(head) is not None
    if not is_chunked and not digits:
        return Extent.WHOLE
    # The application refuses requests without any credentials, so their large bodies are not collected.
    is_allowed_more = TAKES_LARGE.match(head) and CREDENTIALS.search(head) and not is_chunked
    most = LARGE_BODY_BYTES if is_allowed_more else BODY_BYTES
    if len(digits) > len(str(most)) or int(digits or b"0") > most:
        # The application would accept this length and wait for a body that was not collected.
        is_unknown = len(digits) <= len(str(LARGE_BODY_BYTES)) and int(digits) <= LARGE_BODY_BYTES
        return (
            Extent.LARGE_WITHOUT_CREDENTIALS if TAKES_LARGE.match(head) and is_unknown else Extent.LONG_BODY
        )
    if is_chunked:
        yield from _continued(data, start, head)
        return (yield from _chunked_framing(data, start))
    if int(digits) <= BODY_BYTES:
        return (yield from _counted_framing(data, start, head, int(digits)))
    with quota.place() as is_free:
        return (
            (yield from _counted_framing(data, start, head, int(digits)))
            if is_free
            else Extent.TOO_MANY_LARGE
        )


def _continued(data: bytearray, start: int, head: bytes) -> Generator[bytes, None, None]:
    if len(data) == start and EXPECTATION.search(head):
        yield CONTINUE


def _counted_framing(data: bytearray, start: int, head: bytes, length: int) -> Generator[bytes, None, Extent]:
    """Follow a body whose length is in the head (RFC 9112 section 6.2)."""
    yield from _continued(data, start, head)
    while len(data) < start + length:
        yield b""
    return Extent.WHOLE


def _chunked_framing(data: bytearray, start: int) -> Generator[bytes, None, Extent]:
    """Follow a chunked body (RFC 9112 section 7.1) from chunk to chunk. No chunk is scanned twice."""
    at = start - 2
    while len(data) <= start + 2 * BODY_BYTES:
        line = CHUNK_LINE.match(data, at)
        if line and int(line[1], 16) > 0:
            at = line.end() + int(line[1], 16)
            continue
        end = b"\r\n\r\n" if line else b"\n"
        is_whole = data.find(end, line.end() - 2 if line else at + 2) >= 0
        if is_whole or len(data) - at > CHUNK_LINE_BYTES:
            return Extent.WHOLE
        yield b""
    return Extent.LONG_BODY
