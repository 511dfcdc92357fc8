"""The transport: every request to a remote system goes through a `Transport`."""

from __future__ import annotations

import http.client
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import requests
from requests.auth import AuthBase

from providers.errors import NoToken, ProviderError, ServerFailed, TimedOut, Unreachable
from providers.http.breaker import Breaker
from providers.http.contexts import current, holding, using
from providers.http.failures import WIRE_ERRORS
from providers.http.origins import checked_origin, origin_of
from providers.http.response import Call, Response
from providers.http.retries import Retries
from providers.http.wire import Outgoing, RawResponse, Wire

A = TypeVar("A", bound=Response)

logger = logging.getLogger(__name__)

MAX_BYTES = 4 * 1024 * 1024
_BREAKER_THRESHOLD = 10
_BREAKER_COOLDOWN = 5.0
_PAGES_FIRST = "text/html, application/xhtml+xml, application/json;q=0.9, text/plain;q=0.8, */*;q=0.5"
_IDEMPOTENT = ("GET", "HEAD")
# Failures of the remote system; other errors are about the request.
_FAILED = (Unreachable, TimedOut, ServerFailed)
# Gateways send these for a service that is down (RFC 9110, sections 15.6.3 to 15.6.5).
_DOWN_STATUSES = (502, 503, 504)
# A timeout counts as the host's failure only if the call had at least so many seconds.
_FAIR_CHANCE = 1.0


