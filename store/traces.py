"""Traces: what happened in runs of the OAuth flows, kept for a day at most, in a bounded number of places.

Strangers can start runs and knock at the callback as often as the rate limits let them, so a trace never takes a
place that was not there before: each pool has a fixed number of slots, and a new trace takes a free one of four that
its id leads to, or that of the oldest among the four. Runs that ended badly have a pool of their own, so that a
thousand good ones do not push them out.

What is in a trace is the writer's business, and so is leaving secrets out of it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

from store.records import Record, Records

RETENTION = 24 * 3600.0
"""Seconds for which a trace is kept, unless newer ones take its place."""

Pool = Literal["open", "good", "failed", "stray"]
POOLS: Mapping[Pool, int] = {"open": 128, "good": 128, "failed": 256, "stray": 64}
"""Slots: runs that nobody came back from yet, that ended well, that did not, and callbacks of no run of ours."""

CHOICES = 4
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Kept:
    """A trace as it was stored. `started_at` is in Unix seconds."""

    id: str
    pool: Pool
    started_at: float
    content: dict[str, Any] = field(repr=False)


def new_trace_id() -> str:
    """Return an id for a trace. It is no secret: it opens nothing without the operator's sign-in."""
    return secrets.token_hex(8)


class Traces:
    """The traces in a store. Every method may raise `StoreUnavailable`."""

    def __init__(self, records: Records, clock: Callable[[], float] = time.time) -> None:
        self._records = records
        self._clock = clock

    def keep(self, trace_id: str, pool: Pool, started_at: float, content: Mapping[str, Any]) -> None:
        """Store a trace under its id, in place of what that id stood for before, in whatever pool."""
        value = {"id": trace_id, "started_at": started_at, "content": dict(content)}
        before = self._find(trace_id)
        if before is not None and before[0].startswith(_prefix(pool)):
            key, record = before
            if self._records.replace(key, value, RETENTION, record.version):
                return
        self._place(trace_id, pool, value)
        if before is not None and not before[0].startswith(_prefix(pool)):
            self._records.replace(before[0], {}, 0, before[1].version)

    def find(self, trace_id: str) -> Kept | None:
        """Return a trace; None when it is unknown, too old, or gave way to newer ones."""
        found = self._find(trace_id)
        return None if found is None else _kept(*found)

    def latest(self) -> list[Kept]:
        """Return all traces there are, the newest first."""
        keys = [_key(pool, slot) for pool, slots in POOLS.items() for slot in range(slots)]
        kept = [_kept(key, record) for key, record in self._records.get_many(keys).items()]
        return sorted((trace for trace in kept if trace), key=lambda trace: trace.started_at, reverse=True)

    def _find(self, trace_id: str) -> tuple[str, Record] | None:
        keys = [key for pool in POOLS for key in _choices(trace_id, pool)]
        found = self._records.get_many(keys)
        return next(((key, record) for key, record in found.items() if _is(record, trace_id)), None)

    def _place(self, trace_id: str, pool: Pool, value: dict[str, Any]) -> None:
        """Take a free slot or the oldest trace's; when others are quicker every time, the trace is lost."""
        choices = _choices(trace_id, pool)
        for _ in range(_TRIES):
            if any(self._records.add(key, value, RETENTION) for key in choices):
                return
            taken = self._records.get_many(choices)
            oldest = min(taken, key=lambda key: _age_of(taken[key]), default=None)
            if oldest is None:  # nothing there that can be read: written under a key that was retired
                self._records.put(choices[0], value, RETENTION)
                return
            if self._records.replace(oldest, value, RETENTION, taken[oldest].version):
                return


def _prefix(pool: Pool) -> str:
    return f"trace:{pool}:"


def _key(pool: Pool, slot: int) -> str:
    return f"{_prefix(pool)}{slot}"


def _choices(trace_id: str, pool: Pool) -> list[str]:
    digest = sha256(f"{pool} {trace_id}".encode("utf-8", "surrogatepass")).digest()
    numbers = (int.from_bytes(digest[4 * n : 4 * n + 4]) % POOLS[pool] for n in range(CHOICES))
    return [_key(pool, slot) for slot in dict.fromkeys(numbers)]


def _is(record: Record, trace_id: str) -> bool:
    return record.value.get("id") == trace_id


def _age_of(record: Record) -> float:
    started_at = record.value.get("started_at")
    return started_at if isinstance(started_at, float) else 0.0


def _kept(key: str, record: Record) -> Kept | None:
    value = record.value
    pool = next((pool for pool in POOLS if key.startswith(_prefix(pool))), None)
    content = value.get("content")
    if pool is None or not isinstance(content, dict) or not isinstance(value.get("id"), str):
        return None
    return Kept(value["id"], pool, _age_of(record), content)
