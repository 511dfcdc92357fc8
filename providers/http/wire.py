"""Send one request over the wire, read the response within limits, and translate errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.hooks import dispatch_hook

from providers.errors import InvalidResponse, ProviderError
from providers.http.connections import (
    OutOfStep,
    PooledAdapter,
    Redirected,
    RequestTimedOutByServer,
    tls_context,
)
from providers.http.contexts import RequestContext, current, current_hold, using
from providers.http.failures import WIRE_ERRORS, failure_of, is_timeout, refusal_of
from providers.http.response import Call, Response
from settings.loopback import is_loopback

A = TypeVar("A", bound=Response)

_MAX_ERROR_BYTES = 64 * 1024
_LARGE_BYTES = 16 * 1024
_SAFE = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request ready to be sent; `is_page` says that it asks for a page of a list."""

    call: Call
    prepared: requests.PreparedRequest
    max_bytes: int
    is_page: bool = False


@dataclass(frozen=True, slots=True)
class RawResponse(Response):
    """A response of any status and type. `is_cut` says that the body was longer. A redirect's body is empty."""

    is_cut: bool


class Wire:
    """Pooled connections, safe to share between threads. The options are those of `Transport`."""

    def __init__(
        self,
        pool_size: int,
        timeout: tuple[float, float],
        ca_bundle: str | None,
        proxy: str | None,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        rest: float,
    ) -> None:
        self._rest = rest
        self._connect_timeout, self._read_timeout = timeout
        self._proxies = {"https": proxy, "http": proxy} if proxy else {}
        self._clock = clock
        self._wall_clock = wall_clock
        self._adapter = PooledAdapter(pool_size, tls_context(ca_bundle))

    def context(self, give_up_at: float) -> RequestContext:
        """Return the context of a call that ends at an instant on the wire's clock."""
        return RequestContext(
            give_up_at,
            self._clock,
            connect_timeout=self._connect_timeout,
            read_timeout=self._read_timeout,
            rest=self._rest,
            hold=current_hold(),
        )

    def send(self, outgoing: Outgoing) -> Response:
        """Send a request within its context and read the response. Raises a ProviderError for anything but 2xx.

        The request is sent once more, on a new connection, if it went out on an idle connection that ended before any
        byte of a response, or that brought 408 and closes. Such a connection was already dead.
        """
        return self._persist(outgoing, self._receive)

    def fetch_raw(self, outgoing: Outgoing) -> RawResponse:
        """Send a request as `send` does and return any response. Raises a ProviderError if none is readable."""
        return self._persist(outgoing, self._receive_raw)

    def _persist(self, outgoing: Outgoing, receive: Callable[[Outgoing, RequestContext], A]) -> A:
        context = current()
        context.question = _question(outgoing)
        context.start_attempt(fresh=_is_large(outgoing))
        try:
            return receive(outgoing, context)
        except WIRE_ERRORS as error:
            if not _blames_the_connection(error, outgoing, context):
                raise _failure(error, outgoing, context) from error
        context.start_attempt(fresh=True)
        try:
            return receive(outgoing, context)
        except WIRE_ERRORS as error:
            raise _failure(error, outgoing, context) from error

    def warm(self, origin: str, give_up_at: float) -> None:
        """Open a connection unless one is idle. Raises one of WIRE_ERRORS."""
        request = requests.PreparedRequest()
        request.prepare("GET", origin)
        context = self.context(give_up_at)
        context.rest = 0.0
        with using(context):
            self._adapter.warm(request, self._proxies_for(origin))

    def close(self) -> None:
        """Close all idle connections."""
        self._adapter.close()

    def _receive(self, outgoing: Outgoing, context: RequestContext) -> Response:
        started, call = self._clock(), outgoing.call
        response = self._respond(outgoing, context)
        is_success = 200 <= response.status_code < 300
        limit = outgoing.max_bytes if is_success else min(outgoing.max_bytes, _MAX_ERROR_BYTES)
        body = _read(response, limit)
        _check_step(context)
        if not is_success:
            raise refusal_of(call, response.status_code, response.headers, body, self._wall_clock())
        if body is None:
            raise InvalidResponse("the answer is too large", status=response.status_code, **call.fields())
        return Response(call, response.status_code, response.headers, body, self._clock() - started)

    def _receive_raw(self, outgoing: Outgoing, context: RequestContext) -> RawResponse:
        started, call = self._clock(), outgoing.call
        try:
            response = self._respond(outgoing, context)
            body = _first_bytes(response, outgoing.max_bytes + 1)
            _check_step(context)
        except Redirected as redirected:
            response, body = redirected.answer, b""
        is_cut = len(body) > outgoing.max_bytes
        body, elapsed = body[: outgoing.max_bytes], self._clock() - started
        return RawResponse(call, response.status_code, response.headers, body, elapsed, is_cut)

    def _respond(self, outgoing: Outgoing, context: RequestContext) -> requests.Response:
        # A session of requests would follow redirects, keep cookies and read the environment. None of it is wanted.
        options: dict[str, Any] = {
            "stream": True,
            "timeout": (context.connect_seconds(), self._read_timeout),
            "verify": True,
            "cert": None,
            "proxies": self._proxies_for(outgoing.call.url),
        }
        answer = self._adapter.send(outgoing.prepared, **options)
        response: requests.Response = dispatch_hook(  # type: ignore[no-untyped-call]
            "response", outgoing.prepared.hooks, answer, **options
        )
        # With "close" a server says that it stopped waiting. Other 408s are about the request.
        ends = "close" in response.headers.get("Connection", "").lower()
        if response.status_code == HTTPStatus.REQUEST_TIMEOUT and context.is_reused and ends:
            response.close()
            raise RequestTimedOutByServer(response=response)
        return response

    def _proxies_for(self, url: str) -> dict[str, str]:
        if not self._proxies or is_loopback(urlsplit(url).hostname or ""):
            return {}
        return self._proxies


