"""The one way out: every request to a remote system goes through a `Transport`."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.cookies import RequestsCookieJar

from providers import json as strict_json
from providers.breaker import Breaker
from providers.connections import Exchange, PooledAdapter, exchanging, tls_context
from providers.errors import Nonsense, ProviderError, ServerFailed, TimedOut, Unreachable
from providers.failures import WIRE_ERRORS, Call, failure_of, is_timeout, refusal_of
from providers.origins import checked_origin, is_loopback, origin_of
from providers.retries import Retries

logger = logging.getLogger(__name__)

MAX_BYTES = 4 * 1024 * 1024
_MAX_ERROR_BYTES = 64 * 1024
_BREAKER_THRESHOLD = 10
_BREAKER_COOLDOWN = 5.0
_IDEMPOTENT = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer, read whole. `elapsed` is in seconds; `body` is decompressed."""

    call: Call
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    elapsed: float

    def json(self) -> Any:
        """Return the body as a JSON value. Raises Nonsense when it does not say it is JSON, or is not."""
        if not strict_json.is_json_type(self.headers.get("Content-Type")):
            raise self.nonsense("the answer does not say it is JSON")
        try:
            return strict_json.loads(self.body)
        except strict_json.BadJson as error:
            raise self.nonsense(f"the answer is no proper JSON: {error}") from error

    def nonsense(self, reason: str) -> Nonsense:
        """Return the error that says what is wrong with this answer."""
        return Nonsense(reason, status=self.status, **self.call.fields())


