"""The time that one page may spend on upstream calls, however many it makes one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable

PAGE_SECONDS = 9.0


class Budget:
    """Counts down from its making. ``clock`` is monotonic, in seconds."""

    def __init__(self, seconds: float = PAGE_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends_at = clock() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left; negative once it is spent."""
        return self._ends_at - self._clock()

    def share(self, most: float) -> float:
        """Seconds for the next call: what is left, but no more than ``most``."""
        return min(self.left, most)
