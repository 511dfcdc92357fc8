"""Threads that fetch pages ahead of their reader."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from providers.errors import ProviderError
from providers.paging.pages import Fetch, Page

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Asked(Generic[T]):
    """A page that was requested and not yet taken."""

    offset: int
    limit: int
    page: Future[Page[T]]
    is_guess: bool


class Workers(Generic[T]):
    """Threads that fetch pages, started on demand, and the requested pages that were not yet taken, in order."""

    def __init__(self, fetch: Fetch[T], concurrency: int) -> None:
        self.fetch = fetch
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
                page = self.submit(fetch or self.fetch, offset, limit)
                self._asked.append(_Asked(offset, limit, page, is_guess=fetch is not None))

    def take(self) -> Page[T]:
        """Return the page that was requested first. Raises what `fetch` raised.

        If a guess failed with a ProviderError, the page is fetched again.
        """
        asked = self._asked.popleft()
        try:
            return asked.page.result()
        except ProviderError:
            if not asked.is_guess:
                raise
        return self.fetch(asked.offset, asked.limit)

    def forget(self) -> None:
        """Drop the requested pages. Nothing waits for those under way."""
        for asked in self._asked:
            asked.page.cancel()
        self._asked.clear()

    def close(self) -> None:
        """Drop queued work. Nothing waits for the work under way."""
        self._executor.shutdown(wait=False, cancel_futures=True)
