"""The record of the app's calls, as Vinli's transaction service kept it.

The service was documented until 2024 (docs platform-services/transaction-service, API-reference). Calls answered with
2xx or 4xx count; calls answered with 3xx or 5xx do not.
"""

import threading
import uuid
from collections import deque
from dataclasses import dataclass

from sandbox.world.clock import Clock

MOST_KEPT = 2_000
MOST_BYTES_OF_PATH = 500
# The record calls some services otherwise than their hosts.
SINGULAR = {"events": "event", "rules": "rule", "trips": "trip", "dummies": "dummy"}


@dataclass(frozen=True, slots=True)
class Transaction:
    """One call of the app. ``path`` includes the query."""

    id: str
    timestamp_ms: int
    path: str
    status: int
    method: str
    service: str


class Transactions:
    """The newest MOST_KEPT calls. ``all_time`` counts all calls since the start."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: deque[Transaction] = deque(maxlen=MOST_KEPT)
        self.all_time = 0

    def record(self, method: str, path: str, status: int, service: str) -> None:
        """Record a call. A call answered with 3xx or 5xx is ignored."""
        if status // 100 not in (2, 4):
            return
        call = Transaction(
            str(uuid.uuid4()),
            self._clock.now_ms(),
            path[:MOST_BYTES_OF_PATH],
            status,
            method,
            f"vinli-{SINGULAR.get(service, service)}-service",
        )
        with self._lock:
            self._calls.append(call)
            self.all_time += 1

    def within(self, since: int, until: int) -> list[Transaction]:
        """Return the calls after ``since`` and up to ``until`` (Unix milliseconds), oldest first."""
        with self._lock:
            return [call for call in self._calls if since < call.timestamp_ms <= until]
