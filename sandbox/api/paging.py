"""Offset paging of resource lists (docs general/pagination)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from sandbox.api.errors import ApiError

DEFAULT_LIMIT = 20
# The docs name no maximum. The Node SDK sends at most 100, and vinli-cli asks for 100.
LARGEST_LIMIT = 100


@dataclass(frozen=True)
class Window:
    """The part of a list that was asked for. ``kept`` are other parameters, which links repeat."""

    limit: int
    offset: int
    kept: tuple[tuple[str, str], ...] = ()


def read_window(args: Mapping[str, str], *kept: str) -> Window:
    """Return the window that a query asks for. An empty value counts as missing; ``kept`` names other parameters.

    A limit above the maximum is lowered to it, as documented. Raises ApiError 400 for a value that is not a number from
    0 up; this is a guess.
    """
    limit = _number(args, "limit", DEFAULT_LIMIT)
    offset = _number(args, "offset", 0)
    return Window(
        min(limit, LARGEST_LIMIT), offset, tuple((name, args[name]) for name in kept if args.get(name))
    )


def _number(args: Mapping[str, str], name: str, default: int) -> int:
    return number_from_0(args.get(name) or str(default), name)


def number_from_0(text: str, name: str) -> int:
    """Return a number, one of more than 15 digits as the largest of 15; raises ApiError 400 for any other text."""
    if not (text.isascii() and text.isdecimal()):
        raise ApiError(400, f'"{name}" must be a number from 0 up')
    return int(text) if len(text) <= 15 else 10**15 - 1


def last_offset(total: int, limit: int) -> int:
    """Return the offset of the last page. 0 for an empty list, and for ``limit`` 0, which the docs do not mention."""
    return (total - 1) // limit * limit if total and limit else 0


def offset_meta(url: str, window: Window, total: int) -> dict[str, object]:
    """Return ``meta`` for one page of the list at ``url`` (absolute, without query).

    A link that does not exist is left out and never null, because the Node SDK makes a method of every link. A page
    past the end has ``prev`` and no ``next``; this is a guess.
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
    """Return a link's query, with limit before offset as in the docs."""
    return urlencode((*window.kept, ("limit", window.limit), ("offset", offset)))
