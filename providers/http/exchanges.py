"""One request on one connection: how long it may take, and what became of it.

requests and urllib3 leave two gaps. Their read timeout starts anew with every byte that drips in, so that an
answer may take for ever; and they do not say whether a request went out on a connection that had been idle in
the pool. urllib3 offers no way to hand an object through to the connection, so the exchange that a thread is in
is kept per thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Hold:
    """The connections that one series of requests keeps to itself, by their pools. Nobody else's request goes out
    on one of them before the series has ended."""

    def __init__(self) -> None:
        self.connections: dict[Any, Any] = {}

    def release(self) -> None:
        """Give the connections back to their pools."""
        while self.connections:
            pool, connection = self.connections.popitem()
            pool.put_back(connection)


class Exchange:
    """One request on one connection, its deadline, and what was seen of the answer.

    `deadline` is an instant on `clock`'s scale; `connect_timeout` and `read_timeout` are seconds. `fresh` asks
    for a connection that was not idle in the pool; `hold` is the series of requests that this one belongs to.
    A connection has to have been idle for `rest` seconds, unless it was last asked the same `question`.

    `is_reused` says that the connection was open before, `is_shared` that it carried a request of somebody else,
    `is_answered` that a byte of an answer was read, and `has_surplus` that the connection held bytes which belong
    to no request. `is_out_of_step` says that it is not certain whose the answer is.
    """

    def __init__(
        self,
        deadline: float,
        clock: Callable[[], float],
        *,
        connect_timeout: float,
        read_timeout: float,
        fresh: bool = False,
        hold: Hold | None = None,
        rest: float = 0.0,
        question: object = None,
    ) -> None:
        self.fresh = fresh
        self.hold = hold
        self.rest = rest
        self.question = question
        self.is_reused = False
        self.is_shared = False
        self.is_answered = False
        self.has_surplus = False
        self.is_out_of_step = False
        self._deadline = deadline
        self._clock = clock
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout

    @property
    def user(self) -> object:
        """Who uses the connection: the series of requests, or this one alone."""
        return self.hold or self

    def begin(self, *, is_reused: bool, is_shared: bool) -> None:
        """Take note of the connection that the request goes out on. There may have been one before, with a 401."""
        self.is_reused, self.is_shared = is_reused, is_shared
        self.is_answered = self.is_out_of_step = False

    def note_surplus(self) -> None:
        """Take note that the connection holds more than the answer.

        Where it carried somebody else's request before, what was taken for our answer may be theirs, late.
        """
        self.has_surplus = True
        self.is_out_of_step = self.is_shared

    def now(self) -> float:
        """Return the instant on the clock's scale."""
        return self._clock()

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


def current_hold() -> Hold | None:
    """Return the series of requests that this thread is in, None outside of one."""
    hold: Hold | None = getattr(_thread, "hold", None)
    return hold


@contextmanager
def holding() -> Iterator[None]:
    """Let the requests of this thread keep their connection to themselves, and go over one and the same.

    Where that connection ends in between, the next request takes a new one, never one from the pool.
    """
    outer = current_hold()
    _thread.hold = hold = Hold()
    try:
        yield
    finally:
        _thread.hold = outer
        hold.release()
