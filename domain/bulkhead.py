"""A bound on how many requests may wait for an upstream at once.

Without it, every thread of the server can end up waiting for one slow upstream, and then neither the landing
page nor the health checks answer. The bound is smaller than the number of threads (see ``gunicorn.conf.py``).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Saturated(Exception):
    """All slots are taken; the request should be tried again in a moment."""


class Bulkhead:
    """A number of slots, shared by the threads of one process."""

    def __init__(self, slots: int) -> None:
        self._free = threading.BoundedSemaphore(slots)

    def enter(self) -> None:
        """Take a slot without waiting; raises Saturated when none is free."""
        if not self._free.acquire(blocking=False):
            raise Saturated

    def leave(self) -> None:
        """Give a slot back."""
        self._free.release()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot for a block; raises Saturated when none is free."""
        self.enter()
        try:
            yield
        finally:
            self.leave()
