"""Read a whole list from offset pages: in order, without loss or duplicates.

The first page gives the total and the stride. So all other offsets are known, and their pages are fetched in parallel
with little memory. Links in responses are not followed. A caller that has read the list before does not wait for the
first page: its `Outline` is a guess at the offsets, and the other pages are prefetched. Use prefetched pages only if
total, limit and first entry of the first page match the guess.

A list may change while it is read. Entries that were already seen are skipped. If the totals or the number of entries
show that some may have been missed between two pages, the list is read again for those, until one pass is consistent.
One change cannot be detected and is missed: an entry is removed from a page that was already read, and another is
added at the very end. New entries come first in Vinli's lists (docs general/pagination), so there it loses nothing.

A correct guess loses nothing either. If total and first entry are unchanged, nothing was added before the first page
was read, and so nothing was removed. A page that was read before the first page then shows the same list.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import wait
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeVar

from providers.errors import Incomplete, attributed
from providers.paging.pages import MAX_TOTAL, Fetch, Page, first_page
from providers.paging.reading import Reading
from providers.paging.workers import Workers

T = TypeVar("T")

MAX_REPAIRS = 3
# Seconds between the request for the first page and the prefetched ones. Reading prefetched pages at the same time
# would delay the first page. If the first page comes within this time, nothing is prefetched.
HEAD_START = 0.005


@dataclass(frozen=True, slots=True)
class Outline:
    """What a first page shows of its list: the total, the entries per page, and the key of the first entry."""

    total: int
    limit: int
    first: int | None


def outline(page: Page[T], key: Callable[[T], int]) -> Outline:
    """Return the outline of a list from its first page."""
    return Outline(page.total, page.limit, key(page.items[0]) if page.items else None)


def list_all(
    fetch: Fetch[T],
    *,
    key: Callable[[T], int],
    limit: int = 100,
    concurrency: int = 16,
    provider: str | None = None,
    guess: Outline | None = None,
    fetch_ahead: Fetch[T] | None = None,
) -> Listing[T]:
    """Fetch the first page and return the listing that will read the rest.

    `fetch(offset, limit)` returns a page and is called from several threads. `key` gives each entry a unique number.
    `provider` is named in the errors about pages. `guess` is the outline of an earlier reading. The pages of a guess
    are fetched by `fetch_ahead`, and again by `fetch` if that fails. Raises what `fetch` raises, and InvalidResponse
    for an impossible first page.
    """
    workers = Workers(fetch, concurrency)
    try:
        with attributed(provider):
            if guess is None or not (1 <= guess.limit <= limit and 0 <= guess.total <= MAX_TOTAL):
                return Listing(workers, first_page(fetch, 0, limit), key, provider)
            first = workers.submit(first_page, fetch, 0, limit)
            if not wait([first], HEAD_START).done:
                offsets = range(guess.limit, guess.total, guess.limit)[: concurrency - 1]
                workers.ask(offsets, guess.limit, fetch_ahead or fetch)
            page = first.result()
            if outline(page, key) != guess:
                workers.forget()
            return Listing(workers, page, key, provider)
    except BaseException:
        workers.close()
        raise


class Listing(Generic[T]):
    """A list that is being read. Iterate over it once; `close` it if you stop early.

    `total` is the total of the first page. Iterating yields the entries of the first page at once, then the others in
    order, each once. Entries that were found only when the list was read again come last. Iterating raises what
    `fetch` raises, after the entries before that page; InvalidResponse for an impossible page; and Incomplete if the
    list cannot be read whole.
    """

    def __init__(
        self, workers: Workers[T], first_page: Page[T], key: Callable[[T], int], provider: str | None
    ) -> None:
        self.first_page = first_page
        self.total = first_page.total
        self._workers = workers
        self._entries = _entries(workers, first_page, key, provider)

    def __iter__(self) -> Iterator[T]:
        return self._entries

    def close(self) -> None:
        """Send no more requests. Requests under way end by themselves; nothing waits for them."""
        self._entries.close()
        self._workers.close()


def _entries(
    workers: Workers[T], first: Page[T], key: Callable[[T], int], provider: str | None
) -> Generator[T, None, None]:
    seen: set[int] = set()
    with attributed(provider), closing(workers):
        for repair in range(1 + MAX_REPAIRS):
            if repair:
                workers.forget()
                first = first_page(workers.fetch, 0, first.limit)
            reading = Reading(workers, first)
            met: set[int] = set() if repair else seen
            for entries in reading.entries():
                yield from _unseen(entries, key, met, seen)
            if reading.is_steady(len(met)) or (repair and reading.is_whole(len(met))):
                return
        raise Incomplete(f"the list was still changing when it was read for the {1 + MAX_REPAIRS}th time")


def _unseen(entries: list[T], key: Callable[[T], int], met: set[int], seen: set[int]) -> Iterator[T]:
    """Yield entries that are not in `seen`, and add this pass's entries to `met`.

    In the first pass `met` and `seen` are the same set.
    """
    for entry in entries:
        number = key(entry)
        if number in met:
            continue
        met.add(number)
        if met is seen or number not in seen:
            seen.add(number)
            yield entry
