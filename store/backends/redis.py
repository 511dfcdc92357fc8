"""The store in Redis 6.2 or newer: for several machines, or many writers.

An entry is one string: eight bytes of version, eight bytes of expiry, then the value. Methods that read before they
write are Lua scripts, which Redis runs atomically. The server deletes expired entries. Callers get the expiry that
is in the entry; it is compared with the given clock.

The server must not evict live entries: use `maxmemory-policy noeviction` or a policy like `volatile-ttl`.
"""

import math
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from redis import RedisError
from redis.exceptions import MasterDownError, ReadOnlyError

from store.backends.redis_client import connect
from store.base import Entry, Store, StoreUnavailable, fresh_version

KEY_PREFIX = "vinli-connect:"
PING_KEY = f"{KEY_PREFIX}ping"
PING_MILLISECONDS = 1000

HEADER = struct.Struct(">Qd")  # version, expires_at

# Sets `current` to the live entry, or to false or nil if there is none. Versions are compared as text, because a Lua
# number has only 53 bits.
_LOOK = """
local current = redis.call("GET", KEYS[1])
if current and struct.unpack(">d", string.sub(current, 9, 16)) <= tonumber(ARGV[1]) then current = false end
"""
ADD = (
    _LOOK
    + """
if current then return 0 end
redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3])
return 1
"""
)
REPLACE = (
    _LOOK
    + """
if not current or string.sub(current, 1, 8) ~= ARGV[4] then return 0 end
redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3])
return 1
"""
)
TOUCH = (
    _LOOK
    + """
if not current then return 0 end
redis.call("SETRANGE", KEYS[1], 8, ARGV[2])
redis.call("PEXPIRE", KEYS[1], ARGV[3])
return 1
"""
)


class RedisStore(Store):
    """Entries in the Redis database at `url`, under keys that begin with `KEY_PREFIX`. Connects on first use."""

    def __init__(self, url: str, clock: Callable[[], float] = time.time) -> None:
        self._redis = connect(url)
        self._clock = clock
        self._add = self._redis.register_script(ADD)
        self._replace = self._redis.register_script(REPLACE)
        self._touch = self._redis.register_script(TOUCH)

    def get(self, key: str) -> Entry | None:
        with self._failures_as_unavailable():
            return self._live(self._redis.get(KEY_PREFIX + key))

    def get_many(self, keys: Sequence[str]) -> dict[str, Entry]:
        if not keys:
            return {}
        with self._failures_as_unavailable():
            packed: Any = self._redis.mget([KEY_PREFIX + key for key in keys])
        found = zip(keys, map(self._live, packed), strict=True)
        return {key: entry for key, entry in found if entry is not None}

    def add(self, key: str, value: bytes, ttl: float) -> bool:
        return self._run(self._add, key, self._pack(value, ttl), _milliseconds(ttl))

    def put(self, key: str, value: bytes, ttl: float) -> None:
        with self._failures_as_unavailable():
            self._redis.set(KEY_PREFIX + key, self._pack(value, ttl), px=_milliseconds(ttl))

    def replace(self, key: str, value: bytes, ttl: float, version: int) -> bool:
        packed = self._pack(value, ttl)
        return self._run(self._replace, key, packed, _milliseconds(ttl), version.to_bytes(8, "big"))

    def touch(self, key: str, ttl: float) -> bool:
        expires_at = struct.pack(">d", self._clock() + ttl)
        return self._run(self._touch, key, expires_at, _milliseconds(ttl))

    def pop(self, key: str) -> Entry | None:
        with self._failures_as_unavailable():
            return self._live(self._redis.getdel(KEY_PREFIX + key))

    def ping(self) -> None:
        # A replica answers reads as if all were well, so this writes.
        with self._failures_as_unavailable():
            self._redis.set(PING_KEY, b"", px=PING_MILLISECONDS)

    def purge(self) -> int:
        return 0

    def close(self) -> None:
        self._redis.close()

    def _run(self, script: Callable[..., Any], key: str, *arguments: bytes | int) -> bool:
        with self._failures_as_unavailable():
            return bool(script(keys=[KEY_PREFIX + key], args=[repr(self._clock()), *arguments]))

    @contextmanager
    def _failures_as_unavailable(self) -> Iterator[None]:
        """Raise StoreUnavailable for errors of Redis.

        A server that takes no writes has become a replica. Another one has taken over under the same name, so idle
        connections are closed, and the next command looks the name up again.
        """
        try:
            yield
        except (ReadOnlyError, MasterDownError) as error:
            self._redis.connection_pool.disconnect(inuse_connections=False)
            raise StoreUnavailable(f"Redis: {type(error).__name__}") from error
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis: {type(error).__name__}") from error

    def _pack(self, value: bytes, ttl: float) -> bytes:
        return HEADER.pack(fresh_version(), self._clock() + ttl) + value

    def _live(self, packed: Any) -> Entry | None:
        if packed is None or len(packed) < HEADER.size:
            return None
        version, expires_at = HEADER.unpack_from(packed)
        if expires_at <= self._clock():
            return None
        return Entry(packed[HEADER.size :], version, expires_at)


def _milliseconds(ttl: float) -> int:
    return max(1, math.ceil(ttl * 1000))