def _question(outgoing: Outgoing) -> object:
    """Return what two requests for pages of one list have in common, None for all other requests.

    Whoever reads a list notices a page that is not the one asked for.
    """
    if not outgoing.is_page:
        return None
    return outgoing.prepared.headers.get("Authorization"), outgoing.call.url


def _is_large(outgoing: Outgoing) -> bool:
    """Say whether a request is so large that a server may refuse it before it has read all of it."""
    return len(outgoing.prepared.body or b"") > _LARGE_BYTES


def _blames_the_connection(error: Exception, outgoing: Outgoing, context: RequestContext) -> bool:
    """Say whether a request failed because of its kept connection, and may be sent again on a new one.

    If a response may belong to another user, a GET or HEAD is sent again. Within a series of requests it is not,
    because the previous response of the series may belong to another user too.
    """
    if context.is_out_of_step:
        return outgoing.call.method in _SAFE and context.hold is None
    if isinstance(error, RequestTimedOutByServer):
        return True
    return context.is_reused and not context.is_answered and not is_timeout(error)


def _failure(error: Exception, outgoing: Outgoing, context: RequestContext) -> ProviderError:
    return failure_of(OutOfStep() if context.is_out_of_step else error, outgoing.call)


def _check_step(context: RequestContext) -> None:
    """Raise OutOfStep if the response may belong to another request."""
    if context.is_out_of_step:
        raise OutOfStep


def _read(response: requests.Response, limit: int) -> bytes | None:
    """Return the decompressed body, None if it is larger than `limit` bytes."""
    body = _first_bytes(response, limit + 1)
    return body if len(body) <= limit else None


def _first_bytes(response: requests.Response, most: int) -> bytes:
    """Return the first `most` bytes of the decompressed body.

    If the whole body was read, the connection goes back to the pool. Otherwise it is closed.
    """
    try:
        body: bytes = response.raw.read(most, decode_content=True)
    finally:
        response.close()
    return body
