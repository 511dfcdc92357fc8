"""The sandbox's clock: real time plus the seconds that a test has added, or a time that was asked for at the start."""

import time
from collections.abc import Callable

MINUTE_MS = 60_000


class Clock:
    """Tells the time in Unix seconds. ``source`` returns the real time; tests pass their own.

    ``start`` is the instant that it tells at first, in Unix seconds; None for the real one. From there it runs on.
    """

    def __init__(self, source: Callable[[], float] = time.time, start: float | None = None) -> None:
        self._source = source
        self._offset = 0.0 if start is None else start - source()
        self._moves_by_ms = 1 if start is None else MINUTE_MS
        self.start_ms = self.now_ms() if start is None else int(start * 1000)

    def now(self) -> float:
        """Return the current instant in Unix seconds."""
        return self._source() + self._offset

    def now_ms(self) -> int:
        """Return the current instant in whole Unix milliseconds."""
        return int(self.now() * 1000)

    def settled_ms(self) -> int:
        """Return the instant up to which lists reach, in Unix milliseconds.

        If the time was set at the start, this moves on once in a minute, so that two sandboxes that start alike answer
        alike. Else it is now.
        """
        passed = self.now_ms() - self.start_ms
        return self.start_ms + passed - passed % self._moves_by_ms

    def advance(self, seconds: float) -> None:
        """Add ``seconds`` to every later reading."""
        self._offset += seconds
