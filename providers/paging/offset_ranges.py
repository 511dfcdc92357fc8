"""Read a part of a list, from several pages if necessary."""

from __future__ import annotations

from typing import TypeVar

from providers.errors import Incomplete, attributed
from providers.paging.pages import Fetch, Page, first_page

T = TypeVar("T")

MAX_REPAIRS = 3
MAX_PARTS = 32


def fetch_range(fetch: Fetch[T], offset: int, count: int, *, provider: str | None = None) -> Page[T]:
    """Return the `count` entries from `offset` on, fewer only at the end of the list.

    `fetch(offset, limit)` returns a page. If the server's own limit is smaller, the rest is fetched in at most
    MAX_PARTS pages. If the list changes between them, all are read again. The `limit` of the result is `count`.
    Raises what `fetch` raises, InvalidResponse for an impossible page, and Incomplete if the entries cannot be read
    whole; `provider` is named in both.
    """
    with attributed(provider):
        for _ in range(1 + MAX_REPAIRS):
            entries = _gathered(fetch, offset, count)
            if entries is not None:
                return entries
        raise Incomplete(f"the list was still changing when it was read for the {1 + MAX_REPAIRS}th time")


def _gathered(fetch: Fetch[T], offset: int, count: int) -> Page[T] | None:
    """Return the entries, from as many pages as necessary; None if the list changed between the pages."""
    items: list[T] = []
    totals: set[int] = set()
    for _ in range(MAX_PARTS):
        part = first_page(fetch, offset + len(items), count - len(items))
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
