"""The context of one request: how long it may take, which connection it uses, and what was seen of the response.

requests and urllib3 leave two gaps. Their read timeout restarts with every byte that arrives, so a response may take
forever. And they do not say whether a request went out on a connection that was idle in the pool before.

urllib3 cannot pass an object to the connection, so a context variable holds the context. A token that is fetched
before a request can be sent finds its time left in the same variable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any


class Hold:
    """The connections that one series of requests keeps for itself, by their pools.

    No other request uses one of them before the series has ended.
    """

    def __init__(self) -> None:
        self.connections: dict[Any, Any] = {}
        self.pools: set[Any] = set()

    def release(self) -> None:
        """Give the connections back to their pools."""
        while self.connections:
            pool, connection = self.connections.popitem()
            pool.put_back(connection)


class RequestContext:
    """One request and its attempts. Created at the start of a call, and used by one thread at a time.

    `deadline` is an instant on `clock`'s scale; `connect_timeout` and `read_timeout` are seconds. `hold` is the series
    of requests that this one belongs to. A connection must have been idle for `rest` seconds unless its last request
    had the same `question`. `fresh` asks for a connection that was not idle in the pool.

    `is_reused`: the connection was open before. `is_shared`: it carried a request of another user. `is_answered`: a
    byte of a response was read. `has_surplus`: the connection held bytes that belong to no request. `is_out_of_step`:
    the response may belong to another request.
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
        """The user of the connection: the series of requests, or this request alone."""
        return self.hold or self

    def has_used(self, pool: object) -> bool:
        """Say whether the series has used a pool before: it takes no second connection out of it."""
        return self.hold is not None and pool in self.hold.pools

    @property
    def time_left(self) -> float:
        """Seconds until the deadline; negative once it has passed."""
        return self._deadline - self._clock()

    def start_attempt(self, *, fresh: bool = False) -> None:
        """Reset what was recorded about the previous attempt."""
        self.fresh = fresh
        self.attempt = object()
        self.has_surplus = False
        self.begin(is_reused=False, is_shared=False)

    def begin(self, *, is_reused: bool, is_shared: bool) -> None:
        """Record the connection that the request uses. An attempt has two if a 401 renews a token."""
        self.is_reused, self.is_shared = is_reused, is_shared
        self.is_answered = self.is_out_of_step = False

    def note_surplus(self) -> None:
        """Record that the connection holds more than the response.

        If the connection carried another user's request before, the response may be a late one to that request.
        """
        self.has_surplus = True
        self.is_out_of_step = self.is_shared

    def now(self) -> float:
        """Return the instant on the clock's scale."""
        return self._clock()

    def connect_seconds(self) -> float:
        """Return the seconds that the next step of connecting may take. Raises TimeoutError after the deadline."""
        return self._bounded(self._connect_timeout)

    def read_seconds(self) -> float:
        """Return the seconds to wait for the next bytes of the response. Raises TimeoutError after the deadline."""
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
    """Make `context` the current one. Contexts nest if a token is fetched for a request."""
    token = _context.set(context)
    try:
        yield
    finally:
        _context.reset(token)


def current() -> RequestContext:
    """Return the current context. Raises LookupError if there is none."""
    context = _context.get()
    if context is None:
        raise LookupError("no request is under way")
    return context


def time_left(most: float) -> float:
    """Return how many seconds the caller may wait: `most`, or the current call's time left if less. Never negative."""
    context = _context.get()
    return max(0.0, most if context is None else min(most, context.time_left))


def current_hold() -> Hold | None:
    """Return the current series of requests, None outside of one."""
    return _hold.get()


@contextmanager
def holding() -> Iterator[None]:
    """Send all requests of this block to one host over the same connection, which no other request uses.

    If that connection ends in between, the next request opens a new one. It never takes one from the pool.
    """
    hold = Hold()
    token = _hold.set(hold)
    try:
        yield
    finally:
        _hold.reset(token)
        hold.release()
