"""What every store can do, and how it fails.

A store keeps opaque bytes under text keys, each with a lifetime. Every verb is atomic across threads and
processes that share the store; none of them ever blocks for longer than two seconds.
"""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field


class StoreError(Exception):
    """Anything that goes wrong in a store."""


class StoreUnavailable(StoreError):
    """The backend cannot be used now: unreachable, stalled, locked, full or damaged. Later it may work again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored value.

    `version` is opaque and differs after every write of the key, so that it never means an older value again.
    `expires_at` is in Unix seconds.
    """

    value: bytes = field(repr=False)
    version: int
    expires_at: float


NO_VERSION = 0
"""The version of no entry: to replace it always fails."""


def fresh_version() -> int:
    """Return a number no entry has had before: 62 random bits, never `NO_VERSION`.

    A counter would start again when a key is deleted and added, and a stale writer could then win.
    """
    return 1 + secrets.randbits(62)


class Store(ABC):
    """Values with a lifetime (`ttl`, in seconds; zero or less means gone at once).

    An expired entry is an absent one. All verbs raise `StoreUnavailable` when the backend fails, within two
    seconds; the next call tries again from scratch.
    """

    @abstractmethod
    def get(self, key: str) -> Entry | None:
        """Return the entry, or None when there is none."""

    def get_many(self, keys: Sequence[str]) -> dict[str, Entry]:
        """Return the entries of up to 1,000 keys, by key; those that are absent are left out."""
        found = ((key, self.get(key)) for key in keys)
        return {key: entry for key, entry in found if entry is not None}

    @abstractmethod
    def add(self, key: str, value: bytes, ttl: float) -> bool:
        """Store the value unless the key is there already; say whether it was stored."""

    @abstractmethod
    def put(self, key: str, value: bytes, ttl: float) -> None:
        """Store the value, whatever was there."""

    @abstractmethod
    def replace(self, key: str, value: bytes, ttl: float, version: int) -> bool:
        """Store the value if the entry still has this version; False when it changed or is gone."""

    @abstractmethod
    def touch(self, key: str, ttl: float) -> bool:
        """Move the expiry alone, version and value stay; False when the entry is gone."""

    @abstractmethod
    def pop(self, key: str) -> Entry | None:
        """Remove the entry and return it: of many callers at once exactly one gets it."""

    def delete(self, key: str) -> bool:
        """Remove the entry; say whether there was one."""
        return self.pop(key) is not None

    @abstractmethod
    def ping(self) -> None:
        """Return if the backend would serve a call now."""

    @abstractmethod
    def purge(self) -> int:
        """Drop what has expired and return how many entries that were (0 where the backend does it by itself)."""

    @abstractmethod
    def close(self) -> None:
        """Let go of connections that are not in use. The store may be used again."""
