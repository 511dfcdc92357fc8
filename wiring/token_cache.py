"""Use the store as the token engine's cache: sealed records and leases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from providers.tokens.records import CacheUnavailable
from store.base import StoreUnavailable
from store.leases import Lease, Leases
from store.records import Records

# Longer than a day's count is used, and longer than any partner's token is valid.
KEPT_SECONDS = 32 * 24 * 3600.0


class StoredTokenCache:
    """Keep the records of tokens in the same store as the sessions, encrypted in the same way."""

    def __init__(self, records: Records, leases: Leases) -> None:
        self._records = records
        self._leases = leases

    def read(self, name: str) -> tuple[dict[str, Any], int] | None:
        """Return a record and its version. Raises CacheUnavailable."""
        with _translated():
            found = self._records.get(name)
            return None if found is None else (found.value, found.version)

    def write(self, name: str, value: Mapping[str, Any], version: int | None) -> bool:
        """Store a record if it still has this version (None: is absent); return True if it was stored.

        Raises CacheUnavailable.
        """
        with _translated():
            if version is None:
                return self._added(name, value)
            return self._records.replace(name, value, KEPT_SECONDS, version)

    def _added(self, name: str, value: Mapping[str, Any]) -> bool:
        if self._records.add(name, value, KEPT_SECONDS):
            return True
        if self._records.get(name) is not None:
            return False
        # The present record was sealed with a retired key, so it counts as absent.
        self._records.put(name, value, KEPT_SECONDS)
        return True

    def lease(self, name: str, seconds: float) -> SharedLease | None:
        """Return the lease for this number of seconds; None if another process has it. Raises CacheUnavailable."""
        with _translated():
            lease = self._leases.take(f"lease:{name}", seconds)
            return None if lease is None else SharedLease(lease)


@dataclass(frozen=True, slots=True)
class SharedLease:
    """A lease of the store that raises the token engine's errors."""

    lease: Lease

    def release(self) -> None:
        """Release the lease. Raises CacheUnavailable."""
        with _translated():
            self.lease.release()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as error:
        raise CacheUnavailable(str(error)) from error
