"""Faults: what the next responses on a path look like. A test sets them; they are never random."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Request

from sandbox.api.disruptions import Disruption

MATCHING: dict[str, type] = {"path": str, "method": str, "query": dict, "times": int}
DISRUPTING: dict[str, type] = {
    "status": int,
    "body": str,
    "content_type": str,
    "headers": dict,
    "delay_ms": int,
    "drip": bool,
    "close": bool,
}


@dataclass
class Fault:
    """One fault: which requests it is for, and how their responses are disrupted.

    A request has to have all parameters in ``query``. ``times`` is how often the fault is applied, None until cleared.
    """

    path: str
    method: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    times: int | None = None
    disruption: Disruption = field(default_factory=Disruption)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Fault":
        """Return the fault that a JSON object describes, with all fields on one level; raises ValueError."""
        if "path" not in value:
            raise ValueError("a fault needs a path")
        for name, given in value.items():
            expected = (MATCHING | DISRUPTING).get(name)
            if (
                expected is None
                or not isinstance(given, expected)
                or (expected is int and isinstance(given, bool))
            ):
                raise ValueError(f"{name} is none of a fault's fields, or not of its type")
        disruption = Disruption(**{name: given for name, given in value.items() if name in DISRUPTING})
        return cls(
            **{name: given for name, given in value.items() if name in MATCHING}, disruption=disruption
        )

    def matches(self, request: Request) -> bool:
        """Tell whether the fault is for this request."""
        return (
            request.path == self.path
            and self.method in (None, request.method)
            and all(request.args.get(name) == value for name, value in self.query.items())
        )


class Faults:
    """The faults that are set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Set one more fault."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults.clear()

    def take(self, request: Request) -> Fault | None:
        """Return the first fault for this request and count one use of it; None when there is none."""
        if not self._faults:
            return None
        with self._lock:
            fault = next((fault for fault in self._faults if fault.matches(request)), None)
            if fault is not None and fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
            return fault
