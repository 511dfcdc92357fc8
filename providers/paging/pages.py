"""Pages of an offset list, checked against the request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from providers.errors import InvalidResponse

T = TypeVar("T")

MAX_TOTAL = 10_000_000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """At most `limit` entries of an offset list from `offset` on. `total` counts the whole list."""

    items: list[T]
    total: int
    offset: int
    limit: int


Fetch = Callable[[int, int], Page[T]]


def first_page(fetch: Fetch[T], offset: int, limit: int) -> Page[T]:
    """Fetch a page. The server may choose a smaller limit than the one asked for. Raises InvalidResponse."""
    page = fetch(offset, limit)
    if not 1 <= page.limit <= limit:
        raise InvalidResponse(f"a page of {page.limit} entries was given for one of {limit}")
    check(page, offset, page.limit)
    return page


def check(page: Page[T], offset: int, stride: int) -> None:
    """Raise InvalidResponse for a page that does not match the request."""
    if page.offset != offset or page.limit != stride:
        raise InvalidResponse(f"asked for {stride} from {offset}, got {page.limit} from {page.offset}")
    if not 0 <= page.total <= MAX_TOTAL:
        raise InvalidResponse(f"a total of {page.total} entries")
    if len(page.items) > stride:
        raise InvalidResponse(f"{len(page.items)} entries on a page of {stride}")
