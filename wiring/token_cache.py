"""The store as the token engine's cache: sealed records, and leases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from providers.tokens.records import CacheUnavailable
from store.base import StoreUnavailable
from store.leases import Lease, Leases
from store.records import Records

# Longer than any day's count is looked at, and than the tokens of all partners are good for.
KEPT_SECONDS = 32 * 24 * 3600.0


class StoredTokenCache:
    """Keeps the records of tokens in the store of the sessions, encrypted like these."""

    def __init__(self, records: Records, leases: Leases) -> None:
        self._records = records
        self._leases = leases

    def read(self, name: str) -> tuple[dict[str, Any], int] | None:
        """Return a record and its version. Raises CacheUnavailable."""
        with _translated():
            found = self._records.get(name)
            return None if found is None else (found.value, found.version)

    def write(self, name: str, value: Mapping[str, Any], version: int | None) -> bool:
        """Store a record if it still has that version; say whether it was stored. Raises CacheUnavailable."""
        with _translated():
            if version is None:
                return self._added(name, value)
            return self._records.replace(name, value, KEPT_SECONDS, version)

    def _added(self, name: str, value: Mapping[str, Any]) -> bool:
        if self._records.add(name, value, KEPT_SECONDS):
            return True
        if self._records.get(name) is not None:
            return False
        # What is there was sealed with a key that is gone: it counts as absent.
        self._records.put(name, value, KEPT_SECONDS)
        return True

    def lease(self, name: str, seconds: float) -> SharedLease | None:
        """Return the lease for so many seconds, None while somebody else has it. Raises CacheUnavailable."""
        with _translated():
            lease = self._leases.take(f"lease:{name}", seconds)
            return None if lease is None else SharedLease(lease)


@dataclass(frozen=True, slots=True)
class SharedLease:
    """A lease of the store, with the engine's errors."""

    lease: Lease

    def release(self) -> None:
        """Give it back. Raises CacheUnavailable."""
        with _translated():
            self.lease.release()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as error:
        raise CacheUnavailable(str(error)) from error
