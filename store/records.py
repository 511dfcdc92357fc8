"""JSON objects in a store, sealed by a vault and bound to their keys."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from store.base import Entry, Store
from store.vault import Unreadable, Vault

MAX_SIZE = 1024 * 1024
"""The maximum size of a sealed record in bytes. A larger record cannot be written and counts as unreadable."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """One stored JSON object; `version` and `expires_at` (Unix seconds) are as in `Entry`."""

    value: dict[str, Any] = field(repr=False)
    version: int
    expires_at: float


def fingerprint(text: str) -> str:
    """Return the SHA-256 of `text` in hex. Store keys hold it in place of a secret name."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Records:
    """The methods of `Store` for JSON objects.

    All raise `StoreUnavailable` if the store fails. Writing raises TypeError or ValueError if the value is not JSON
    (NaN and infinity are not) or is larger than `MAX_SIZE`. An unreadable record counts as absent.
    """

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault
        self._reported: set[str] = set()

    def get(self, key: str) -> Record | None:
        return self._open(key, self._store.get(key))

    def get_many(self, keys: Sequence[str]) -> dict[str, Record]:
        opened = {key: self._open(key, entry) for key, entry in self._store.get_many(keys).items()}
        return {key: record for key, record in opened.items() if record is not None}

    def add(self, key: str, value: Mapping[str, Any], ttl: float) -> bool:
        return self._store.add(key, self._seal(key, value), ttl)

    def put(self, key: str, value: Mapping[str, Any], ttl: float) -> None:
        self._store.put(key, self._seal(key, value), ttl)

    def replace(self, key: str, value: Mapping[str, Any], ttl: float, version: int) -> bool:
        return self._store.replace(key, self._seal(key, value), ttl, version)

    def touch(self, key: str, ttl: float) -> bool:
        return self._store.touch(key, ttl)

    def pop(self, key: str) -> Record | None:
        return self._open(key, self._store.pop(key))

    def delete(self, key: str) -> bool:
        return self._store.delete(key)

    def _seal(self, key: str, value: Mapping[str, Any]) -> bytes:
        plain = json.dumps(dict(value), separators=(",", ":"), allow_nan=False).encode()
        sealed = self._vault.seal(plain, bound_to=key)
        if len(sealed) > MAX_SIZE:
            raise ValueError(f"a record of {len(sealed)} bytes is too large to store")
        return sealed

    def _open(self, key: str, entry: Entry | None) -> Record | None:
        if entry is None:
            return None
        try:
            return Record(self._read(key, entry.value), entry.version, entry.expires_at)
        except (Unreadable, ValueError, RecursionError) as error:
            self._report(str(error) if isinstance(error, Unreadable) else type(error).__name__)
            return None

    def _read(self, key: str, sealed: bytes) -> dict[str, Any]:
        if len(sealed) > MAX_SIZE:
            raise Unreadable("too large")
        value = json.loads(self._vault.open(sealed, bound_to=key))
        if not isinstance(value, dict):
            raise Unreadable("not an object")
        return value

    def _report(self, cause: str) -> None:
        """Log each cause once per process. After a key is retired, every old cookie would otherwise log a line."""
        if cause not in self._reported:
            self._reported.add(cause)
            logger.warning("A stored record cannot be read and counts as absent: %s", cause)
