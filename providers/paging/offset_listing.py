"""Whole lists, and whole parts of lists, out of offset pages: in order, without loss or duplicates.

The first page tells the total and the stride, so all other offsets are known and their pages can be asked for at
once, in little memory; links in answers are not followed. Whoever has read the list before need not wait for that:
its `Outline` is a guess at the offsets, and pages asked for by it are used only when the first page bears it out.

A list may change while it is read. Entries that were already seen are skipped; where the totals or the number of
entries show that some may have slipped through between two pages, the list is read again for those, until a pass
holds together. One change leaves no trace in either and is missed: an entry removed from a page already read while
another is added at the very end. New entries come first in Vinli's lists (docs general/pagination), where this
cannot lose any.

A guess keeps that promise. Total and first entry being what they were, nothing was added before the first page was
read, and so nothing was removed either: a page that happened to be read before it shows the list as it still was.
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
# Seconds that a first page is ahead of those asked for by a guess: its reader is waiting, and would share the
# interpreter with all of them. A server that answers within them needs no guess.
HEAD_START = 0.005


@dataclass(frozen=True, slots=True)
class Outline:
    """What a first page shows of its list: how many entries there are, how many a page has, and which is first."""

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

    `fetch(offset, limit)` returns a page and is called from several threads; `key` tells entries apart by a
    number; `provider` is named in the errors about pages; `guess` is what an earlier reading showed. Pages that are
    asked for by it are got by `fetch_ahead`, and once more by `fetch` where that fails. Raises what `fetch` raises,
    and InvalidResponse for a first page that cannot be.
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
    """A list that is being read. Iterate over it once; `close` it when leaving early.

    `total` is what the first page said. Iterating yields the entries of the first page at once, then the others
    in order, each once; what only turned up when the list was read again comes last. It raises what `fetch`
    raises, after the entries before that page, InvalidResponse for a page that cannot be, and Incomplete when the list
    cannot be read whole.
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
        """Stop: nothing more is asked for. Requests under way end by themselves and are not waited for."""
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
    """Yield what was not seen before; note what this pass met. In the first pass both sets are one."""
    for entry in entries:
        number = key(entry)
        if number in met:
            continue
        met.add(number)
        if met is seen or number not in seen:
            seen.add(number)
            yield entry
