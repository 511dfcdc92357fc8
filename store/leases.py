"""Leases: the right to do something alone, among all processes that share a store.

A lease ends when it is given back or when its time is over, whichever comes first, so that a killed owner holds nobody
up for longer. The store's clock may be set meanwhile: who has watched a lease for its whole time takes it over.
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from store.base import Store


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was taken; `version` is that of its entry."""

    store: Store
    key: str
    version: int

    def release(self) -> None:
        """Give it back, unless its time was over and somebody else has it. Raises StoreUnavailable."""
        self.store.replace(self.key, b"", 0, self.version)


class Leases:
    """Takes leases in `store`; `clock` gives seconds on a scale that nobody sets."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._watched: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def take(self, key: str, seconds: float) -> Lease | None:
        """Return the lease for so many seconds, None while somebody else has it. Raises StoreUnavailable."""
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
        """Say whether this same lease has been seen for longer than it may last."""
        now = self._clock()
        with self._lock:
            seen, since = self._watched.get(key, (0, 0.0))
            if seen != version:
                self._watched[key] = (version, now)
                return False
        return now - since > seconds