class Transport:
    """Sends requests over pooled keep-alive connections; safe to share between threads.

    `pool_size` connections per host stay open when idle: threads times the requests each has in flight.
    `timeout` is (connect, read) and `deadline` the whole call with its repeats, all in seconds. `ca_bundle` is a
    file that replaces the public roots; `proxy` a URL used for everything but loopback addresses. Nothing is read
    from the environment. Clocks, randomness and sleep can be replaced by a test.
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
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._connect_timeout, self._read_timeout = timeout
        self._deadline = deadline
        self._clock = clock
        self._wall_clock = wall_clock
        self._sleep = sleep
        self._retries = Retries(random)
        self._proxies = {"https": proxy, "http": proxy} if proxy else {}
        self._headers = {
            "User-Agent": user_agent,
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
        }
        self._breakers: dict[str, Breaker] = {}
        self._adapter = PooledAdapter(pool_size, tls_context(ca_bundle))
        self._session = _session(self._adapter)

    def allow(self, origin: str) -> str:
        """Permit requests to an origin and return it in its plain form.

        Every client names its origins when it is built; requests to any other are refused, so that no link in
        an answer can take credentials elsewhere. Raises ValueError unless it is https, or http on loopback.
        """
        origin = checked_origin(origin)
        self._breakers.setdefault(origin, Breaker(_BREAKER_THRESHOLD, _BREAKER_COOLDOWN, self._clock))
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
        max_bytes: int = MAX_BYTES,
        deadline: float | None = None,
        retry: bool | None = None,
    ) -> Answer:
        """Send a request and return the 2xx answer; everything else is raised as a ProviderError.

        GET and HEAD are repeated up to twice on what may pass within the deadline (no connection, 502, 503,
        504, 429 with Retry-After); `retry` says otherwise. Whatever the method, a request is repeated once when
        it went out on a connection that had been idle and proved dead before any byte of an answer: balancers
        drop idle connections without a word. Raises ValueError for an origin that was not allowed.
        """
        breaker = self._breaker(url)
        call = Call(provider, method, url.partition("?")[0])
        prepared = requests.PreparedRequest()
        prepared.prepare(
            method, url, {**self._headers, **(headers or {})}, params=params, data=form, json=json, auth=auth
        )
        give_up_at = self._clock() + (self._deadline if deadline is None else deadline)
        may_repeat = method in _IDEMPOTENT if retry is None else retry
        attempt = 0
        while True:
            try:
                return self._attempt(breaker, call, prepared, give_up_at, max_bytes)
            except ProviderError as failure:
                remaining = give_up_at - self._clock()
                pause = self._retries.pause(failure, attempt, remaining) if may_repeat else None
                if pause is None:
                    raise
            self._sleep(pause)
            attempt += 1

    def warm(self, origin: str) -> bool:
        """Open a connection to an allowed origin unless an idle one is there; say whether one is ready.

        Blocks while connecting. A failure is left for the request that follows to meet.
        """
        self._breaker(origin)
        request = requests.PreparedRequest()
        request.prepare("GET", origin)
        try:
            with exchanging(self._exchange(self._clock() + self._deadline)):
                self._adapter.warm(request, self._proxies_for(origin))
        except WIRE_ERRORS as error:
            logger.info("warming %s failed: %s", origin, type(error).__name__)
            return False
        return True

    def close(self) -> None:
        """Close all idle connections."""
        self._session.close()

    def _breaker(self, url: str) -> Breaker:
        breaker = self._breakers.get(origin_of(url))
        if breaker is None:
            raise ValueError(f"{origin_of(url)} is not an allowed origin")
        return breaker

    def _attempt(
        self,
        breaker: Breaker,
        call: Call,
        prepared: requests.PreparedRequest,
        give_up_at: float,
        max_bytes: int,
    ) -> Answer:
        wait = breaker.admit()
        if wait:
            raise Unreachable("left alone after many failures", retry_after=wait, **call.fields())
        started = self._clock()
        try:
            answer = self._send(call, prepared, give_up_at, max_bytes)
        except ProviderError as failure:
            self._note_failure(breaker, call, failure, started)
            raise
        breaker.succeeded()
        _log(logging.INFO, call, answer.status, answer.elapsed)
        return answer

    def _note_failure(self, breaker: Breaker, call: Call, failure: ProviderError, started: float) -> None:
        is_down = isinstance(failure, (Unreachable, TimedOut, ServerFailed))
        if is_down:
            breaker.failed()
        else:
            breaker.succeeded()
        outcome = failure.status or type(failure).__name__
        _log(logging.WARNING if is_down else logging.INFO, call, outcome, self._clock() - started)

    def _send(
        self, call: Call, prepared: requests.PreparedRequest, give_up_at: float, max_bytes: int
    ) -> Answer:
        exchange = self._exchange(give_up_at)
        try:
            return self._receive(call, prepared, exchange, max_bytes)
        except WIRE_ERRORS as error:
            died_idle = exchange.is_reused and not exchange.is_answered and not is_timeout(error)
            if not died_idle:
                raise failure_of(error, call) from error
        try:
            return self._receive(call, prepared, self._exchange(give_up_at, fresh=True), max_bytes)
        except WIRE_ERRORS as error:
            raise failure_of(error, call) from error

    def _exchange(self, give_up_at: float, *, fresh: bool = False) -> Exchange:
        return Exchange(
            give_up_at,
            self._clock,
            connect_timeout=self._connect_timeout,
            read_timeout=self._read_timeout,
            fresh=fresh,
        )

    def _receive(
        self, call: Call, prepared: requests.PreparedRequest, exchange: Exchange, max_bytes: int
    ) -> Answer:
        started = self._clock()
        with exchanging(exchange):
            response = self._session.send(
                prepared,
                stream=True,
                timeout=(exchange.connect_patience(), self._read_timeout),
                verify=True,
                cert=None,
                proxies=self._proxies_for(call.url),
                allow_redirects=False,
            )
            is_success = 200 <= response.status_code < 300
            body = _read(response, max_bytes if is_success else min(max_bytes, _MAX_ERROR_BYTES))
        if not is_success:
            raise refusal_of(call, response.status_code, response.headers, body, self._wall_clock())
        if body is None:
            raise Nonsense("the answer is too large", status=response.status_code, **call.fields())
        return Answer(call, response.status_code, response.headers, body, self._clock() - started)

    def _proxies_for(self, url: str) -> dict[str, str]:
        if not self._proxies or is_loopback(urlsplit(url).hostname or ""):
            return {}
        return self._proxies


def _session(adapter: PooledAdapter) -> requests.Session:
    """Return a session that keeps no cookie and reads nothing from the environment or from .netrc."""
    session = requests.Session()
    session.trust_env = False
    session.cookies = RequestsCookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _read(response: requests.Response, limit: int) -> bytes | None:
    """Return the decompressed body, None when it is larger than `limit` bytes.

    Read whole, the connection goes back to the pool; otherwise it is closed.
    """
    try:
        body: bytes = response.raw.read(limit + 1, decode_content=True)
    finally:
        response.close()
    return body if len(body) <= limit else None


def _log(level: int, call: Call, outcome: object, seconds: float) -> None:
    """Log one line; the URL is without query, and nothing else of the request or the answer is named."""
    place = call.url.partition("://")[2]
    logger.log(level, "%s %s %s %s %d ms", call.provider, call.method, place, outcome, round(seconds * 1000))
