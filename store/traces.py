"""Traces of OAuth runs, kept for a day at most, in a bounded storage.

Strangers can start runs and call the callback as often as the rate limits allow. Fixed slots per bucket bound the
storage. The id of a trace selects four slots: a new trace takes a free one, or else the slot of the oldest trace among
the four. Failed runs have their own buckets, so that a thousand good runs do not replace them. All traces of a visitor
stay in one part of every bucket, so that one visitor cannot replace the traces of all others.

The writer decides on the content of a trace and must leave secrets out.
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
"""Seconds for which a trace is kept, unless newer traces replace it."""

TraceBucket = Literal["open", "good", "refused", "failed", "stray"]
BUCKETS: Mapping[TraceBucket, int] = {"open": 256, "good": 256, "refused": 256, "failed": 512, "stray": 128}
"""Slots per bucket. open: no callback yet. good: ended well. refused: the callback gave nothing to exchange. failed:
one of our calls failed. stray: callbacks that belong to none of our runs."""

PARTS = 8
"""Parts of each bucket; a visitor's traces stay in one part."""

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
    """Return a new id for a trace of this visitor, given by network address.

    The id is no secret, because reading a trace needs the operator's sign-in.
    """
    part = sha256(visitor.encode("utf-8", "surrogatepass")).digest()[0] % PARTS
    return f"{part}{secrets.token_hex(8)}"


class Traces:
    """The traces in a store. Every method may raise `StoreUnavailable`."""

    def __init__(self, records: Records, clock: Callable[[], float] = time.time) -> None:
        self._records = records
        self._clock = clock

    def keep(self, trace_id: str, started_at: float, combine: Combine) -> None:
        """Store a trace. `combine` gets the stored records of its id and returns the new bucket and content.

        If others write at the same time, `combine` is called again. Its result must contain all that it got; None
        changes nothing. If others are faster in every try, the new content is lost.
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
        """Return a trace; None if it is unknown, too old, or replaced by a newer one."""
        return next((place.kept for place in self._find(trace_id)), None)

    def latest(self) -> list[StoredTrace]:
        """Return all stored traces, the newest first."""
        buckets = ([_key(bucket, slot) for slot in range(slots)] for bucket, slots in BUCKETS.items())
        records = (item for keys in buckets for item in self._records.get_many(keys).items())
        kept = (_kept(key, record) for key, record in records)
        # A trace that is moving between buckets may be in both.
        found = {trace.id: trace for trace in kept if trace}
        return sorted(found.values(), key=lambda trace: trace.started_at, reverse=True)

    def _find(self, trace_id: str) -> list[_Place]:
        keys = [key for bucket in BUCKETS for key in _choices(trace_id, bucket)]
        found = ((key, record, _kept(key, record)) for key, record in self._records.get_many(keys).items())
        return [
            _Place(key, record.version, kept) for key, record, kept in found if kept and kept.id == trace_id
        ]

    def _place(self, trace_id: str, bucket: TraceBucket, value: dict[str, Any]) -> bool:
        """Take a free slot or the slot of the oldest trace; return False if another writer was faster."""
        choices = _choices(trace_id, bucket)
        if any(self._records.add(key, value, RETENTION) for key in choices):
            return True
        taken = self._records.get_many(choices)
        oldest = min(taken, key=lambda key: _start_of(taken[key]), default=None)
        if oldest is None:  # no readable record: all were sealed with a retired key
            self._records.put(choices[0], value, RETENTION)
            return True
        return self._records.replace(oldest, value, RETENTION, taken[oldest].version)

    def _drop(self, place: _Place) -> bool:
        """Remove a trace from its former slot; return False if the slot was written since."""
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
