"""The store in one SQLite file: the default, for any number of processes on one machine.

Every method is a single statement in autocommit mode, which SQLite runs atomically. No method reads first and
writes later. The file is in WAL mode, so readers and the writer do not wait for each other. It stays intact if a
process is killed at any point (sqlite.org/wal.html). It must be on a local disk.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from store.backends.sqlite_pool import SqlitePool
from store.base import Entry, Store, StoreError, StoreUnavailable, fresh_version

PURGE_INTERVAL = 60.0
"""Seconds between two purges of expired entries while there is no backlog."""

PURGE_BATCH = 200

GET = "SELECT value, version, expires_at FROM entries WHERE key = ? AND expires_at > ?"
GET_MANY = "SELECT key, value, version, expires_at FROM entries WHERE expires_at > ? AND key IN "
PUT = """
INSERT INTO entries (key, value, version, expires_at) VALUES (?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE
SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at"""
ADD = PUT + " WHERE entries.expires_at <= ?"
REPLACE = """
UPDATE entries SET value = ?, version = ?, expires_at = ? WHERE key = ? AND version = ? AND expires_at > ?"""
TOUCH = "UPDATE entries SET expires_at = ? WHERE key = ? AND expires_at > ?"
POP = "DELETE FROM entries WHERE key = ? RETURNING value, version, expires_at"
PURGE = "DELETE FROM entries WHERE rowid IN (SELECT rowid FROM entries WHERE expires_at <= ? LIMIT ?)"


class SqliteStore(Store):
    """Entries in the file at `path` (relative to the current working directory). Opens it on first use."""

    def __init__(self, path: str | Path, clock: Callable[[], float] = time.time) -> None:
        if sqlite3.sqlite_version_info < (3, 35):
            raise StoreError(f"SQLite 3.35 or newer is needed, Python has {sqlite3.sqlite_version}")
        self._pool = SqlitePool(Path(path).absolute())
        self._clock = clock
        self._next_purge = 0.0

    def get(self, key: str) -> Entry | None:
        with self._connection() as connection:
            row = connection.execute(GET, (key, self._clock())).fetchone()
        return Entry(*row) if row else None

    def get_many(self, keys: Sequence[str]) -> dict[str, Entry]:
        statement = f"{GET_MANY}({', '.join('?' * len(keys))})"
        with self._connection() as connection:
            rows = connection.execute(statement, (self._clock(), *keys)).fetchall()
        return {key: Entry(*fields) for key, *fields in rows}

    def add(self, key: str, value: bytes, ttl: float) -> bool:
        now = self._clock()
        return self._write(ADD, key, value, fresh_version(), now + ttl, now) > 0

    def put(self, key: str, value: bytes, ttl: float) -> None:
        self._write(PUT, key, value, fresh_version(), self._clock() + ttl)

    def replace(self, key: str, value: bytes, ttl: float, version: int) -> bool:
        now = self._clock()
        return self._write(REPLACE, value, fresh_version(), now + ttl, key, version, now) > 0

    def touch(self, key: str, ttl: float) -> bool:
        now = self._clock()
        return self._write(TOUCH, now + ttl, key, now) > 0

    def pop(self, key: str) -> Entry | None:
        with self._connection() as connection:
            rows = connection.execute(POP, (key,)).fetchall()
        entry = Entry(*rows[0]) if rows else None
        return entry if entry and entry.expires_at > self._clock() else None

    def ping(self) -> None:
        # A full disk shows itself only in a write.
        self.put("ping", b"", 60)
        self.pop("ping")

    def purge(self) -> int:
        dropped = 0
        while True:
            with self._connection() as connection:
                batch = self._purge_batch(connection)
            dropped += batch
            if batch < PURGE_BATCH:
                return dropped

    def close(self) -> None:
        with _failures_as_unavailable():
            self._pool.close()

    def _write(self, statement: str, *values: str | bytes | float) -> int:
        """Run one statement and return the number of changed rows."""
        with self._connection() as connection:
            if self._clock() >= self._next_purge:
                self._purge_batch(connection)
            return connection.execute(statement, values).rowcount

    def _purge_batch(self, connection: sqlite3.Connection) -> int:
        now = self._clock()
        dropped = connection.execute(PURGE, (now, PURGE_BATCH)).rowcount
        # A full batch means that there are more expired entries, so the next write purges too.
        self._next_purge = now if dropped == PURGE_BATCH else now + PURGE_INTERVAL
        return dropped

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with _failures_as_unavailable(), self._pool.connection() as connection:
            yield connection


@contextmanager
def _failures_as_unavailable() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(f"SQLite: {error}") from error
