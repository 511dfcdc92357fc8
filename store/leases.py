"""Leases: one process at a time gets the right to do something, among all processes that share a store.

A lease ends when it is released or when its time is over, so a killed owner blocks others only for that time. The
store's clock may be changed. Therefore a process that has seen the same lease for its whole time takes it over.
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from store.base import Store


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that this process holds; `version` is the version of its entry."""

    store: Store
    key: str
    version: int

    def release(self) -> None:
        """Release the lease. Does nothing if its time is over and another process has it. Raises StoreUnavailable."""
        self.store.replace(self.key, b"", 0, self.version)


class Leases:
    """Take leases in `store`; `clock` returns monotonic seconds."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._watched: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def take(self, key: str, seconds: float) -> Lease | None:
        """Return the lease for this number of seconds; None if another process has it. Raises StoreUnavailable."""
        owner = secrets.token_bytes(16)
        taken = self._store.add(key, owner, seconds)
        held = self._store.get(key)
        if held is None:
            return None
        if not taken and self._is_over(key, held.version, seconds):
            taken = self._store.replace(key, owner, seconds, held.version)
            held = self._store.get(key)
        if taken and held is not None and held.value == owner:
            return Lease(self._store, key, held.version)
        return None

    def _is_over(self, key: str, version: int, seconds: float) -> bool:
        """Tell if this process has seen the same lease for longer than it may last."""
        now = self._clock()
        with self._lock:
            seen, since = self._watched.get(key, (0, 0.0))
            if seen != version:
                self._watched[key] = (version, now)
                return False
        return now - since > seconds
