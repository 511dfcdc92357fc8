"""Pooled connections on requests' adapter: deadlines, dead idle connections, warming, one TLS context.

A connection must never deliver one driver's response to another driver. Therefore:

- A connection goes back to the pool only after a complete response.
- It then stays idle for a moment, so that surplus bytes have time to arrive.
- It is checked for unread bytes when it is put back, when it is taken, and before a request goes out.
- A large request goes out on a new connection, because its server may answer before all of it was sent.
- If a host sends more than was asked for, none of its connections are kept for a while.

urllib3 treats a TLS 1.3 connection as dropped if session tickets are unread in it. That would discard every warmed
connection, so the check here reads the tickets. The rest of this module applies a `RequestContext`.
"""

from __future__ import annotations

import http.client
import logging
import math
import queue
import socket
import ssl
import time
from functools import lru_cache
from typing import Any

from certifi import where
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ClosedPoolError,
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)

from providers.http.addresses import Addresses
from providers.http.contexts import RequestContext, current
from providers.http.framing import EarlyAnswer, TimedResponse
from providers.http.leftovers import Leftover, leftover

logger = logging.getLogger(__name__)

_ADDRESSES = Addresses()

_POOLED_HOSTS = 32
# Seconds between two checks of a TLS record that arrives in pieces.
_RECORD_POLL_SECONDS = 0.001
# Seconds during which no connection is kept to a host that sent more than was asked for.
_DISTRUST_SECONDS = 600.0


class Redirected(RequestException):
    """The response is a redirect, which is never followed. `answer` is its head; the body is not read."""

    def __init__(self, answer: Response) -> None:
        super().__init__(response=answer)
        self.answer = answer


class OutOfStep(RequestException):
    """More bytes than one response came over a connection that carried another user's request before.

    The response that was read may belong to that other user.
    """


class RequestTimedOutByServer(RequestException):
    """A kept connection brought 408: the server stopped waiting before it saw the request."""


class _ConnectionMixin:
    """Behaviour that both kinds of connections add to urllib3's."""

    sock: Any
    host: str
    port: int
    socket_options: Any
    last_question: object = None
    last_used: float = -math.inf
    _opened_in: object = None
    _first_user: object = None
    _answer: TimedResponse | None = None
    _held_back: list[bytes] | None = None

    def connect(self) -> None:
        self._opened_in = current().attempt
        super().connect()  # type: ignore[misc]
        self._answer = None  # connecting through a proxy has set it

    def close(self) -> None:
        super().close()  # type: ignore[misc]
        self._first_user = None

    @property
    def is_connected(self) -> bool:
        """Say whether the connection can be used: it is open and holds no unread bytes."""
        return self.sock is not None and self._check_leftover() is Leftover.NOTHING

    def _check_leftover(self) -> Leftover:
        found = leftover(self.sock)
        context = current()
        # Part of a record is most likely a session ticket on a new connection, and surplus on one that others used.
        if found is Leftover.DATA or (found is Leftover.PART and self.is_shared_with(context.user)):
            context.note_surplus()
        return found

    def settle(self) -> None:
        """Close the connection unless it can carry another request."""
        context = current()
        if self._answer is not None:
            self.last_question, self.last_used = context.question, context.now()
        # More bytes make the answer doubtful, so look for them even if the connection is closed in any case.
        is_quiet = self.is_connected
        if not is_quiet or (self._answer is not None and not self._answer.is_whole):
            self.close()

    def is_shared_with(self, user: object) -> bool:
        """Say whether the connection carried a request of another user."""
        return self._first_user is not None and self._first_user is not user

    def request(self, *args: Any, **kwargs: Any) -> None:
        context = current()
        context.begin(
            is_reused=self.sock is not None and self._opened_in is not context.attempt,
            is_shared=self.is_shared_with(context.user),
        )
        self._answer, self._held_back = None, []
        try:
            super().request(*args, **kwargs)  # type: ignore[misc]
        finally:
            request, self._held_back = memoryview(b"".join(self._held_back)), None
        self._send_wholly(request)
        self._first_user = self._first_user or context.user

    def send(self, data: Any) -> None:
        if self._held_back is None:
            super().send(data)  # type: ignore[misc]
        else:
            self._held_back.append(bytes(data))

    def _send_wholly(self, request: memoryview) -> None:
        """Send a request if there is nothing to read before it.

        Raises EarlyAnswer if there is, and RemoteDisconnected if the connection has ended. Large requests go out on
        new connections (`wire`). There a server may refuse one before it has read all of it, and urllib3 reads that.
        """
        if self.sock is None:
            self.connect()
        self._check_silence()
        try:
            self.send(request)
        except (BrokenPipeError, ConnectionResetError) as error:
            if not current().is_reused:
                raise
            raise http.client.RemoteDisconnected("ended while the request was sent") from error

    def _check_silence(self) -> None:
        found = self._check_leftover()
        while found is Leftover.PART and not current().is_reused:
            # This is most likely a session ticket. No response can be read before the rest of the record has come.
            try:
                time.sleep(min(_RECORD_POLL_SECONDS, current().connect_seconds()))
            except TimeoutError as error:
                raise ReadTimeoutError(None, None, "part of a TLS record came, and no more") from error  # type: ignore[arg-type]
            found = self._check_leftover()
        if found is Leftover.DATA:
            context = current()
            # Nothing was sent, so the request may go out on another connection. In a series, the response before may
            # have belonged to another user.
            context.is_out_of_step = context.is_out_of_step and context.hold is not None
            raise EarlyAnswer("an answer came before the request was sent")
        if found is not Leftover.NOTHING:
            raise http.client.RemoteDisconnected("ended before the request was sent")

    def response_class(self, sock: socket.socket, *args: Any, **kwargs: Any) -> TimedResponse:
        self._answer = TimedResponse(sock, current(), *args, **kwargs)
        return self._answer

    def _new_conn(self) -> socket.socket:
        """Connect within the deadline. The limit covers a slow resolver and all addresses of the name together."""
        connection: Any = self
        try:
            return _ADDRESSES.connect(
                self.host, self.port, current().connect_seconds, self.socket_options or ()
            )
        except socket.gaierror as error:
            raise NameResolutionError(self.host, connection, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, f"connecting to {self.host} took too long") from error
        except OSError as error:
            raise NewConnectionError(connection, f"no connection to {self.host}: {error}") from error


