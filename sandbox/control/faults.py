"""Damage on request: what the next answers on a path look like, set by a test and never random."""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Request, Response

DRIP_SECONDS = 0.2
KINDS: Mapping[str, type] = {
    "path": str,
    "method": str,
    "query": dict,
    "status": int,
    "body": str,
    "content_type": str,
    "headers": dict,
    "delay_ms": int,
    "drip": bool,
    "close": bool,
    "times": int,
}


@dataclass
class Fault:
    """One fault. With neither ``status``, ``drip`` nor ``close`` it only delays the true answer.

    ``query`` are parameters that have to be there, ``times`` how often it strikes (None: until cleared).
    ``drip`` sends the body a byte every DRIP_SECONDS; ``close`` drops the connection without an answer.
    """

    path: str
    method: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None
    body: str = ""
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_ms: int = 0
    drip: bool = False
    close: bool = False
    times: int | None = None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Fault":
        """Return the fault that a JSON object describes; raises ValueError naming what does not fit."""
        if "path" not in value:
            raise ValueError("a fault needs a path")
        for name, given in value.items():
            expected = KINDS.get(name)
            if (
                expected is None
                or not isinstance(given, expected)
                or (expected is int and isinstance(given, bool))
            ):
                raise ValueError(f"{name} is none of a fault's fields, or not of its type")
        return cls(**value)

    def meets(self, request: Request) -> bool:
        """Tell whether it is for this request."""
        return (
            request.path == self.path
            and self.method in (None, request.method)
            and all(request.args.get(name) == value for name, value in self.query.items())
        )

    def strike(self, request: Request) -> Response | None:
        """Spoil the answer to ``request``: return the one to give instead, or None to let the true one through."""
        if self.delay_ms:
            arrived = request.environ.get("sandbox.arrived", 0.0)
            request.environ["sandbox.not_before"] = arrived + self.delay_ms / 1000
        if self.close:
            request.environ["sandbox.drop"] = True
            return Response()
        if self.status is None and not self.drip:
            return None
        response = Response(_dripped(self.body) if self.drip else self.body, self.status or 200)
        response.headers.remove("Content-Type")
        if self.content_type:
            response.headers["Content-Type"] = self.content_type
        response.headers.update(self.headers)
        return response


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
        """Return the first fault for this request and count it down."""
        if not self._faults:
            return None
        with self._lock:
            fault = next((fault for fault in self._faults if fault.meets(request)), None)
            if fault is not None and fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
            return fault


def _dripped(body: str) -> Iterator[bytes]:
    for byte in body.encode():
        yield bytes((byte,))
        time.sleep(DRIP_SECONDS)
