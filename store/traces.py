"""Traces: what happened in runs of the OAuth flows, kept for a day at most, in a bounded number of places.

Strangers can start runs and knock at the callback as often as the rate limits let them, so a trace never takes a
place that was not there before: each bucket has a fixed number of slots, and a new trace takes a free one of four that
its id leads to, or that of the oldest among the four. Runs that ended badly have buckets of their own, so that a
thousand good ones do not push them out; and each visitor's traces stay in one part of every bucket, so that nobody
alone can push out everybody else's.

What is in a trace is the writer's business, and so is leaving secrets out of it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

from store.records import Record, Records

RETENTION = 24 * 3600.0
"""Seconds for which a trace is kept, unless newer ones take its place."""

TraceBucket = Literal["open", "good", "refused", "failed", "stray"]
BUCKETS: Mapping[TraceBucket, int] = {"open": 256, "good": 256, "refused": 256, "failed": 512, "stray": 128}
"""Slots: runs that nobody came back from yet, that ended well, that came back with nothing to exchange, that failed
at a call of ours, and callbacks of no run of ours."""

PARTS = 8
"""Parts of each bucket; a visitor's traces stay in one."""

CHOICES = 4
_TRIES = 8


@dataclass(frozen=True, slots=True)
class StoredTrace:
    """A trace as it was stored. `started_at` is in Unix seconds."""

    id: str
    bucket: TraceBucket
    started_at: float
    content: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Place:
    key: str
    version: int
    kept: StoredTrace


Combine = Callable[[Sequence[StoredTrace]], tuple[TraceBucket, dict[str, Any]] | None]


def new_trace_id(visitor: str = "") -> str:
    """Return an id for a trace of this visitor, whose network address does.

    It is no secret: it opens nothing without the operator's sign-in.
    """
    part = sha256(visitor.encode("utf-8", "surrogatepass")).digest()[0] % PARTS
    return f"{part}{secrets.token_hex(8)}"


class Traces:
    """The traces in a store. Every method may raise `StoreUnavailable`."""

    def __init__(self, records: Records, clock: Callable[[], float] = time.time) -> None:
        self._records = records
        self._clock = clock

    def keep(self, trace_id: str, started_at: float, combine: Combine) -> None:
        """Store a trace. `combine` gets what is kept under its id so far, and returns the bucket and the content.

        It may be called several times, when others write at the same moment: what it returns must hold all that it
        got. None leaves everything as it is. When others are quicker every time, what is new is lost.
        """
        for _ in range(_TRIES):
            places = self._find(trace_id)
            combined = combine([place.kept for place in places])
            if combined is None:
                return
            bucket, content = combined
            value = {"id": trace_id, "started_at": started_at, "content": content}
            target = next((place for place in places if place.kept.bucket == bucket), None)
            if target is None:
                is_written = self._place(trace_id, bucket, value)
            else:
                is_written = self._records.replace(target.key, value, RETENTION, target.version)
            if is_written and all(self._drop(place) for place in places if place is not target):
                return

    def find(self, trace_id: str) -> StoredTrace | None:
        """Return a trace; None when it is unknown, too old, or gave way to newer ones."""
        return next((place.kept for place in self._find(trace_id)), None)

    def latest(self) -> list[StoredTrace]:
        """Return all traces there are, the newest first."""
        buckets = ([_key(bucket, slot) for slot in range(slots)] for bucket, slots in BUCKETS.items())
        records = (item for keys in buckets for item in self._records.get_many(keys).items())
        kept = (_kept(key, record) for key, record in records)
        # One that moves from bucket to bucket at this moment may be in both.
        found = {trace.id: trace for trace in kept if trace}
        return sorted(found.values(), key=lambda trace: trace.started_at, reverse=True)

    def _find(self, trace_id: str) -> list[_Place]:
        keys = [key for bucket in BUCKETS for key in _choices(trace_id, bucket)]
        found = ((key, record, _kept(key, record)) for key, record in self._records.get_many(keys).items())
        return [
            _Place(key, record.version, kept) for key, record, kept in found if kept and kept.id == trace_id
        ]

    def _place(self, trace_id: str, bucket: TraceBucket, value: dict[str, Any]) -> bool:
        """Take a free slot or the oldest trace's; False when somebody else was quicker."""
        choices = _choices(trace_id, bucket)
        if any(self._records.add(key, value, RETENTION) for key in choices):
            return True
        taken = self._records.get_many(choices)
        oldest = min(taken, key=lambda key: _start_of(taken[key]), default=None)
        if oldest is None:  # nothing there that can be read: written under a key that was retired
            self._records.put(choices[0], value, RETENTION)
            return True
        return self._records.replace(oldest, value, RETENTION, taken[oldest].version)

    def _drop(self, place: _Place) -> bool:
        """Remove a trace from a place that it left; False when it was written to since."""
        return self._records.replace(place.key, {}, 0, place.version)


def _prefix(bucket: TraceBucket) -> str:
    return f"trace:{bucket}:"


def _key(bucket: TraceBucket, slot: int) -> str:
    return f"{_prefix(bucket)}{slot}"


def _choices(trace_id: str, bucket: TraceBucket) -> list[str]:
    digest = sha256(f"{bucket} {trace_id}".encode("utf-8", "surrogatepass")).digest()
    size = BUCKETS[bucket] // PARTS
    first = size * (int(trace_id[0]) % PARTS) if trace_id[:1] in set("0123456789") else 0
    numbers = (int.from_bytes(digest[4 * n : 4 * n + 4]) % size for n in range(CHOICES))
    return [_key(bucket, first + slot) for slot in dict.fromkeys(numbers)]


def _start_of(record: Record) -> float:
    started_at = record.value.get("started_at")
    return started_at if isinstance(started_at, float) else 0.0


def _kept(key: str, record: Record) -> StoredTrace | None:
    bucket = next((bucket for bucket in BUCKETS if key.startswith(_prefix(bucket))), None)
    trace_id, content = record.value.get("id"), record.value.get("content")
    if bucket is None or not isinstance(content, dict) or not isinstance(trace_id, str):
        return None
    return StoredTrace(trace_id, bucket, _start_of(record), content)
