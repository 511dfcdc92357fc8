"""Pooled connections on requests' adapter: deadlines, dead idle connections, warming, one TLS context.

urllib3 takes a TLS 1.3 connection for dropped while session tickets lie unread in it, which would throw every
warmed connection away. What else is added here serves an `Exchange`.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
from functools import lru_cache
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

from providers.exchanges import Exchange, TimedResponse, current

_POOLED_HOSTS = 32


class Redirected(RequestException):
    """The answer is a redirect, which is never followed; `answer` is its head, and its body is not read."""

    def __init__(self, answer: Response) -> None:
        super().__init__(response=answer)
        self.answer = answer


class _ExchangeMixin:
    """What both kinds of connections do beyond urllib3's."""

    sock: Any
    host: str
    port: int
    socket_options: Any
    _opened_in: Exchange | None = None

    def connect(self) -> None:
        self._opened_in = current()
        super().connect()  # type: ignore[misc]

    def request(self, *args: Any, **kwargs: Any) -> None:
        exchange = current()
        exchange.is_answered = False  # a 401 may have been before
        exchange.is_reused = self.sock is not None and self._opened_in is not exchange
        super().request(*args, **kwargs)  # type: ignore[misc]

    def response_class(self, sock: socket.socket, *args: Any, **kwargs: Any) -> TimedResponse:
        return TimedResponse(sock, current(), *args, **kwargs)

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
        exchange = current()
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
        if current().fresh:
            connection.close()  # it opens again by itself
        return connection

    def warm(self) -> None:
        """See to it that one idle connection is open."""
        connection = self._get_conn()
        try:
            if connection.is_closed:
                connection.timeout = current().connect_patience()
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
            raise Redirected(response)
        return response

    def warm(self, request: PreparedRequest, proxies: dict[str, str]) -> None:
        """Open a connection to the request's host unless an idle one is there. Raises urllib3's and OS errors."""
        pool: Any = self.get_connection_with_tls_context(request, True, proxies=proxies)
        pool.warm()


@lru_cache(maxsize=8)
def tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Return a verifying context (TLS 1.2 and later) that trusts `ca_bundle`, or certifi's roots when None.

    Reading roots takes longer than all else of a start, and nobody changes a context: one serves all transports.
    """
    context = ssl.create_default_context(cafile=ca_bundle or where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
