"""Read a list that is paged by time: fast, complete, in order, and without keeping it.

Such a list gives the newest entries of a window and says how many older ones the window has (``remaining``). Following
its links costs one round trip for each page. Here the window is cut into parts by time that are read side by side. A
part that turns out dense is cut again. Entries come newest first, and only some pages wait to be taken.

What is promised: entries that were in the list when the reading began come exactly once, in the order of their times.
An entry that arrives during the reading, with a time inside a window that was read already, is left out; one inside a
window that is still to be read comes. Several entries may share a millisecond at the edge of a page, whether the server
extends the page over them or not, as long as one page can hold them all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from queue import SimpleQueue
from typing import Generic, TypeVar

from providers.errors import Incomplete, InvalidResponse

T = TypeVar("T")

# Pages in a part when there are many. Few long parts waste less than many short ones, because each ends in a page that
# is not full.
PAGES_OF_A_PART = 4
# A part with more pages than this is cut again.
DENSE_PAGES = 6
# More parts than pages, so that fewer of them need a second page.
SPARE = 1.2
# Pages that may wait in one part behind the first.
WAITING_PAGES = 6


@dataclass(frozen=True, slots=True)
class TimePage(Generic[T]):
    """Entries after `since_ms` and up to `until_ms` (Unix milliseconds), newest first.

    `remaining` counts the older entries of the window. `limit` is the page size of the server, which may be smaller
    than the one asked for. `skipped` counts entries that could not be read and are left out.
    """

    items: list[T]
    remaining: int
    since_ms: int
    until_ms: int
    limit: int
    skipped: int = 0
    # The time of the last entry, of one that was left out too; None for an empty page.
    last_ms: int | None = None


Fetch = Callable[[int, int, int], TimePage[T]]
"""Fetch the newest entries after and up to an instant: since, until (Unix milliseconds), limit."""


@dataclass(slots=True)
class _Part(Generic[T]):
    """A window that is read page by page. ``known`` are the keys at ``until_ms`` that came already."""

    since_ms: int
    until_ms: int
    known: frozenset[object] = frozenset()
    pages: deque[list[T]] = field(default_factory=deque)
    asked: Future[TimePage[T]] | None = None
    is_done: bool = False
    left: int | None = None


class TimeListing(Generic[T]):
    """The entries of a window, newest first. Iterate once. `remaining_at_start` and `first_page` are known at once.

    `skipped` counts the entries that were left out so far because they could not be read.
    """

    def __init__(
        self,
        fetch: Fetch[T],
        key: Callable[[T], object],
        time_ms: Callable[[T], int],
        *,
        since_ms: int,
        until_ms: int,
        limit: int,
        concurrency: int,
        oldest: Callable[[], int | None] | None = None,
    ) -> None:
        """Fetch the first page. ``oldest`` returns the time of the oldest entry; it is asked if that helps to cut.

        Raises what ``fetch`` raises.
        """
        self._fetch = fetch
        self._key = key
        self._time_ms = time_ms
        self._limit = limit
        self._concurrency = concurrency
        self._oldest = oldest
        self.first_page = fetch(since_ms, until_ms, limit)
        self.skipped = 0
        self._parts: deque[_Part[T]] = deque()
        # Parts whose page has come and was not taken yet.
        self._arrived: SimpleQueue[_Part[T]] = SimpleQueue()
        first: _Part[T] = _Part(since_ms, min(until_ms, self.first_page.until_ms))
        self._parts.append(first)

    @property
    def total(self) -> int:
        """Return how many entries the window had when its first page was read."""
        return len(self.first_page.items) + self.first_page.skipped + self.first_page.remaining

    def __iter__(self) -> Iterator[T]:
        """Yield the entries. Raises what ``fetch`` raises, and Incomplete if the list contradicts itself."""
        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="time-parts") as executor:
            try:
                self._take(self._parts[0], self.first_page)
                while self._parts:
                    front = self._parts[0]
                    self._collect()
                    self._ask(executor)
                    if front.pages:
                        yield from front.pages.popleft()
                    elif front.is_done:
                        self._parts.popleft()
                    else:
                        self._wait()
            finally:
                executor.shutdown(wait=False, cancel_futures=True)

    def _ask(self, executor: ThreadPoolExecutor) -> None:
        """Let the parts at the front ask for their next pages: for each thread one, and one that waits for it."""
        busy = 0
        for place, part in enumerate(self._parts):
            if busy >= 2 * self._concurrency or place > 3 * self._concurrency:
                return
            if part.asked is not None:
                busy += 1
            elif not part.is_done and (place == 0 or len(part.pages) < WAITING_PAGES):
                part.asked = executor.submit(self._fetch, part.since_ms, part.until_ms, self._limit)
                part.asked.add_done_callback(partial(self._came, part))
                busy += 1

    def _came(self, part: _Part[T], _page: Future[TimePage[T]]) -> None:
        """Note, in the thread that fetched it, that a part has its page or an error."""
        self._arrived.put(part)

    def _collect(self) -> None:
        """Take the pages that have come."""
        while not self._arrived.empty():
            self._take_from(self._arrived.get())

    def _wait(self) -> None:
        """Wait for a page."""
        self._take_from(self._arrived.get())

    def _take_from(self, part: _Part[T]) -> None:
        if part.asked is not None:
            page, part.asked = part.asked.result(), None
            self._take(part, page)

    def _take(self, part: _Part[T], page: TimePage[T]) -> None:
        """Add a page to its part, and go on behind it."""
        if page.limit < 1 or page.remaining < 0:
            raise InvalidResponse(f"a page of {page.limit} entries with {page.remaining} behind it")
        new = page.items
        if part.known:
            new = [one for one in page.items if self._key(one) not in part.known]
        self.skipped += page.skipped
        part.pages.append(new)
        if page.remaining == 0 or page.last_ms is None:
            part.is_done = True
            return
        last = page.last_ms
        if last > part.until_ms or last <= part.since_ms:
            raise InvalidResponse("an entry outside the window that was asked for")
        if last == part.until_ms and not new and part.known:
            # All of the page is known. What else has this millisecond cannot be reached.
            last, known = last - 1, frozenset[object]()
        else:
            known = self._keys_at(page.items, last)
            if last == part.until_ms:
                known |= part.known
                if part.left is not None and page.remaining >= part.left:
                    raise Incomplete("the list has no end")
            part.left = page.remaining
        if last <= part.since_ms:
            raise Incomplete(f"{page.remaining} entries are missing")
        self._go_on(part, page, last, known)

    def _keys_at(self, items: list[T], at_ms: int) -> frozenset[object]:
        """Return the keys of the entries at an instant, which are the last ones of a page."""
        found = []
        for one in reversed(items):
            if self._time_ms(one) > at_ms:
                break
            found.append(self._key(one))
        return frozenset(found)

    def _go_on(self, part: _Part[T], page: TimePage[T], last_ms: int, known: frozenset[object]) -> None:
        """Read on behind ``last_ms``: in this part, or cut into several if much is left."""
        pages = -(-page.remaining // page.limit)
        is_first = part is self._parts[0] and page is self.first_page
        since = part.since_ms
        if pages > DENSE_PAGES or (is_first and pages > 1):
            if is_first and self._oldest is not None and pages > 2:
                oldest = self._oldest()
                if oldest is not None:
                    since = max(since, min(oldest, last_ms) - 1)
            self._cut(part, since, last_ms, known, pages)
            return
        part.until_ms, part.known = last_ms, known

    def _cut(
        self, part: _Part[T], since_ms: int, until_ms: int, known: frozenset[object], pages: int
    ) -> None:
        """End a part, and put several in its place that cover the rest of its window."""
        part.is_done = True
        of_each = max(1, min(PAGES_OF_A_PART, pages // (2 * self._concurrency)))
        count = max(2, min(round(pages / of_each * SPARE), until_ms - since_ms))
        width = (until_ms - since_ms) / count
        edges = [until_ms - round(width * number) for number in range(count)]
        # What is older than the oldest entry was empty a moment ago. Late ones may have come.
        edges.append(part.since_ms)
        place = self._parts.index(part) + 1
        for number, (end, begin) in enumerate(pairwise(edges)):
            if begin < end:
                following = _Part[T](begin, end, known if number == 0 else frozenset())
                self._parts.insert(place, following)
                place += 1
