"""Attempts to connect: one stored record for each run of the authorization-code flow (RFC 6749, section 4.1).

An attempt is not part of a session, so tabs that connect at the same time do not disturb each other. A secret that
only the starting browser has binds the attempt to that browser (RFC 9700, section 4.7.1). An attempt passes each
state once: pending, exchanging, then done or failed. It is stored for an hour, so that a late or repeated callback
still gets an explanation.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from hmac import compare_digest
from typing import Any, Literal

from store.records import Record, Records, fingerprint

VALID = 600.0
"""Seconds in which an attempt may be completed (RFC 6749, section 4.1.2, recommends ten minutes at most)."""

RETENTION = 3600.0
"""Seconds for which an attempt is stored."""

Status = Literal["pending", "exchanging", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of the flow. Times are Unix seconds.

    `code_verifier` (RFC 7636) is empty after the attempt has finished. `session_id` is set when the attempt is done:
    an identical callback that arrives shortly after `finished_at` gets this session too. If an attempt is still
    exchanging long after `taken_at`, its server process has died and it will not finish. `trace_id` is the id of the
    trace with its steps (`store.traces`).
    """

    id: str = field(repr=False)
    flow: str
    code_verifier: str = field(repr=False)
    next_path: str
    created_at: float
    browser_fingerprint: str = field(repr=False)
    status: Status = "pending"
    session_id: str | None = field(default=None, repr=False)
    taken_at: float | None = None
    finished_at: float | None = None
    trace_id: str = ""

    def belongs_to(self, browser_secret: str) -> bool:
        """Tell if this browser started the attempt; compares in constant time."""
        return compare_digest(fingerprint(browser_secret), self.browser_fingerprint)

    def is_expired(self, now: float) -> bool:
        return now >= self.created_at + VALID


_FIELDS = {about.name for about in fields(Attempt)} - {"id"}


class Attempts:
    """The attempts in a store. Every method may raise `StoreUnavailable`."""

    def __init__(self, records: Records, clock: Callable[[], float] = time.time) -> None:
        self._records = records
        self._clock = clock

    def start(
        self, next_path: str, code_verifier: str, flow: str = "connect", trace_id: str = ""
    ) -> tuple[Attempt, str]:
        """Store a new attempt. Return it together with the secret for the browser's cookie."""
        browser_secret = secrets.token_urlsafe(32)
        attempt = Attempt(
            id=secrets.token_urlsafe(24),
            flow=flow,
            code_verifier=code_verifier,
            next_path=next_path,
            created_at=self._clock(),
            browser_fingerprint=fingerprint(browser_secret),
            trace_id=trace_id,
        )
        self._records.put(_key(attempt.id), _stored(attempt), RETENTION)
        return attempt, browser_secret

    def find(self, attempt_id: str) -> Attempt | None:
        """Return the attempt as it is now; None if it is unknown or too old."""
        return _attempt(attempt_id, self._records.get(_key(attempt_id)))

    def take(self, attempt_id: str) -> bool:
        """Move the attempt from pending to exchanging. Exactly one caller ever gets True."""
        return self._move(attempt_id, "pending", status="exchanging", taken_at=self._clock())

    def finish(self, attempt_id: str, session_id: str | None) -> bool:
        """End the exchange and erase the verifier. The attempt is done with a session, failed without one.

        If the attempt is not exchanging, change nothing and return False.
        """
        return self._move(
            attempt_id,
            "exchanging",
            status="failed" if session_id is None else "done",
            session_id=session_id,
            code_verifier="",
            finished_at=self._clock(),
        )

    def _move(self, attempt_id: str, expected: Status, **changes: Any) -> bool:
        key = _key(attempt_id)
        record = self._records.get(key)
        attempt = _attempt(attempt_id, record)
        if record is None or attempt is None or attempt.status != expected:
            return False
        ttl = record.expires_at - self._clock()
        return self._records.replace(key, _stored(replace(attempt, **changes)), ttl, record.version)


def _key(attempt_id: str) -> str:
    return "attempt:" + fingerprint(attempt_id)


def _stored(attempt: Attempt) -> dict[str, Any]:
    stored = asdict(attempt)
    del stored["id"]
    return stored


def _attempt(attempt_id: str, record: Record | None) -> Attempt | None:
    if record is None:
        return None
    try:
        # Ignore fields of a newer version of this application, so that both versions can run at the same time.
        return Attempt(id=attempt_id, **{name: record.value[name] for name in _FIELDS & record.value.keys()})
    except TypeError:  # written by an older version that lacks a field
        return None
