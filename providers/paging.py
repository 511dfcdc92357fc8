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

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeVar

from providers.errors import Incomplete, InvalidResponse, ProviderError, attributed

T = TypeVar("T")

MAX_TOTAL = 10_000_000
MAX_REPAIRS = 3
MAX_PARTS = 32
# Seconds that a first page is ahead of those asked for by a guess: its reader is waiting, and would share the
# interpreter with all of them. A server that answers within them needs no guess.
HEAD_START = 0.005


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Entries of an offset list from `offset` on, `limit` at most; `total` counts the whole list."""

    items: list[T]
    total: int
    offset: int
    limit: int


Fetch = Callable[[int, int], Page[T]]


def fetch_range(fetch: Fetch[T], offset: int, count: int, *, provider: str | None = None) -> Page[T]:
    """Return the `count` entries from `offset` on, fewer only at the end of the list.

    `fetch(offset, limit)` returns a page, of fewer entries where the server's own limit is smaller: the rest is
    then asked for, in at most MAX_PARTS pages. Should the list change between them, they are read again. The
    `limit` of the result is `count`. Raises what `fetch` raises, InvalidResponse for a page that cannot be, and
    Incomplete when the entries cannot be had whole; `provider` is named in both.
    """
    with attributed(provider):
        for _ in range(1 + MAX_REPAIRS):
            entries = _gathered(fetch, offset, count)
            if entries is not None:
                return entries
        raise Incomplete(f"the list was still changing when it was read for the {1 + MAX_REPAIRS}th time")


def _gathered(fetch: Fetch[T], offset: int, count: int) -> Page[T] | None:
    """Put the entries together from as many pages as it takes; None when the pages do not fit together."""
    items: list[T] = []
    totals: set[int] = set()
    for _ in range(MAX_PARTS):
        part = _first_page(fetch, offset + len(items), count - len(items))
        totals.add(part.total)
        wanted = min(count, max(part.total - offset, 0))
        met_again = any(entry in items for entry in part.items)
        items += part.items
        if len(totals) > 1 or met_again or len(items) > wanted:
            return None
        if len(items) == wanted:
            return Page(items, part.total, offset, count)
        if not part.items:
            raise Incomplete(f"no entries from {offset + len(items)} on, of {part.total}")
    raise Incomplete(f"{count} entries did not come in {MAX_PARTS} pages")


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
    workers = _Workers(fetch, concurrency)
    try:
        with attributed(provider):
            if guess is None or not (1 <= guess.limit <= limit and 0 <= guess.total <= MAX_TOTAL):
                return Listing(workers, _first_page(fetch, 0, limit), key, provider)
            first = workers.submit(_first_page, fetch, 0, limit)
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


def _first_page(fetch: Fetch[T], offset: int, limit: int) -> Page[T]:
    """Fetch a page whose limit is for the server to choose, up to the one asked for."""
    page = fetch(offset, limit)
    if not 1 <= page.limit <= limit:
        raise InvalidResponse(f"a page of {page.limit} entries was given for one of {limit}")
    _check(page, offset, page.limit)
    return page


class Listing(Generic[T]):
    """A list that is being read. Iterate over it once; `close` it when leaving early.

    `total` is what the first page said. Iterating yields the entries of the first page at once, then the others
    in order, each once; what only turned up when the list was read again comes last. It raises what `fetch`
    raises, after the entries before that page, InvalidResponse for a page that cannot be, and Incomplete when the list
    cannot be read whole.
    """

    def __init__(
        self, workers: _Workers[T], first_page: Page[T], key: Callable[[T], int], provider: str | None
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
    workers: _Workers[T], first: Page[T], key: Callable[[T], int], provider: str | None
) -> Generator[T, None, None]:
    seen: set[int] = set()
    with attributed(provider), closing(workers):
        for repair in range(1 + MAX_REPAIRS):
            if repair:
                workers.forget()
                first = _first_page(workers.fetch, 0, first.limit)
            reading = _Pass(workers, first)
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


@dataclass(frozen=True, slots=True)
class _Asked(Generic[T]):
    """A page that was asked for and not taken yet."""

    offset: int
    limit: int
    page: Future[Page[T]]
    is_guess: bool


class _Workers(Generic[T]):
    """Threads that fetch pages, started as they are needed, and the pages asked for and not yet taken, in order."""

    def __init__(self, fetch: Fetch[T], concurrency: int) -> None:
        self.fetch = fetch
        self._ahead = 2 * concurrency
        self._executor = ThreadPoolExecutor(concurrency, thread_name_prefix="paging")
        self._asked: deque[_Asked[T]] = deque()
        self.submit = self._executor.submit

    def ask(self, offsets: Iterable[int], limit: int, fetch: Fetch[T] | None = None) -> None:
        """Ask for pages in this order, but for those asked for already, while there is room."""
        known = {asked.offset for asked in self._asked}
        for offset in offsets:
            if len(self._asked) >= self._ahead:
                return
            if offset not in known:
                page = self.submit(fetch or self.fetch, offset, limit)
                self._asked.append(_Asked(offset, limit, page, is_guess=fetch is not None))

    def take(self) -> Page[T]:
        """Return the page that was asked for first; raises what fetching it raised."""
        asked = self._asked.popleft()
        try:
            return asked.page.result()
        except ProviderError:
            if not asked.is_guess:
                raise
        return self.fetch(asked.offset, asked.limit)

    def forget(self) -> None:
        """Drop the pages asked for; those under way are not waited for."""
        for asked in self._asked:
            asked.page.cancel()
        self._asked.clear()

    def close(self) -> None:
        """Drop queued work and wait for nothing."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class _Pass(Generic[T]):
    """One reading of the list from front to end."""

    def __init__(self, workers: _Workers[T], first: Page[T]) -> None:
        self._workers = workers
        self._first = first
        self._stride = first.limit
        self._highest = self._lowest = first.total
        self._has_short_page = False

    def entries(self) -> Iterator[list[T]]:
        """Yield the entries in order, piece by piece. Raises what `fetch` raises, and InvalidResponse.

        The very first one goes out before any thread starts: it would have to wait its turn among them.
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
        """Say whether the list held still: one total throughout, and that many entries."""
        return self._lowest == self._highest == met and not self._has_short_page

    def is_whole(self, met: int) -> bool:
        """Say whether nothing can have slipped through: the list grew at most.

        What is added moves entries towards later pages, which are read later; only what is removed moves them
        to pages that were read already.
        """
        return self._lowest == self._first.total <= met and not self._has_short_page

    def _ask_from(self, offset: int) -> None:
        self._workers.ask(range(offset, self._highest, self._stride), self._stride)

    def _note(self, page: Page[T], offset: int) -> None:
        _check(page, offset, self._stride)
        self._highest = max(self._highest, page.total)
        self._lowest = min(self._lowest, page.total)
        if len(page.items) < min(self._stride, page.total - offset):
            self._has_short_page = True


def _check(page: Page[T], offset: int, stride: int) -> None:
    """Raise InvalidResponse for a page that does not answer what was asked."""
    if page.offset != offset or page.limit != stride:
        raise InvalidResponse(f"asked for {stride} from {offset}, got {page.limit} from {page.offset}")
    if not 0 <= page.total <= MAX_TOTAL:
        raise InvalidResponse(f"a total of {page.total} entries")
    if len(page.items) > stride:
        raise InvalidResponse(f"{len(page.items)} entries on a page of {stride}")
