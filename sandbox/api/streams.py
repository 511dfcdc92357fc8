"""Stream paging: lists paged by time instead of by offset (docs general/pagination)."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.api.dates import LATEST_MS, parse_ms
from sandbox.api.errors import ApiError
from sandbox.api.paging import DEFAULT_LIMIT, LARGEST_LIMIT


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


def read_period(args: Mapping[str, str], now_ms: int) -> Period:
    """Return the period that a query asks for. An empty value counts as missing: vinli-node sends ``since=``.

    Raises ApiError 400 for a wrong date, number or direction. The docs do not say so; this is a guess.
    """
    given = tuple((name, args[name]) for name in ("limit", "since", "sortDir") if args.get(name))
    limit = args.get("limit") or str(DEFAULT_LIMIT)
    direction = args.get("sortDir") or "desc"
    if not (limit.isascii() and limit.isdecimal() and len(limit) <= 15):
        raise ApiError(400, '"limit" must be a number from 0 up')
    if direction not in ("asc", "desc"):
        raise ApiError(400, '"sortDir" must be asc or desc')
    since, until = _date(args, "since", 0), _date(args, "until", now_ms)
    return Period(since, until, min(int(limit), LARGEST_LIMIT), direction == "asc", given)


def _date(args: Mapping[str, str], name: str, default: int) -> int:
    try:
        return parse_ms(args[name]) if args.get(name) else min(default, LATEST_MS)
    except ValueError:
        raise ApiError(400, f'"{name}" must be an ISO 8601 date or Unix milliseconds') from None
