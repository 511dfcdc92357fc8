"""The sandbox's clock: real time plus the seconds that a test has added."""

import time
from collections.abc import Callable


class Clock:
    """Tells the time in Unix seconds. ``source`` returns the real time; tests pass their own."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset = 0.0

    def now(self) -> float:
        """Return the current instant in Unix seconds."""
        return self._source() + self._offset

    def now_ms(self) -> int:
        """Return the current instant in whole Unix milliseconds."""
        return int(self.now() * 1000)

    def advance(self, seconds: float) -> None:
        """Add ``seconds`` to every later reading."""
        self._offset += seconds
