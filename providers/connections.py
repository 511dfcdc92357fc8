"""Pooled connections that keep a total deadline and tell what became of a request.

requests and urllib3 leave three gaps. Their read timeout starts anew with every byte that drips in. They do not
say whether a request went out on a connection that had been idle in the pool. And they take a TLS 1.3
connection for dropped while session tickets lie unread in it. An `Exchange` closes the first two, a look at what
lies unread the third. urllib3 offers no way to hand an object through to the connection, so the exchange that
a thread is in is kept per thread.
"""

from __future__ import annotations

import http.client
import io
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from certifi import where
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection
from urllib3.util.wait import wait_for_read

_POOLED_HOSTS = 32


class Redirected(RequestException):
    """The answer is a redirect, which is never followed."""


class Exchange:
    """One request on one connection, its deadline, and what was seen of the answer.

    `deadline` is an instant on `clock`'s scale; `connect_timeout` and `read_timeout` are seconds. `fresh` asks
    for a connection that was not idle in the pool.
    """

    def __init__(
        self,
        deadline: float,
        clock: Callable[[], float],
        *,
        connect_timeout: float,
        read_timeout: float,
        fresh: bool = False,
    ) -> None:
        self.fresh = fresh
        self.is_reused = False
        self.is_answered = False
        self._deadline = deadline
        self._clock = clock
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout

    def connect_patience(self) -> float:
        """Return the seconds to give to the next step of connecting."""
        return self._patience(self._connect_timeout)

    def read_patience(self) -> float:
        """Return the seconds to wait for the next bytes of the answer."""
        return self._patience(self._read_timeout)

    def _patience(self, timeout: float) -> float:
        remaining = self._deadline - self._clock()
        if remaining <= 0:
            raise TimeoutError("the deadline has passed")
        return min(timeout, remaining)


_thread = threading.local()


@contextmanager
def exchanging(exchange: Exchange) -> Iterator[None]:
    """Make `exchange` the one this thread is in."""
    _thread.exchange = exchange
    try:
        yield
    finally:
        del _thread.exchange


def _current() -> Exchange:
    exchange: Exchange = _thread.exchange
    return exchange


class _TimedReader(io.RawIOBase):
    """Reads a socket under the exchange's deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, exchange: Exchange) -> None:
        self._raw = raw
        self._sock = sock
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        self._sock.settimeout(self._exchange.read_patience())
        count = self._raw.readinto(buffer)
        if count:
            self._exchange.is_answered = True
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, exchange: Exchange, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        raw: Any = self.fp.detach()
        self.fp = io.BufferedReader(_TimedReader(raw, sock, exchange), 64 * 1024)


class _ExchangeMixin:
    """What both kinds of connections do beyond urllib3's."""

    sock: Any
    host: str
    port: int
    socket_options: Any
    _opened_in: Exchange | None = None

    def connect(self) -> None:
        self._opened_in = _current()
        super().connect()  # type: ignore[misc]

    def request(self, *args: Any, **kwargs: Any) -> None:
        exchange = _current()
        exchange.is_reused = self.sock is not None and self._opened_in is not exchange
        super().request(*args, **kwargs)  # type: ignore[misc]

    def response_class(self, sock: socket.socket, *args: Any, **kwargs: Any) -> _TimedResponse:
        return _TimedResponse(sock, _current(), *args, **kwargs)

    def _new_conn(self) -> socket.socket:
        """Connect within the deadline, however many addresses the name has and however slow the resolver is."""
        connection: Any = self
        try:
            return self._first_answering_address()
        except socket.gaierror as error:
            raise NameResolutionError(self.host, connection, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, f"connecting to {self.host} took too long") from error
        except OSError as error:
            raise NewConnectionError(connection, f"no connection to {self.host}: {error}") from error

    def _first_answering_address(self) -> socket.socket:
        exchange = _current()
        failure: OSError = OSError("the name has no address")
        for address in _resolve(self.host, self.port, exchange.connect_patience()):
            patience = exchange.connect_patience()
            try:
                return create_connection((address, self.port), patience, socket_options=self.socket_options)
            except OSError as error:
                failure = error
        raise failure


