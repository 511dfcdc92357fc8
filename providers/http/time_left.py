"""How long the call that this thread is in can wait, for whatever has to be fetched before it can be sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_thread = threading.local()


@contextmanager
def waiting(left: Callable[[], float]) -> Iterator[None]:
    """Let what is done for a call know the seconds that are left to it; the one within another counts."""
    outer = getattr(_thread, "left", None)
    _thread.left = left
    try:
        yield
    finally:
        _thread.left = outer


def patience(most: float) -> float:
    """Return the seconds that may be waited here: `most`, or less where a call has less left. Never negative."""
    left = getattr(_thread, "left", None)
    return max(0.0, most if left is None else min(most, left()))
