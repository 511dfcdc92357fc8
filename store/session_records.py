"""Sessions as records, without Flask: their lifetime, the merging of concurrent changes, and their end.

A session is stored in the record `session:<SHA-256 of its id>`:

    {"values": {...}, "ends_at": 1790000000.0}     ends_at: the absolute limit, Unix seconds
    {"ended": true}                                for a minute after it was ended or its id was changed

The second form is for requests that are still running when the session ends. Their browser may already hold the
cookie of the next session. A response that deletes or sets the cookie would remove that new cookie.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from store.base import NO_VERSION, StoreError, StoreUnavailable
from store.records import Record, Records, fingerprint

EXPIRES_AT = "_expires_at"
"""Session key, in Unix seconds: the latest end of the session, for example when a token in it expires."""

ENDED: Mapping[str, Any] = {"ended": True}
ENDED_TTL = 60.0
"""Seconds; longer than any running request with the old id can last."""

MAX_CONFLICTS = 100

logger = logging.getLogger(__name__)


class EndedElsewhere(StoreError):
    """Another request has ended the session since it was read, or it has expired."""


@dataclass(frozen=True, slots=True)
class Saved:
    """The record of a live session. Times are Unix seconds; `ends_at` is the absolute limit."""

    values: Mapping[str, Any] = field(repr=False)
    ends_at: float
    version: int
    expires_at: float


class Changes:
    """The difference between two dictionaries, key by key. It can be applied to a third one."""

    def __init__(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        self._assigned = {
            key: value for key, value in after.items() if key not in before or before[key] != value
        }
        self._deleted = before.keys() - after.keys()

    def __bool__(self) -> bool:
        return bool(self._assigned or self._deleted)

    def applied_to(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {**self.untouched(values), **self._assigned}

    def untouched(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values that were neither set nor deleted."""
        return {
            key: value
            for key, value in values.items()
            if key not in self._deleted and key not in self._assigned
        }


class SessionRecords:
    """The sessions in a store. Every method may raise `StoreUnavailable`."""

    def __init__(
        self,
        records: Records,
        clock: Callable[[], float] = time.time,
        *,
        idle: timedelta,
        absolute: timedelta,
    ) -> None:
        self._records = records
        self._clock = clock
        self._idle = idle.total_seconds()
        self._absolute = absolute.total_seconds()

    def find(self, sid: str) -> Saved | None:
        """Return the live session with this id; None if it is unknown, ended or unreadable."""
        return self._understood(self._records.get(_key(sid)))

    def ended_lately(self, sid: str) -> bool:
        record = self._records.get(_key(sid))
        return record is not None and record.value == ENDED

    def extend(self, sid: str, saved: Saved) -> None:
        """Restart the idle time if a tenth of it has passed. So most reads write nothing."""
        limit = self._limit(saved.values, saved.ends_at)
        if limit - saved.expires_at < self._idle / 10:
            return
        try:
            self._records.touch(_key(sid), limit - self._clock())
        except StoreUnavailable as error:  # a full disk still serves readers
            logger.warning("A session could not be extended: %s", error)

    def create(self, sid: str, values: Mapping[str, Any], ends_at: float | None) -> Saved | None:
        """Store a new session under a new id. If it would end at once, store nothing and return None."""
        new = self._to_save(values, ends_at or self._clock() + self._absolute)
        if self._is_over(new):
            return None
        self._records.put(_key(sid), _stored(new), new.expires_at - self._clock())
        return new

    def update(self, sid: str, saved: Saved, changes: Changes) -> Saved | None:
        """Apply changes to the session. If others write it too, read it again and retry.

        If the session is then empty or past its end, end it and return None. Raises EndedElsewhere.
        """
        current: Saved | None = saved
        for _ in range(MAX_CONFLICTS):
            if current is None:
                raise EndedElsewhere
            new = self._to_save(changes.applied_to(current.values), current.ends_at)
            if self._is_over(new):
                if self._replace_by_end(sid, current):
                    return None
            elif self._replace(sid, new, current):
                return new
            current = self.find(sid)
        raise StoreUnavailable("too many requests write one session at once")

    def end(self, sid: str) -> Saved | None:
        """End the session. Return its last state; None if it had already ended."""
        for _ in range(MAX_CONFLICTS):
            saved = self.find(sid)
            if saved is None or self._replace_by_end(sid, saved):
                return saved
        raise StoreUnavailable("too many requests write one session at once")

    def _replace(self, sid: str, new: Saved, old: Saved) -> bool:
        return self._records.replace(_key(sid), _stored(new), new.expires_at - self._clock(), old.version)

    def _replace_by_end(self, sid: str, old: Saved) -> bool:
        return self._records.replace(_key(sid), ENDED, ENDED_TTL, old.version)

    def _understood(self, record: Record | None) -> Saved | None:
        if record is None:
            return None
        values, ends_at = record.value.get("values"), record.value.get("ends_at")
        if not isinstance(values, dict) or not isinstance(ends_at, float):
            return None  # it has ended, or another version of this application wrote it
        saved = Saved(values, ends_at, record.version, record.expires_at)
        return None if self._limit(saved.values, saved.ends_at) <= self._clock() else saved

    def _to_save(self, values: Mapping[str, Any], ends_at: float) -> Saved:
        # A write does not return its version, so a second write in the same request reads the record again.
        return Saved(values, ends_at, NO_VERSION, self._limit(values, ends_at))

    def _limit(self, values: Mapping[str, Any], ends_at: float) -> float:
        """Return the end of a session that is used now, in Unix seconds."""
        limit = min(self._clock() + self._idle, ends_at)
        expires_at = values.get(EXPIRES_AT)
        return limit if expires_at is None else min(limit, expires_at)

    def _is_over(self, saved: Saved) -> bool:
        """Tell if a session need not be kept: it is past its end, or holds nothing but Flask's own mark."""
        return saved.expires_at <= self._clock() or saved.values.keys() <= {"_permanent"}


def _key(sid: str) -> str:
    return "session:" + fingerprint(sid)


def _stored(saved: Saved) -> dict[str, Any]:
    return {"values": saved.values, "ends_at": saved.ends_at}
