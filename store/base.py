"""The interface of every store, and its errors.

A store keeps opaque bytes under text keys, each with a lifetime. Every method is atomic for all threads and
processes that share the store. No method blocks for longer than two seconds.
"""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field


class StoreError(Exception):
    """The base class for errors of a store."""


class StoreUnavailable(StoreError):
    """The backend cannot be used now: unreachable, stalled, locked, full or damaged. It may work again later."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored value.

    `version` is opaque. Every write of the key gives a new version, so a version never stands for two values.
    `expires_at` is in Unix seconds.
    """

    value: bytes = field(repr=False)
    version: int
    expires_at: float


NO_VERSION = 0
"""A version that no entry has, so `replace` with it always fails."""


def fresh_version() -> int:
    """Return a version that no entry has had before: 62 random bits, never `NO_VERSION`.

    A counter would restart if a key is deleted and added again. Then an old writer could replace the new entry.
    """
    return 1 + secrets.randbits(62)


class Store(ABC):
    """Values with a lifetime (`ttl`, in seconds; zero or less means that the entry expires at once).

    An expired entry counts as absent. All methods raise `StoreUnavailable` within two seconds if the backend fails.
    The next call tries the backend again.
    """

    @abstractmethod
    def get(self, key: str) -> Entry | None:
        """Return the entry; None if there is none."""

    def get_many(self, keys: Sequence[str]) -> dict[str, Entry]:
        """Return the entries of up to 1,000 keys, by key; absent entries are left out."""
        found = ((key, self.get(key)) for key in keys)
        return {key: entry for key, entry in found if entry is not None}

    @abstractmethod
    def add(self, key: str, value: bytes, ttl: float) -> bool:
        """Store the value if the key is absent; return True if it was stored."""

    @abstractmethod
    def put(self, key: str, value: bytes, ttl: float) -> None:
        """Store the value, even if the key exists."""

    @abstractmethod
    def replace(self, key: str, value: bytes, ttl: float, version: int) -> bool:
        """Store the value if the entry still has this version; return False if it was changed or is gone."""

    @abstractmethod
    def touch(self, key: str, ttl: float) -> bool:
        """Change only the expiry; version and value stay. Return False if the entry is gone."""

    @abstractmethod
    def pop(self, key: str) -> Entry | None:
        """Remove the entry and return it. If several callers try at the same time, exactly one gets it."""

    def delete(self, key: str) -> bool:
        """Remove the entry; return True if there was one."""
        return self.pop(key) is not None

    @abstractmethod
    def ping(self) -> None:
        """Return without error if the backend can serve a call now; otherwise raise StoreUnavailable."""

    @abstractmethod
    def purge(self) -> int:
        """Delete expired entries and return their number (0 if the backend deletes them by itself)."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections that are not in use. The store can still be used afterwards."""
