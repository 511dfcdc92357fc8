"""Runs of the workbench: authorization requests that a developer composed, and the data to finish them.

These records are separate from the attempts of drivers: a state of a run is not valid for an attempt, and vice versa.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from store.records import Record, Records, fingerprint

RETENTION = 3600.0
"""Seconds for which a run is stored."""


@dataclass(frozen=True, slots=True)
class Run:
    """One composed authorization request. Times are Unix seconds.

    `code_verifier` is empty without PKCE and after the exchange. `trace_id` is the id of the run's trace.
    """

    id: str = field(repr=False)
    client_id: str
    redirect_uri: str
    response_type: str
    code_verifier: str = field(repr=False)
    trace_id: str
    created_at: float
    came_back_at: float | None = None
    exchanged_at: float | None = None


_FIELDS = {about.name for about in fields(Run)} - {"id"}


class WorkbenchRuns:
    """The runs in a store. Every method may raise `StoreUnavailable`."""

    def __init__(self, records: Records, clock: Callable[[], float] = time.time) -> None:
        self._records = records
        self._clock = clock

    def start(
        self,
        *,
        client_id: str,
        redirect_uri: str,
        response_type: str,
        code_verifier: str,
        trace_id: str,
        run_id: str | None = None,
    ) -> Run:
        """Store a new run. A typed-in state becomes its id; otherwise a random id is made."""
        run = Run(
            id=run_id or secrets.token_urlsafe(24),
            client_id=client_id,
            redirect_uri=redirect_uri,
            response_type=response_type,
            code_verifier=code_verifier,
            trace_id=trace_id,
            created_at=self._clock(),
        )
        self._records.put(_key(run.id), _stored(run), RETENTION)
        return run

    def find(self, run_id: str) -> Run | None:
        """Return a run as it is now; None if it is unknown or too old."""
        return _run(run_id, self._records.get(_key(run_id)))

    def came_back(self, run_id: str) -> bool:
        """Record that the browser came back; return True only the first time."""
        return self._change(run_id, lambda run: run.came_back_at is None, came_back_at=self._clock())

    def take_for_exchange(self, run_id: str) -> bool:
        """Record that the code is exchanged now, and erase the verifier. Exactly one caller ever gets True."""
        return self._change(
            run_id, lambda run: run.exchanged_at is None, exchanged_at=self._clock(), code_verifier=""
        )

    def _change(self, run_id: str, may: Callable[[Run], bool], **changes: Any) -> bool:
        record = self._records.get(_key(run_id))
        run = _run(run_id, record)
        if record is None or run is None or not may(run):
            return False
        ttl = record.expires_at - self._clock()
        return self._records.replace(_key(run_id), _stored(replace(run, **changes)), ttl, record.version)


def _key(run_id: str) -> str:
    return "workbench-run:" + fingerprint(run_id)


def _stored(run: Run) -> dict[str, Any]:
    stored = asdict(run)
    del stored["id"]
    return stored


def _run(run_id: str, record: Record | None) -> Run | None:
    if record is None:
        return None
    try:
        # Ignore fields of a newer version of this application, so that both versions can run at the same time.
        return Run(id=run_id, **{name: record.value[name] for name in _FIELDS & record.value.keys()})
    except TypeError:  # written by an older version that lacks a field
        return None
