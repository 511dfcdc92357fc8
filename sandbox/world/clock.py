"""The sandbox's clock: real time, plus what a test has advanced it by."""

import time
from collections.abc import Callable


class Clock:
    """Seconds since 1970, never standing still, moved forward on request."""

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
        """Move every later reading forward by ``seconds``."""
        self._offset += seconds
