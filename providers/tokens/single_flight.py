"""Let one thread do a piece of work for all threads of the process that need its result."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Work under way, by key. A test can replace `start`, which starts a thread.

    The work runs in a thread of its own, because the first caller may have less time than those who wait with it. The
    thread is no daemon: the process waits for it at its end, so that no result is lost.
    """

    def __init__(self, start: Callable[[Callable[[], None]], None] | None = None) -> None:
        self._start = start or _in_a_thread
        self._lock = threading.Lock()
        self._pending: dict[str, Future[T]] = {}

    def join(self, key: str, work: Callable[[], T]) -> Future[T]:
        """Return the result of the work under this key. If none is under way, start it."""
        with self._lock:
            if (pending := self._pending.get(key)) is not None:
                return pending
            pending = self._pending[key] = Future()
        try:
            self._start(partial(self._complete, key, work, pending))
        except BaseException:
            self._forget(key)
            raise
        return pending

    def _complete(self, key: str, work: Callable[[], T], pending: Future[T]) -> None:
        try:
            result = work()
        except BaseException as error:
            self._forget(key)
            pending.set_exception(error)
        else:
            self._forget(key)
            pending.set_result(result)

    def _forget(self, key: str) -> None:
        with self._lock:
            self._pending.pop(key, None)


def _in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="single-flight", daemon=False).start()
