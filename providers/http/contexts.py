"""The context of one request: how long it may take, on what connection it goes out, and what was seen of the answer.

requests and urllib3 leave two gaps. Their read timeout starts anew with every byte that arrives, so that an answer may
take for ever; and they do not say whether a request went out on a connection that had been idle in the pool. urllib3
cannot hand an object through to the connection, so the context is found by a context variable. What is fetched for a
request before it can be sent, a token for example, finds the time that is left in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any


class Hold:
    """The connections that one series of requests keeps to itself, by their pools.

    No request of anybody else goes out on one of them before the series has ended.
    """

    def __init__(self) -> None:
        self.connections: dict[Any, Any] = {}

    def release(self) -> None:
        """Give the connections back to their pools."""
        while self.connections:
            pool, connection = self.connections.popitem()
            pool.put_back(connection)


class RequestContext:
    """One request and its attempts. Made where a call begins, and used by one thread at a time.

    `deadline` is an instant on `clock`'s scale; `connect_timeout` and `read_timeout` are seconds; `hold` is the series
    of requests that this one belongs to. A connection has to have been idle for `rest` seconds, unless it was last
    asked the same `question`; `fresh` asks for one that was not idle in the pool.

    `is_reused` says that the connection was open before, `is_shared` that it carried a request of somebody else,
    `is_answered` that a byte of an answer was read, and `has_surplus` that the connection held bytes which belong to
    no request. `is_out_of_step` says that it is not certain whose the answer is.
    """

    def __init__(
        self,
        deadline: float,
        clock: Callable[[], float],
        *,
        connect_timeout: float,
        read_timeout: float,
        rest: float = 0.0,
        hold: Hold | None = None,
    ) -> None:
        self.rest = rest
        self.hold = hold
        self.question: object = None
        self._deadline = deadline
        self._clock = clock
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self.start_attempt()

    @property
    def user(self) -> object:
        """Who uses the connection: the series of requests, or this one alone."""
        return self.hold or self

    @property
    def time_left(self) -> float:
        """Seconds until the deadline; negative once it has passed."""
        return self._deadline - self._clock()

    def start_attempt(self, *, fresh: bool = False) -> None:
        """Forget what was seen of the attempt before."""
        self.fresh = fresh
        self.attempt = object()
        self.has_surplus = False
        self.begin(is_reused=False, is_shared=False)

    def begin(self, *, is_reused: bool, is_shared: bool) -> None:
        """Note the connection that the request goes out on. An attempt has two when a 401 has a token renewed."""
        self.is_reused, self.is_shared = is_reused, is_shared
        self.is_answered = self.is_out_of_step = False

    def note_surplus(self) -> None:
        """Note that the connection holds more than the answer.

        If the connection carried somebody else's request before, what was taken for our answer may be theirs, late.
        """
        self.has_surplus = True
        self.is_out_of_step = self.is_shared

    def now(self) -> float:
        """Return the instant on the clock's scale."""
        return self._clock()

    def connect_seconds(self) -> float:
        """Return the seconds to give to the next step of connecting. Raises TimeoutError after the deadline."""
        return self._bounded(self._connect_timeout)

    def read_seconds(self) -> float:
        """Return the seconds to wait for the next bytes of the answer. Raises TimeoutError after the deadline."""
        return self._bounded(self._read_timeout)

    def _bounded(self, timeout: float) -> float:
        remaining = self.time_left
        if remaining <= 0:
            raise TimeoutError("the deadline has passed")
        return min(timeout, remaining)


_context: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)
_hold: ContextVar[Hold | None] = ContextVar("hold", default=None)


@contextmanager
def using(context: RequestContext) -> Iterator[None]:
    """Make `context` the one at hand; contexts nest when a token is fetched for a request."""
    token = _context.set(context)
    try:
        yield
    finally:
        _context.reset(token)


def current() -> RequestContext:
    """Return the context at hand. Raises LookupError outside of one."""
    context = _context.get()
    if context is None:
        raise LookupError("no request is under way")
    return context


def time_left(most: float) -> float:
    """Return the seconds that may be waited here: `most`, or less if the call at hand has less. Never negative."""
    context = _context.get()
    return max(0.0, most if context is None else min(most, context.time_left))


def current_hold() -> Hold | None:
    """Return the series of requests at hand, None outside of one."""
    return _hold.get()


@contextmanager
def holding() -> Iterator[None]:
    """Let the requests made here keep their connection to themselves, and go over one and the same.

    If that connection ends in between, the next request takes a new one, never one from the pool.
    """
    hold = Hold()
    token = _hold.set(hold)
    try:
        yield
    finally:
        _hold.reset(token)
        hold.release()
