"""A limit on how many requests may wait for an upstream at the same time.

Without it, every thread of the server can end up waiting for one slow upstream, and then neither the landing
page nor the health checks answer. The limit is smaller than the number of threads (see ``gunicorn.conf.py``).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Saturated(Exception):
    """All slots are taken. The caller should try again in a moment."""


class Bulkhead:
    """A fixed number of slots that the threads of one process share."""

    def __init__(self, slots: int) -> None:
        self._free = threading.BoundedSemaphore(slots)

    def enter(self) -> None:
        """Take a slot without waiting. Raises Saturated if none is free."""
        if not self._free.acquire(blocking=False):
            raise Saturated

    def leave(self) -> None:
        """Return a slot."""
        self._free.release()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot while a block runs. Raises Saturated if none is free."""
        self.enter()
        try:
            yield
        finally:
            self.leave()
