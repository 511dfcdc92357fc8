"""Connections to one SQLite file: opened on demand, lent to one caller at a time, never kept across a fork.

This is a pool and not a connection per thread, because some servers start a thread per request. They would open
and close the file for each request, and the last close of a file in WAL mode costs a checkpoint.
"""

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from store.base import StoreUnavailable

BUSY_TIMEOUT = 1.5
"""Seconds that a statement waits for another process's lock, so that a call fails within two seconds."""

MAX_IDLE = 16

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE entries (
    key        TEXT PRIMARY KEY NOT NULL,
    value      BLOB NOT NULL,
    version    INTEGER NOT NULL,  -- random, new at every write of the value
    expires_at REAL NOT NULL      -- Unix seconds
)"""
EXPIRY_INDEX = "CREATE INDEX entries_by_expiry ON entries (expires_at)"

_opening = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Held:
    connection: sqlite3.Connection
    file: tuple[int, int]  # device and inode of the opened file


class SqlitePool:
    """Lend connections to the database at `path`. Create a missing file (mode 0600, in a directory of mode 0700)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[_Held] = []
        self._lock = threading.Lock()
        _pools.add(self)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection in autocommit mode.

        After an error the connection is closed and not lent again, so the next caller gets a clean one. Raises
        `sqlite3.Error`, `OSError`, or `StoreUnavailable` for a file of another version.
        """
        held = self._take() or self._open()
        try:
            yield held.connection
        except BaseException:
            held.connection.close()
            raise
        self._give_back(held)

    def close(self) -> None:
        """Close the connections that are not lent."""
        with self._lock:
            idle, self._idle = self._idle, []
        for held in idle:
            held.connection.close()

    def hold_empty(self) -> None:
        """Close idle connections. Lend and take back no connection until `resume`."""
        self._lock.acquire()
        while self._idle:
            self._idle.pop().connection.close()

    def resume(self) -> None:
        self._lock.release()

    def _take(self) -> _Held | None:
        with self._lock:
            if not self._idle:
                return None
            held = self._idle.pop()
        if held.file == _identity(self._path):
            return held
        # The file was deleted or replaced, so this connection reads and writes a file that nobody else uses.
        held.connection.close()
        self.close()
        return None

    def _give_back(self, held: _Held) -> None:
        with self._lock:
            if len(self._idle) < MAX_IDLE:
                self._idle.append(held)
                return
        held.connection.close()

    def _open(self) -> _Held:
        # Only one thread of this process may open the file. Closing the descriptor that created the file would drop
        # the POSIX locks of a connection that another thread opened meanwhile (sqlite.org/howtocorrupt.html, 2.2).
        if not _opening.acquire(timeout=BUSY_TIMEOUT):
            raise StoreUnavailable("SQLite: another thread is still opening the file")
        try:
            _create_private(self._path)
            file = _identity(self._path)
            connection = sqlite3.connect(
                self._path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
            )
            try:
                _prepare(connection)
            except BaseException:
                connection.close()
                raise
        finally:
            _opening.release()
        if file is None:
            raise StoreUnavailable("SQLite: the file vanished while it was opened")
        return _Held(connection, file)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _create_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        # SQLite creates -wal and -shm with the mode of the file itself.
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError, PermissionError):
                os.chmod(f"{path}{suffix}", 0o600)


def _prepare(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL mode and create the table, if that is not done yet.

    Switching the mode needs exclusive access and, unlike a transaction, does not wait for it. If several processes
    start with a new file at the same time, all but one get SQLITE_BUSY, so this function tries again.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT
    connection.execute("PRAGMA synchronous = NORMAL")
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    if _schema_version(connection) == 0:
        _create_schema(connection)
    if _schema_version(connection) != SCHEMA_VERSION:
        raise StoreUnavailable("SQLite: the file belongs to another version of this application")


def _schema_version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _create_schema(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if _schema_version(connection) == 0:  # otherwise another process was faster
        connection.execute(SCHEMA)
        connection.execute(EXPIRY_INDEX)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


# A child process must not use or close an SQLite connection that was opened before the fork. Therefore all pools are
# emptied and locked while the process forks. Afterwards each process opens its own connections.
_pools: weakref.WeakSet[SqlitePool] = weakref.WeakSet()
_held_for_fork: list[SqlitePool] = []


def _before_fork() -> None:
    _opening.acquire()
    for pool in list(_pools):
        pool.hold_empty()
        _held_for_fork.append(pool)


def _after_fork() -> None:
    while _held_for_fork:
        _held_for_fork.pop().resume()
    _opening.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
