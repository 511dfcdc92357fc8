"""Counts connections and requests, and keeps the newest requests without query, headers and body."""

import threading
from collections import deque
from collections.abc import Mapping
from itertools import islice

KEPT = 20_000


class Recorder:
    """The record of connections and requests. Those of the control interface are left out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connections = 0
        self._requests = 0
        self._log: deque[Mapping[str, object]] = deque(maxlen=KEPT)

    def connection_opened(self) -> None:
        """Count a TCP connection that was accepted."""
        with self._lock:
            self._connections += 1

    def connection_was_control(self) -> None:
        """Subtract a connection whose first request was for the control interface."""
        with self._lock:
            self._connections -= 1

    def request_answered(self, method: str, path: str, status: int, connection: int) -> None:
        """Record one request. ``status`` 0 means that the connection was closed without a response."""
        entry = {"method": method, "path": path, "status": status, "connection": connection}
        with self._lock:
            self._requests += 1
            self._log.append(entry)

    def stats(self) -> dict[str, int]:
        """Return the number of accepted TCP connections and of answered requests."""
        with self._lock:
            return {"connections": self._connections, "requests": self._requests}

    def log(self, limit: int = KEPT) -> list[Mapping[str, object]]:
        """Return the newest ``limit`` requests, oldest first."""
        with self._lock:
            return list(islice(self._log, max(0, len(self._log) - limit), None))

    def clear(self) -> None:
        """Forget the requests and set their count to 0. The count of connections stays."""
        with self._lock:
            self._log.clear()
            self._requests = 0