class Transport:
    """Send requests over pooled keep-alive connections. Safe to share between threads.

    `pool_size` idle connections per host stay open: threads times the requests each has in flight. `timeout` is
    (connect, read) and `deadline` covers the whole call with its repeats, all in seconds. `ca_bundle` is a file that
    replaces the public roots. `proxy` is a URL used for all but loopback addresses. Between responses to different
    questions a connection is idle for at least `rest` seconds, so that surplus bytes are noticed before the next
    request. Nothing is read from the environment. A test can replace clocks, randomness and sleep.
    """

    def __init__(
        self,
        pool_size: int,
        timeout: tuple[float, float] = (3.05, 8.0),
        deadline: float = 10.0,
        ca_bundle: str | None = None,
        proxy: str | None = None,
        user_agent: str = "vinli-connect",
        *,
        rest: float = 0.05,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._deadline = deadline
        self._clock = clock
        self._sleep = sleep
        self._retries = Retries(random)
        self._headers = {
            "User-Agent": user_agent,
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
        }
        self._warming: dict[str, threading.Lock] = {}
        self._breakers: dict[tuple[str, str], Breaker] = {}
        self._wire = Wire(pool_size, timeout, ca_bundle, proxy, clock, wall_clock, rest)

    def allow(self, origin: str) -> str:
        """Permit requests to an origin and return it in its normal form.

        Every client names its origins when it is built. Requests to any other origin are refused, so that no link in
        a response can send credentials elsewhere. Raises ValueError unless it is https, or http on loopback.
        """
        origin = checked_origin(origin)
        self._warming.setdefault(origin, threading.Lock())
        return origin

    def request(
        self,
        provider: str,
        method: str,
        url: str,
        *,
        auth: AuthBase | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        form: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        max_bytes: int = MAX_BYTES,
        deadline: float | None = None,
        retry: bool | None = None,
        is_guess: bool = False,
        is_page: bool = False,
    ) -> Response:
        """Send a request and return the 2xx response. Raises a ProviderError for everything else.

        The body is `form`, `json`, or the raw bytes of `content`. With `content`, `headers` must name its type.

        GET and HEAD are repeated up to twice within the deadline after a transient failure (no connection, 502, 503,
        504, 429 with Retry-After); `retry` overrides this. A request of any method is repeated once if it went out on
        an idle connection that ended before any byte of a response, because load balancers drop idle connections
        silently. `is_page` says that the request asks for a page of a list. A guess (`is_guess`) is not repeated,
        because nobody may be waiting for it. Its failure does not count in the circuit breaker, because many guesses
        go out at once. `deadline` is in seconds from now; if none are left, TimedOut is raised and nothing is sent.
        Raises ValueError for an origin that was not allowed.
        """
        breaker = self._breaker(provider, url)
        call = Call(provider, method, url.partition("?")[0])
        seconds = self._deadline if deadline is None else deadline
        if seconds <= 0:
            raise TimedOut("no time was left to ask", **call.fields())
        # The deadline includes fetching credentials, before the request and after a 401.
        with using(self._wire.context(self._clock() + seconds)):
            prepared = requests.PreparedRequest()
            prepared.prepare(
                method,
                url,
                {**self._headers, **(headers or {})},
                params=params,
                data=form if content is None else content,
                json=json,
                auth=auth,
            )
            may_repeat = (method in _IDEMPOTENT if retry is None else retry) and not is_guess
            with _guarding(breaker, call, seconds, counts=not is_guess) as is_probe:
                return self._persist(
                    Outgoing(call, prepared, max_bytes, is_page), may_repeat and not is_probe
                )

    def fetch_raw(
        self,
        provider: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BYTES,
        deadline: float | None = None,
    ) -> RawResponse:
        """Get a page with any status and type. A redirect is returned and not followed.

        This shows what a person would see there. So nothing is repeated, and the circuit breaker is neither asked nor
        told the outcome. A body longer than `max_bytes` is cut. `deadline` is in seconds from now. Raises the
        ProviderErrors if no readable response comes, ValueError for an origin that was not allowed.
        """
        self._check_origin(url)
        call = Call(provider, "GET", url.partition("?")[0])
        seconds = self._deadline if deadline is None else deadline
        if seconds <= 0:
            raise TimedOut("no time was left to ask", **call.fields())
        prepared = requests.PreparedRequest()
        prepared.prepare("GET", url, {**self._headers, "Accept": _PAGES_FIRST, **(headers or {})})
        with using(self._wire.context(self._clock() + seconds)):
            return self._logged(Outgoing(call, prepared, max_bytes), self._wire.fetch_raw)

    def countdown(self, deadline: float | None = None) -> Callable[[], float]:
        """Return a function that gives the seconds left for several requests together.

        They share `deadline` seconds from now, or the transport's own deadline if it is None.
        """
        end = self._clock() + (self._deadline if deadline is None else deadline)
        return lambda: end - self._clock()

    @contextmanager
    def one_connection(self) -> Iterator[None]:
        """Send this thread's requests to one host over one connection that no other request uses.

        For responses that must belong together. The first request takes a connection as any other request does. If
        the connection ends in between, the next request opens a new one. If it holds bytes that nobody asked for, the
        request that finds them fails with InvalidResponse and is not repeated.
        """
        with holding():
            yield

    def warm(self, origin: str) -> bool:
        """Open a connection to an allowed origin unless one is idle. Return whether one is ready.

        Blocks while connecting, one caller at a time. Other callers return False at once, so that they do not queue
        for a host that hangs. All callers return False while the circuit breaker is open. A failure is only logged;
        the next request reports it. Raises ValueError for an origin that was not allowed.
        """
        origin = self._check_origin(origin)
        lock = self._warming[origin]
        if self._is_left_alone(origin) or not lock.acquire(blocking=False):
            return False
        try:
            self._wire.warm(origin, self._clock() + self._deadline)
        except (*WIRE_ERRORS, http.client.HTTPException) as error:
            logger.info("warming %s failed: %s", origin, type(error).__name__)
            return False
        finally:
            lock.release()
        return True

    def close(self) -> None:
        """Close all idle connections."""
        self._wire.close()

    def _check_origin(self, url: str) -> str:
        origin = origin_of(url)
        if origin not in self._warming:
            raise ValueError(f"{origin} is not an allowed origin")
        return origin

    def _breaker(self, provider: str, url: str) -> Breaker:
        """Return the breaker of one service. Services that share an origin have a breaker each."""
        key = (provider, self._check_origin(url))
        breaker = self._breakers.get(key)
        if breaker is None:
            breaker = Breaker(_BREAKER_THRESHOLD, _BREAKER_COOLDOWN, self._clock)
            breaker = self._breakers.setdefault(key, breaker)
        return breaker

    def _is_left_alone(self, origin: str) -> bool:
        breakers = list(self._breakers.items())  # a copy, because other threads may add theirs
        return any(breaker.is_open for (_, place), breaker in breakers if place == origin)

    def _persist(self, outgoing: Outgoing, may_repeat: bool) -> Response:
        attempt = 0
        while True:
            try:
                return self._logged(outgoing, self._wire.send)
            except ProviderError as failure:
                remaining = current().time_left
                pause = self._retries.pause(failure, attempt, remaining) if may_repeat else None
                if pause is None:
                    raise
            self._sleep(pause)
            attempt += 1

    def _logged(self, outgoing: Outgoing, send: Callable[[Outgoing], A]) -> A:
        started = self._clock()
        try:
            answer = send(outgoing)
        except ProviderError as failure:
            level = logging.WARNING if isinstance(failure, _FAILED) else logging.INFO
            _log(level, outgoing.call, failure.status or type(failure).__name__, self._clock() - started)
            raise
        # A long list takes a thousand requests, so successes are logged for debugging only.
        _log(logging.DEBUG, outgoing.call, answer.status, answer.elapsed)
        return answer


@contextmanager
def _guarding(breaker: Breaker, call: Call, seconds: float, *, counts: bool) -> Iterator[bool]:
    """Ask the breaker before a call of `seconds` seconds and report the outcome to it. Yields whether it is a probe.

    A plain 500 does not count as a failure, because one driver's broken devices must not block all others. It does
    not end a row of failures either, because a service that goes down sends some 500s before. For a probe a 500 is
    enough: the host answers again. A timeout changes nothing if the call had less than _FAIR_CHANCE seconds, or if
    `counts` is false. Raises Unreachable while the circuit is open.
    """
    wait = breaker.admit()
    if wait:
        raise Unreachable("left alone after many failures", retry_after=wait, **call.fields())
    is_probe = breaker.is_open
    try:
        yield is_probe
    except ProviderError as failure:
        if _is_down(failure):
            if counts and (seconds >= _FAIR_CHANCE or not isinstance(failure, TimedOut)):
                breaker.failed()
        elif is_probe or not isinstance(failure, ServerFailed):
            breaker.succeeded()
        raise
    breaker.succeeded()


def _is_down(failure: ProviderError) -> bool:
    """Say whether a failure suggests that the whole host is down. A token comes from another host."""
    if isinstance(failure, NoToken):
        return False
    return isinstance(failure, (Unreachable, TimedOut)) or failure.status in _DOWN_STATUSES


def _log(level: int, call: Call, outcome: object, seconds: float) -> None:
    """Log one line: provider, method, URL without query, outcome, duration. Nothing else of the request or response."""
    place = call.url.partition("://")[2]
    logger.log(level, "%s %s %s %s %d ms", call.provider, call.method, place, outcome, round(seconds * 1000))
