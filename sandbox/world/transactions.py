"""The calls that the app has made, kept as Vinli's transaction service did.

Documented until 2024 (docs platform-services/transaction-service, API-reference): calls answered 2xx or 4xx count,
3xx and 5xx do not. Listed as a stream (docs general/pagination).
"""

import threading
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.api.dates import LATEST_MS, parse_ms
from sandbox.api.errors import Problem
from sandbox.api.paging import DEFAULT_LIMIT, LARGEST_LIMIT
from sandbox.world.clock import Clock

MOST_KEPT = 2_000
MOST_BYTES_OF_PATH = 500


@dataclass(frozen=True, slots=True)
class Transaction:
    """One call of the app: path with query, as it came."""

    id: str
    timestamp_ms: int
    path: str
    status: int
    method: str
    service: str


@dataclass(frozen=True)
class Period:
    """A stream's window: ``since`` is exclusive, ``until`` inclusive, both Unix milliseconds.

    ``given`` are the parameters that the caller sent, which the ``prior`` link repeats.
    """

    since: int
    until: int
    limit: int
    ascending: bool
    given: tuple[tuple[str, str], ...]


class Transactions:
    """The newest calls, bounded; the total since the start is counted on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: deque[Transaction] = deque(maxlen=MOST_KEPT)
        self.all_time = 0

    def record(self, method: str, path: str, status: int, service: str) -> None:
        """Count a call, unless it was answered 3xx or 5xx."""
        if status // 100 not in (2, 4):
            return
        call = Transaction(
            str(uuid.uuid4()),
            self._clock.now_ms(),
            path[:MOST_BYTES_OF_PATH],
            status,
            method,
            f"vinli-{service}-service",
        )
        with self._lock:
            self._calls.append(call)
            self.all_time += 1

    def within(self, period: Period) -> list[Transaction]:
        """Return the calls of a period, oldest first."""
        with self._lock:
            return [call for call in self._calls if period.since < call.timestamp_ms <= period.until]


def read_period(args: Mapping[str, str], now_ms: int) -> Period:
    """Return the period that a query asks for; empty values count as not given (vinli-node sends ``since=``).

    Raises Problem 400 for what is no date, number or direction: a guess, the documents are silent.
    """
    given = tuple((name, args[name]) for name in ("limit", "since", "sortDir") if args.get(name))
    limit = args.get("limit") or str(DEFAULT_LIMIT)
    direction = args.get("sortDir") or "desc"
    if not (limit.isascii() and limit.isdecimal() and len(limit) <= 15):
        raise Problem(400, '"limit" must be a number from 0 up')
    if direction not in ("asc", "desc"):
        raise Problem(400, '"sortDir" must be asc or desc')
    since, until = _date(args, "since", 0), _date(args, "until", now_ms)
    return Period(since, until, min(int(limit), LARGEST_LIMIT), direction == "asc", given)


def _date(args: Mapping[str, str], name: str, default: int) -> int:
    try:
        return parse_ms(args[name]) if args.get(name) else min(default, LATEST_MS)
    except ValueError:
        raise Problem(400, f'"{name}" must be an ISO 8601 date or Unix milliseconds') from None