class _PlainConnection(_ExchangeMixin, HTTPConnection):  # type: ignore[misc]
    pass


class _TlsConnection(_ExchangeMixin, HTTPSConnection):  # type: ignore[misc]
    @property
    def is_connected(self) -> bool:
        """Say whether the connection can be used, after reading what TLS itself had to say meanwhile."""
        if self.sock is None:
            return False
        return not wait_for_read(self.sock, timeout=0.0) or _holds_tls_housekeeping_only(self.sock)


def _holds_tls_housekeeping_only(sock: Any) -> bool:
    """Read what lies in an idle TLS connection: session tickets leave nothing for us, data or an end do."""
    sock.settimeout(0.0)
    try:
        sock.recv(1)
    except ssl.SSLWantReadError:
        return True
    except OSError:
        return False
    return False


def _resolve(host: str, port: int, patience: float) -> list[str]:
    """Return a host's addresses. getaddrinfo knows no timeout, so it runs in a thread that is left behind."""
    outcome: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            outcome.put([str(address[0]) for *_, address in found])
        except OSError as error:
            outcome.put(error)
        except UnicodeError:
            outcome.put(socket.gaierror(socket.EAI_NONAME, "not a host name"))

    threading.Thread(target=look_up, name="resolver", daemon=True).start()
    try:
        addresses = outcome.get(timeout=patience)
    except queue.Empty:
        raise TimeoutError("the resolver did not answer") from None
    if isinstance(addresses, OSError):
        raise addresses
    return addresses


class _PoolMixin:
    """What both kinds of pools do beyond urllib3's."""

    proxy: Any

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]
        if _current().fresh:
            connection.close()  # it opens again by itself
        return connection

    def warm(self) -> None:
        """See to it that one idle connection is open."""
        connection = self._get_conn()
        try:
            if connection.is_closed:
                connection.timeout = _current().connect_patience()
                self._open(connection)
        except BaseException:
            connection.close()
            raise
        finally:
            self._put_conn(connection)  # type: ignore[attr-defined]

    def _open(self, connection: Any) -> None:
        if self.proxy is not None:
            self._prepare_proxy(connection)  # type: ignore[attr-defined]
        if connection.is_closed:
            connection.connect()


class _PlainPool(_PoolMixin, HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(_PoolMixin, HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _PlainPool, "https": _TlsPool}


class PooledAdapter(HTTPAdapter):
    """requests' adapter on these connections: one TLS context for all of them, and no redirects.

    `pool_size` is the number of idle connections kept per host.
    """

    def __init__(self, pool_size: int, tls: ssl.SSLContext) -> None:
        self._tls = tls
        super().__init__(pool_connections=_POOLED_HOSTS, pool_maxsize=pool_size)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, proxy_ssl_context=self._tls, **proxy_kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def build_connection_pool_key_attributes(
        self, request: PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        host, _ = super().build_connection_pool_key_attributes(request, True, cert)
        return host, {"ssl_context": self._tls}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave verification to the TLS context, which always verifies; naming a file loads it every time."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        response = super().send(request, *args, **kwargs)
        if 300 <= response.status_code < 400:
            response.close()
            raise Redirected(response=response)
        return response

    def warm(self, request: PreparedRequest, proxies: dict[str, str]) -> None:
        """Open a connection to the request's host unless an idle one is there. Raises urllib3's and OS errors."""
        pool: Any = self.get_connection_with_tls_context(request, True, proxies=proxies)
        pool.warm()


def tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Return a verifying context (TLS 1.2 and later) that trusts `ca_bundle`, or certifi's roots when None."""
    context = ssl.create_default_context(cafile=ca_bundle or where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
