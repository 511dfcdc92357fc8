"""Offset paging of resource lists (docs general/pagination)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from sandbox.api.errors import Problem

DEFAULT_LIMIT = 20
# The documents name no maximum; the Node SDK refuses to send more than 100 and vinli-cli asks for 100.
LARGEST_LIMIT = 100


@dataclass(frozen=True)
class Window:
    """Which part of a list was asked for. ``kept`` are other parameters that links repeat."""

    limit: int
    offset: int
    kept: tuple[tuple[str, str], ...] = ()


def read_window(args: Mapping[str, str], *kept: str) -> Window:
    """Return the window that a query asks for; an empty value counts as not given.

    A limit above the maximum is clamped, as documented. Raises Problem 400 for what is not a number from 0 up: a guess.
    """
    limit = _number(args, "limit", DEFAULT_LIMIT)
    offset = _number(args, "offset", 0)
    return Window(
        min(limit, LARGEST_LIMIT), offset, tuple((name, args[name]) for name in kept if args.get(name))
    )


def _number(args: Mapping[str, str], name: str, default: int) -> int:
    text = args.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise Problem(400, f'"{name}" must be a number from 0 up')
    return int(text)


def last_offset(total: int, limit: int) -> int:
    """Return the offset of the last page; 0 for an empty list, and for ``limit`` 0, where the documents are silent."""
    return (total - 1) // limit * limit if total and limit else 0


def offset_meta(url: str, window: Window, total: int) -> dict[str, object]:
    """Return ``meta`` of a page of the list at ``url`` (absolute, without query).

    A missing link is left out and never null: the Node SDK makes a method of every link. Past the end there is a
    ``prev`` and no ``next``, a guess.
    """
    limit, offset = window.limit, window.offset
    last = last_offset(total, limit)
    offsets = {"first": 0, "last": last}
    if limit and offset + limit < total:
        offsets["next"] = offset + limit
    if offset > 0:
        offsets["prev"] = min(max(0, offset - limit), last)
    links = {name: f"{url}?{_query(window, value)}" for name, value in offsets.items()}
    return {"pagination": {"total": total, "limit": limit, "offset": offset, "links": links}}


def _query(window: Window, offset: int) -> str:
    """Write limit before offset, as the platform's documented links do."""
    return urlencode((*window.kept, ("limit", window.limit), ("offset", offset)))
