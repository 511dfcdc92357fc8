"""Grants: the tokens that a driver's authorization gave us, one record for each connection.

A grant is not part of a session. Its refresh token may be replaced while the session gets a new id, and neither change
may undo the other. The session holds the grant's id, which is secret. A grant is stored until the session's absolute
limit.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields

from store.leases import Lease, Leases
from store.records import Record, Records, fingerprint


@dataclass(frozen=True, slots=True)
class Grant:
    """The tokens of one connection. Times are Unix seconds.

    `expires_at` is None if the token response had no `expires_in`; the token is then used until it is refused. From
    `renew_at` on it should be renewed. After `failures` failed renewals in a row, the next one may start at
    `retry_at`.
    """

    user_id: str
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: float | None
    renew_at: float | None
    failures: int = 0
    retry_at: float = 0.0

    def is_expired(self, now: float) -> bool:
        return self.expires_at is not None and now >= self.expires_at

    def is_due(self, now: float) -> bool:
        """Tell if the access token should be renewed now, and can be."""
        return self.refresh_token is not None and self.renew_at is not None and now >= self.renew_at


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """A grant as it was read. `version` is opaque."""

    grant: Grant
    version: int
    expires_at: float


_FIELDS = {about.name for about in fields(Grant)}


class Grants:
    """The grants in a store. Every method may raise `StoreUnavailable`. `absolute` is in seconds."""

    def __init__(
        self, records: Records, leases: Leases, absolute: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._records = records
        self._leases = leases
        self._absolute = absolute
        self._clock = clock

    def start(self, grant: Grant) -> str:
        """Store a new grant and return its id."""
        grant_id = secrets.token_urlsafe(32)
        self._records.put(_key(grant_id), asdict(grant), self._absolute)
        return grant_id

    def find(self, grant_id: str) -> StoredGrant | None:
        """Return the grant as it is now; None if it has ended or cannot be read."""
        return _understood(self._records.get(_key(grant_id)))

    def replace(self, grant_id: str, grant: Grant, before: StoredGrant) -> bool:
        """Store changed tokens; return False if another process has changed or ended the grant meanwhile."""
        ttl = before.expires_at - self._clock()
        return self._records.replace(_key(grant_id), asdict(grant), ttl, before.version)

    def end(self, grant_id: str) -> None:
        """Delete the grant."""
        self._records.delete(_key(grant_id))

    def lease(self, grant_id: str, seconds: float) -> Lease | None:
        """Return the right to renew the grant, for this number of seconds; None while another process has it."""
        return self._leases.take(f"lease:{_key(grant_id)}", seconds)


def _key(grant_id: str) -> str:
    return "grant:" + fingerprint(grant_id)


def _understood(record: Record | None) -> StoredGrant | None:
    if record is None:
        return None
    try:
        # Ignore fields of a newer version of this application, so that both versions can run at the same time.
        grant = Grant(**{name: record.value[name] for name in _FIELDS & record.value.keys()})
    except TypeError:  # written by a version that lacks a field
        return None
    return StoredGrant(grant, record.version, record.expires_at)
