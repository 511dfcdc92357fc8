"""Clients of a Redis server with limits, so that no call takes longer than two seconds.

By default the library waits five seconds for a socket and repeats a failed command. Here a command is sent once,
and the timeouts are short. If the server has closed a connection, the library replaces it before it writes a
command.
"""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

SOCKET_TIMEOUT = 0.8
"""Seconds for connecting, and the same time again for each answer."""

SENTINEL_TIMEOUT = 0.3
"""Seconds for one Sentinel to answer. If one hangs, there is still time to ask the next."""

MAX_CONNECTIONS = 256

DEFAULT_SENTINEL_PORT = 26379

_FILES = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"})
_URL_OPTIONS = _FILES | {
    "client_name",
    "db",
    "health_check_interval",
    "password",
    "socket_keepalive",
    "ssl_ca_path",
    "ssl_cert_reqs",
    "ssl_check_hostname",
    "username",
}


def connect(url: str) -> Redis:
    """Return a client for `redis://`, `rediss://`, `unix://` or `redis+sentinel://`. Does no I/O.

    The Sentinel form is `redis+sentinel://[[user]:password@]host[:port][,host[:port]...]/service[/db]`; the
    credentials are those of the Redis server. Raises ValueError for an invalid URL; the message does not contain it.
    """
    try:
        if url.startswith("redis+sentinel://"):
            return _through_sentinel(url)
        _check_database(url)
        _check_options(url)
        client: Redis = Redis.from_url(url, **_options(SOCKET_TIMEOUT), max_connections=MAX_CONNECTIONS)
        # The library checks the options of a URL when it makes the first connection. This one is not opened.
        client.connection_pool.make_connection()
        return client
    except (ValueError, TypeError, RedisError):
        # The library's message may quote a part of the URL, which may be the password.
        raise ValueError("is not a Redis URL that can be understood") from None


def _check_database(url: str) -> None:
    """Raise ValueError for a database that is not a number. The library would use database 0 in its place."""
    parts = urlsplit(url)
    path = parts.path.strip("/") if parts.scheme in {"redis", "rediss"} else ""
    names = ([path] if path else []) + parse_qs(parts.query, keep_blank_values=True).get("db", [])
    if not all(name.isascii() and name.isdigit() and len(name) < 6 for name in names):
        raise ValueError("the database of a Redis URL is a number")


def _check_options(url: str) -> None:
    """Raise ValueError for an option that the library would take without a word and that breaks the store."""
    for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items():
        if name not in _URL_OPTIONS:
            raise ValueError("an option of a Redis URL is unknown")
        if name in _FILES and not all(Path(value).is_file() for value in values):
            raise ValueError("a file that a Redis URL names does not exist")


def _options(timeout: float) -> dict[str, Any]:
    return {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }


def _through_sentinel(url: str) -> Redis:
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    username, _, password = credentials.partition(":")
    service, _, db = parts.path.strip("/").partition("/")
    if not hosts or not service or not (db or "0").isdecimal():
        raise ValueError("a Sentinel URL has the form redis+sentinel://host:port,host:port/service/db")
    addresses = [_host_port(one) for one in hosts.split(",")]
    # The library's Sentinel module has no types.
    sentinel = Sentinel(addresses, sentinel_kwargs=_options(SENTINEL_TIMEOUT))  # type: ignore[no-untyped-call]
    client: Redis = sentinel.master_for(  # type: ignore[no-untyped-call]
        service,
        db=int(db or 0),
        username=unquote(username) or None,
        password=unquote(password) or None,
        max_connections=MAX_CONNECTIONS,
        **_options(SOCKET_TIMEOUT),
    )
    return client


def _host_port(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("a Sentinel URL names an empty host")
    return parts.hostname, parts.port or DEFAULT_SENTINEL_PORT
