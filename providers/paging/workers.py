"""Threads that fetch pages ahead of their reader."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from providers.errors import ProviderError
from providers.paging.pages import Fetch, Page

T = TypeVar("T")

# Seconds after a guess that failed, if the server named none; and the most that a reader waits.
SHORT_PAUSE = 0.2
MAX_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class _Asked(Generic[T]):
    """A page that was requested and not yet taken."""

    offset: int
    limit: int
    page: Future[Page[T]]
    is_guess: bool


class Workers(Generic[T]):
    """Threads that fetch pages, started on demand, and the requested pages that were not yet taken, in order."""

    def __init__(
        self,
        fetch: Fetch[T],
        concurrency: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.fetch = fetch
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._not_before = 0.0
        self._lock = threading.Lock()
        self._ahead = 2 * concurrency
        self._executor = ThreadPoolExecutor(concurrency, thread_name_prefix="paging")
        self._asked: deque[_Asked[T]] = deque()
        self.submit = self._executor.submit

    def ask(self, offsets: Iterable[int], limit: int, fetch: Fetch[T] | None = None) -> None:
        """Request pages in this order while there is room. Pages that were already requested are skipped."""
        known = {asked.offset for asked in self._asked}
        for offset in offsets:
            if len(self._asked) >= self._ahead:
                return
            if offset not in known:
                page = (
                    self.submit(self.fetch, offset, limit)
                    if fetch is None
                    else self.submit(self._guess, fetch, offset, limit)
                )
                self._asked.append(_Asked(offset, limit, page, is_guess=fetch is not None))

    def take(self) -> Page[T]:
        """Return the page that was requested first. Raises what `fetch` raised.

        If a guess failed with a ProviderError, the page is fetched again: not before the time that the server asked
        for, and never at once. Raises the error if that is longer than MAX_PAUSE away.
        """
        asked = self._asked.popleft()
        try:
            return asked.page.result()
        except ProviderError:
            if not asked.is_guess or self._pause() > MAX_PAUSE:
                raise
        self._sleep(self._pause())
        return self.fetch(asked.offset, asked.limit)

    def _guess(self, fetch: Fetch[T], offset: int, limit: int) -> Page[T]:
        """Fetch a page. If that fails, note when the server may be asked again."""
        try:
            return fetch(offset, limit)
        except ProviderError as error:
            pause = SHORT_PAUSE if error.retry_after is None else error.retry_after
            with self._lock:
                self._not_before = max(self._not_before, self._clock() + pause)
            raise

    def _pause(self) -> float:
        """Return the seconds until the server may be asked again, and a little more, which differs."""
        return max(0.0, self._not_before - self._clock()) + self._chance() * SHORT_PAUSE

    def forget(self) -> None:
        """Drop the requested pages. Nothing waits for those under way."""
        for asked in self._asked:
            asked.page.cancel()
        self._asked.clear()

    def close(self) -> None:
        """Drop queued work. Nothing waits for the work under way."""
        self._executor.shutdown(wait=False, cancel_futures=True)
