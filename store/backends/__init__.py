"""The store backends: one SQLite file, or Redis."""

import time
from collections.abc import Callable

from store.backends.sqlite import SqliteStore
from store.base import Store

REDIS_SCHEMES = ("redis://", "rediss://", "unix://", "redis+sentinel://")


def open_store(url: str, clock: Callable[[], float] = time.time) -> Store:
    """Return the store for `url`. Does no I/O: it opens no file and no connection yet.

    `url` is `sqlite:///relative/path`, `sqlite:////absolute/path`, `redis://`, `rediss://`, `unix://`, or
    `redis+sentinel://host:port,host:port/service/db`. Raises ValueError for anything else. The message does
    not contain the URL, because it may hold a password.
    """
    if url.startswith(REDIS_SCHEMES):
        from store.backends.redis import RedisStore

        return RedisStore(url, clock)
    path = url.removeprefix("sqlite:///")
    if path in (url, "", ":memory:") or "?" in path:
        raise ValueError(
            "must be sqlite:///path/to/file, or a redis://, rediss://, unix:// or redis+sentinel:// URL"
        )
    return SqliteStore(path, clock)
