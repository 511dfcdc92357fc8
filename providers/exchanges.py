"""One request on one connection: how long it may take, and what became of it.

requests and urllib3 leave two gaps. Their read timeout starts anew with every byte that drips in, so that an
answer may take for ever; and they do not say whether a request went out on a connection that had been idle in
the pool. urllib3 offers no way to hand an object through to the connection, so the exchange that a thread is in
is kept per thread.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Exchange:
    """One request on one connection, its deadline, and what was seen of the answer.

    `deadline` is an instant on `clock`'s scale; `connect_timeout` and `read_timeout` are seconds. `fresh` asks
    for a connection that was not idle in the pool.
    """

    def __init__(
        self,
        deadline: float,
        clock: Callable[[], float],
        *,
        connect_timeout: float,
        read_timeout: float,
        fresh: bool = False,
    ) -> None:
        self.fresh = fresh
        self.is_reused = False
        self.is_answered = False
        self._deadline = deadline
        self._clock = clock
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout

    def connect_patience(self) -> float:
        """Return the seconds to give to the next step of connecting."""
        return self._patience(self._connect_timeout)

    def read_patience(self) -> float:
        """Return the seconds to wait for the next bytes of the answer."""
        return self._patience(self._read_timeout)

    def _patience(self, timeout: float) -> float:
        remaining = self._deadline - self._clock()
        if remaining <= 0:
            raise TimeoutError("the deadline has passed")
        return min(timeout, remaining)


_thread = threading.local()


@contextmanager
def exchanging(exchange: Exchange) -> Iterator[None]:
    """Make `exchange` the one this thread is in; one within another when a 401 has a token renewed."""
    outer = getattr(_thread, "exchange", None)
    _thread.exchange = exchange
    try:
        yield
    finally:
        _thread.exchange = outer


def current() -> Exchange:
    """Return the exchange that this thread is in."""
    exchange: Exchange = _thread.exchange
    return exchange


class _TimedReader(io.RawIOBase):
    """Reads a socket under the exchange's deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, exchange: Exchange) -> None:
        self._raw = raw
        self._sock = sock
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        patience = self._exchange.read_patience()
        if self._sock.gettimeout() != patience:  # setting it is a system call
            self._sock.settimeout(patience)
        count = self._raw.readinto(buffer)
        if count:
            self._exchange.is_answered = True
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class TimedResponse(http.client.HTTPResponse):
    """An answer that is read under its exchange's deadline."""

    def __init__(self, sock: socket.socket, exchange: Exchange, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw: Any = self.fp.detach()
        self.fp = io.BufferedReader(_TimedReader(raw, sock, exchange), 64 * 1024)
