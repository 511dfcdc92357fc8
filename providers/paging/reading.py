"""One reading of a list from first to last page. It notices changes of the list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from providers.paging.pages import Page, check
from providers.paging.workers import Workers

T = TypeVar("T")


class Reading(Generic[T]):
    """One reading of the list from first to last page."""

    def __init__(self, workers: Workers[T], first: Page[T]) -> None:
        self._workers = workers
        self._first = first
        self._stride = first.limit
        self._highest = self._lowest = first.total
        self._has_short_page = False

    def entries(self) -> Iterator[list[T]]:
        """Yield the entries in order, in pieces. Raises what `fetch` raises, and InvalidResponse.

        The first entry is yielded before any thread starts, because threads would delay it.
        """
        self._note(self._first, 0)
        yield self._first.items[:1]
        offset = self._stride
        self._ask_from(offset)
        yield self._first.items[1:]
        while offset < self._highest:
            page = self._workers.take()
            self._note(page, offset)
            offset += self._stride
            self._ask_from(offset)
            yield page.items

    def is_steady(self, met: int) -> bool:
        """Say whether the list did not change: every page had the same total, and that many entries came."""
        return self._lowest == self._highest == met and not self._has_short_page

    def is_whole(self, met: int) -> bool:
        """Say whether no entry can have been missed, because the list only grew.

        An added entry moves others to later pages, which are read later. Only a removed entry moves others to pages
        that were already read.
        """
        return self._lowest == self._first.total <= met and not self._has_short_page

    def _ask_from(self, offset: int) -> None:
        self._workers.ask(range(offset, self._highest, self._stride), self._stride)

    def _note(self, page: Page[T], offset: int) -> None:
        check(page, offset, self._stride)
        self._highest = max(self._highest, page.total)
        self._lowest = min(self._lowest, page.total)
        if len(page.items) < min(self._stride, page.total - offset):
            self._has_short_page = True
