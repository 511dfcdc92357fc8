"""A circuit breaker: it holds requests back for a while from a host that keeps failing."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Breaker:
    """Open after `threshold` failures in a row, then let one probe through per `cooldown` seconds.

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
        """Whether all requests except probes are held back."""
        return self._failures >= self._threshold

    def admit(self) -> float:
        """Return 0 if a request may go out now, otherwise the seconds until the next probe may.

        A caller that is admitted while the circuit is open is the probe. If it never reports a result, the next
        probe may go out one cooldown later.
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
