"""A time limit for all upstream calls of one page together."""

from __future__ import annotations

import time
from collections.abc import Callable

PAGE_SECONDS = 9.0


class Budget:
    """Count down from the moment of creation. ``clock`` is monotonic, in seconds."""

    def __init__(self, seconds: float = PAGE_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends_at = clock() + seconds

    @property
    def left(self) -> float:
        """Return the seconds that are left; negative if the budget is spent."""
        return self._ends_at - self._clock()

    def share(self, most: float) -> float:
        """Return the seconds for the next call: what is left, but at most ``most``."""
        return min(self.left, most)
