"""Stream paging: lists paged by time instead of by offset (docs general/pagination)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlencode

from sandbox.api.dates import LATEST_MS, iso, parse_ms
from sandbox.api.errors import ApiError
from sandbox.api.paging import DEFAULT_LIMIT, LARGEST_LIMIT, number_from_0


@dataclass(frozen=True)
class Period:
    """The part of a stream that was asked for: after ``since`` and up to ``until``, both in Unix milliseconds.

    ``given`` are the parameters that the caller sent. The link to the next page repeats them.
    """

    since: int
    until: int
    limit: int
    ascending: bool
    given: tuple[tuple[str, str], ...]


def read_period(args: Mapping[str, str], now_ms: int, *kept: str) -> Period:
    """Return the period that a query asks for. An empty value counts as missing: vinli-node sends ``since=``.

    ``kept`` are further parameters that links repeat if the caller sent them.

    Raises ApiError 400 for a wrong date, number or direction. The docs do not say so; this is a guess.
    """
    given = tuple((name, args[name]) for name in ("limit", "since", "sortDir", *kept) if args.get(name))
    limit = args.get("limit") or str(DEFAULT_LIMIT)
    direction = args.get("sortDir") or "desc"
    if direction not in ("asc", "desc"):
        raise ApiError(400, '"sortDir" must be asc or desc')
    since, until = _date(args, "since", 0), _date(args, "until", now_ms)
    return Period(since, until, min(number_from_0(limit, "limit"), LARGEST_LIMIT), direction == "asc", given)


T = TypeVar("T", bound=tuple[Any, ...])


def take(items: Iterator[T], limit: int) -> list[T]:
    """Return the first items of a list in which the time of each is its first value.

    A page includes all items of its last millisecond, because the link to the next page starts after it. The docs do
    not say how Vinli does this.
    """
    taken = list(islice(items, limit))
    if not taken:
        return taken
    for item in items:
        if item[0] != taken[-1][0]:
            break
        taken.append(item)
    return taken


def stream_meta(url: str, period: Period, last_ms: int | None, remaining: int) -> dict[str, object]:
    """Return ``meta`` of a page. ``last_ms`` is the time of its last item, None for an empty page.

    The link is ``prior``, or ``next`` when ascending. It has the parameters that the caller sent and no others, because
    the Node SDK refuses links with parameters that it does not know.
    """
    links = {}
    if remaining and last_ms is not None:
        given = dict(period.given)
        if period.ascending:
            given |= {"until": str(period.until), "since": str(last_ms)}
        else:
            given["until"] = str(last_ms - 1)
        links["next" if period.ascending else "prior"] = f"{url}?{urlencode(given)}"
    return {
        "pagination": {
            "remaining": remaining,
            "until": iso(period.until),
            "since": iso(period.since),
            "limit": period.limit,
            "sortDir": "asc" if period.ascending else "desc",
            "links": links,
        }
    }


def _date(args: Mapping[str, str], name: str, default: int) -> int:
    try:
        return parse_ms(args[name]) if args.get(name) else min(default, LATEST_MS)
    except ValueError:
        raise ApiError(400, f'"{name}" must be an ISO 8601 date or Unix milliseconds') from None