class _PlainConnection(_ConnectionMixin, HTTPConnection):  # type: ignore[misc]
    pass


class _TlsConnection(_ConnectionMixin, HTTPSConnection):  # type: ignore[misc]
    pass


class _PoolMixin:
    """Behaviour that both kinds of pools add to urllib3's."""

    proxy: Any
    host: str
    pool: Any
    _distrusted_until = -math.inf

    def _get_conn(self, timeout: float | None = None) -> Any:
        context = current()
        connection = self._held_connection(context)
        if connection is None and not context.has_used(self):
            connection = self._rested_connection(context)
        if context.hold is not None:
            context.hold.pools.add(self)
        if connection is None:
            connection = self._new_conn()  # type: ignore[attr-defined]
        elif not connection.is_connected:
            connection.close()
        if context.fresh or self._is_distrusted(context):
            connection.close()  # sending the next request opens it again
        return connection

    def _held_connection(self, context: RequestContext) -> Any:
        """Return the connection that the context's series used before; None for its first request.

        Raises EarlyAnswer if surplus bytes in it may mean that an earlier response belonged to another user.
        """
        if context.hold is None:
            return None
        connection = context.hold.connections.pop(self, None)
        if connection is not None and not connection.is_connected:
            if context.has_surplus and connection.is_shared_with(context.user):
                connection.close()
                context.is_out_of_step = True
                raise EarlyAnswer("more came than the answer to the request before")
            connection.close()
        return connection

    def _rested_connection(self, context: RequestContext) -> Any:
        """Take the most recently used connection that may carry this context out of the pool.

        Surplus bytes usually follow a response at once. So if the next question is a different one, the connection
        must have been idle for a moment.
        """
        passed_over: list[Any] = []
        try:
            while True:
                connection = self._pooled()
                if connection is None:
                    # No open connection has rested long enough. A closed one reopens by itself.
                    closed = next((one for one in passed_over if one.is_closed), None)
                    if closed is not None:
                        passed_over.remove(closed)
                        passed_over.append(None)
                    return closed
                if not connection.is_closed and self._is_rested(connection, context):
                    return connection
                passed_over.append(connection)
        finally:
            for connection in reversed(passed_over):
                self.put_back(connection)

    def _pooled(self) -> Any:
        """Return the connection that was put into the pool last; None if the pool is empty."""
        if self.pool is None:
            raise ClosedPoolError(self, "the pool is closed")  # type: ignore[arg-type]
        try:
            return self.pool.get(block=False)
        except queue.Empty:
            return None

    def _is_rested(self, connection: Any, context: RequestContext) -> bool:
        if context.question is not None and context.question == connection.last_question:
            return True
        idle_seconds: float = context.now() - connection.last_used
        return idle_seconds >= context.rest

    def _put_conn(self, connection: Any) -> None:
        if connection is not None:
            connection.settle()
        context = current()
        if connection is not None and self._is_distrusted(context):
            connection.close()
        if context.hold is None or connection is None:
            self.put_back(connection)
        else:
            # A request within another one (a token that is renewed) may have used a second connection.
            before = context.hold.connections.pop(self, None)
            if before is not None:
                self.put_back(before)
            context.hold.connections[self] = connection

    def put_back(self, connection: Any) -> None:
        """Put a connection into the pool."""
        super()._put_conn(connection)  # type: ignore[misc]

    def _is_distrusted(self, context: RequestContext) -> bool:
        """Say whether the host sent more than was asked for, now or in the last _DISTRUST_SECONDS."""
        now = context.now()
        if context.has_surplus:
            if now >= self._distrusted_until:
                logger.warning("%s sends more than is asked for: its connections are not kept", self.host)
            self._distrusted_until = now + _DISTRUST_SECONDS
        return now < self._distrusted_until

    def warm(self) -> None:
        """Make sure that one idle connection is open."""
        connection = self._get_conn()
        try:
            if connection.is_closed:
                connection.timeout = current().connect_seconds()
                self._open(connection)
        except BaseException:
            connection.close()
            raise
        finally:
            self._put_conn(connection)

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
    """requests' adapter on these connections: one TLS context for all of them; a redirect raises Redirected.

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
        """Do nothing: the TLS context always verifies. Naming a file here would load it for every request."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        response = super().send(request, *args, **kwargs)
        if 300 <= response.status_code < 400:
            response.close()
            raise Redirected(response)
        return response

    def warm(self, request: PreparedRequest, proxies: dict[str, str]) -> None:
        """Open a connection to the request's host unless one is idle. Raises urllib3's errors and OSError."""
        pool: Any = self.get_connection_with_tls_context(request, True, proxies=proxies)
        pool.warm()


@lru_cache(maxsize=8)
def tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Return a verifying context (TLS 1.2 and later) that trusts `ca_bundle`, or certifi's roots if it is None.

    All transports share one context per bundle. Reading the roots is the slowest part of a start, and nothing changes
    a context afterwards.
    """
    context = ssl.create_default_context(cafile=ca_bundle or where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
