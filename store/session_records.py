"""Sessions as records: how long they last, how concurrent changes merge, how they end. No Flask.

A session lives in the record `session:<SHA-256 of its id>`:

    {"values": {...}, "ends_at": 1790000000.0}     ends_at: the absolute limit, Unix seconds
    {"ended": true}                                for a minute after it was ended or its id was changed

The second kind is for requests that were under way when the session ended. Their browser may already hold the
cookie of the next session, and an answer that deletes or sets the cookie would take that one away.
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
"""Session key, Unix seconds: the session ends then at the latest, as when a token in it expires."""

ENDED: Mapping[str, Any] = {"ended": True}
ENDED_TTL = 60.0
"""Seconds: longer than any request that carries the old id is still under way."""

MAX_CONFLICTS = 100

logger = logging.getLogger(__name__)


class EndedElsewhere(StoreError):
    """The session was ended by somebody else, or ran out, since it was read."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A live session's record, read. Times are Unix seconds; `ends_at` is the absolute limit."""

    values: Mapping[str, Any] = field(repr=False)
    ends_at: float
    version: int
    expires_at: float


class Changes:
    """The difference between two dictionaries, key by key, to be applied to a third."""

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
        """Return those of the values that were neither set nor deleted."""
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
        """Return the live session of this id; None for an unknown, ended or unreadable one."""
        return self._understood(self._records.get(_key(sid)))

    def ended_lately(self, sid: str) -> bool:
        record = self._records.get(_key(sid))
        return record is not None and record.value == ENDED

    def extend(self, sid: str, saved: Saved) -> None:
        """Begin the idle time anew, if a tenth of it has gone: most reads then write nothing at all."""
        limit = self._limit(saved.values, saved.ends_at)
        if limit - saved.expires_at < self._idle / 10:
            return
        try:
            self._records.touch(_key(sid), limit - self._clock())
        except StoreUnavailable as error:  # a full disk still serves readers
            logger.warning("A session could not be extended: %s", error)

    def create(self, sid: str, values: Mapping[str, Any], ends_at: float | None) -> Saved | None:
        """Store a new session under a new id; None, and nothing stored, when it would be over at once."""
        new = self._to_save(values, ends_at or self._clock() + self._absolute)
        if self._is_over(new):
            return None
        self._records.put(_key(sid), _stored(new), new.expires_at - self._clock())
        return new

    def update(self, sid: str, saved: Saved, changes: Changes) -> Saved | None:
        """Apply changes to the session, read anew for as long as others write it too.

        None when this leaves it empty or past its end, and so ends it. Raises EndedElsewhere.
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
        """End the session; return what it was at that moment, None if it had ended before."""
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
        # A write does not tell its version: a second one in the same request reads the record again.
        return Saved(values, ends_at, NO_VERSION, self._limit(values, ends_at))

    def _limit(self, values: Mapping[str, Any], ends_at: float) -> float:
        """Return when a session used now will end, in Unix seconds."""
        limit = min(self._clock() + self._idle, ends_at)
        expires_at = values.get(EXPIRES_AT)
        return limit if expires_at is None else min(limit, expires_at)

    def _is_over(self, saved: Saved) -> bool:
        """Say whether there is no reason to keep it: past its end, or nothing but Flask's own mark in it."""
        return saved.expires_at <= self._clock() or saved.values.keys() <= {"_permanent"}


def _key(sid: str) -> str:
    return "session:" + fingerprint(sid)


def _stored(saved: Saved) -> dict[str, Any]:
    return {"values": saved.values, "ends_at": saved.ends_at}
