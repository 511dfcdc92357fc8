"""A circuit breaker: a host that keeps failing is left alone for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Breaker:
    """Opens after `threshold` failures in a row; then lets one probe through per `cooldown` seconds.

    `clock` gives seconds on a monotonic scale. Safe to share between threads.
    """

    def __init__(self, threshold: int, cooldown: float, clock: Callable[[], float]) -> None:
        self._threshold = threshold
        self._cooldown = cooldown
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._next_probe_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether requests are held back, but for probes."""
        return self._failures >= self._threshold

    def admit(self) -> float:
        """Return 0 when a request may go out now, else the seconds until the next probe may.

        Being admitted while the circuit is open makes this caller the probe. Should it never report back,
        another one follows a cooldown later.
        """
        if not self.is_open:
            return 0.0
        with self._lock:
            now = self._clock()
            if now < self._next_probe_at:
                return self._next_probe_at - now
            self._next_probe_at = now + self._cooldown
            return 0.0

    def succeeded(self) -> None:
        """Close the circuit."""
        if self._failures:
            with self._lock:
                self._failures = 0

    def failed(self) -> None:
        """Count a failure; open the circuit at the threshold."""
        with self._lock:
            self._failures += 1
            if self.is_open:
                self._next_probe_at = self._clock() + self._cooldown
