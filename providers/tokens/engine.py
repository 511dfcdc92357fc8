"""The token engine: one token for all threads and processes, fetched once, renewed early, dropped if refused.

A caller without a valid token reads the cache, takes the lease, reads the cache again, fetches a token, and saves it.
Other threads of its process wait for that fetch, other processes wait for the lease. A lease lasts longer than the
slowest allowed fetch and then expires, so a killed owner blocks nobody for longer. While a token is valid, nobody
waits: the first caller that finds it due for renewal starts a renewal in the background. If the renewal fails, the old
token is used until it expires.

After a failure, no process asks the endpoint for a while. Until then NoToken repeats the last error.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import replace
from functools import partial
from hashlib import sha256

from providers.errors import NoToken, ProviderError
from providers.http.contexts import time_left
from providers.http.transport import Transport
from providers.tokens.clocks import Clock
from providers.tokens.records import (
    CacheUnavailable,
    Lease,
    Token,
    TokenCache,
    TokenRecord,
    TokenState,
    utc,
)
from providers.tokens.remedies import WAIT, FetchFailure, asks_to_wait
from providers.tokens.requests import TokenAnswer, TokenRequest

logger = logging.getLogger(__name__)

# Maximum seconds of a fetch, including a failed refresh before it; and the seconds for which a lease is valid.
FETCH_SECONDS = 4.0
LEASE_SECONDS = 6.0
# Maximum seconds that a caller waits: for a lease to expire, and then for its own fetch.
WAIT_SECONDS = LEASE_SECONDS + FETCH_SECONDS + 1.0
# Seconds between two reads of the cache while another process fetches, and while another process renews.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.25
_RENEWAL_PAUSE = 1.0
# Seconds during which no 401 causes a renewal, after a fresh token got a 401 too.
REFUSED_PAUSE = 60.0
_TRIES_TO_WRITE = 5


class TokenSource:
    """The token for one `TokenRequest`. Safe to share between threads.

    Without a `cache`, or while the cache is unavailable, the token is kept in this process alone. A test can replace
    `clock`, `chance`, `sleep` and `start`, which starts a thread.
    """

    def __init__(
        self,
        request: TokenRequest,
        transport: Transport,
        cache: TokenCache | None = None,
        *,
        clock: Clock | None = None,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
        start: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self.request = request
        self._transport = transport
        self._cache = cache
        self._clock = clock or Clock()
        self._sleep = sleep
        self._chance = chance
        self._start = start or _in_a_thread
        self._credentials = sha256(request.credentials.encode()).hexdigest()
        # The name includes the credentials, so that processes with the old and the new secret use different records.
        self._name = "token:" + sha256("\0".join((*request.key, self._credentials)).encode()).hexdigest()
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._record = TokenRecord(self._credentials)
        self._pending: Future[Token] | None = None
        self._renewing = threading.Lock()
        self._own_lease = threading.Lock()  # used if there is no cache to take a lease from
        self._next_renewal_at = 0.0
        self._dropped: str | None = None
        self._no_renewal_until = 0.0

    def token(self) -> Token:
        """Return a token that is valid now. Does no I/O unless this process's token is due for renewal.

        Raises NoToken if none is available.
        """
        token = self._token
        if token is not None and self._clock.steady() < token.renew_at:
            return token
        return self._due(token) or self._obtain()

    def settled(self) -> Token:
        """Return a token that is not due for renewal; renew it first if need be.

        For programs that end soon: a renewal in the background would end with them. If the renewal fails, the old
        token is returned until it expires. Raises NoToken if none is available.
        """
        token = self._token
        if token is None or self._clock.steady() >= token.expires_at:
            token = self._obtain()
        give_up_at = self._clock.steady() + LEASE_SECONDS
        while self._clock.steady() >= token.renew_at and self._clock.steady() < give_up_at:
            if self._renewing.acquire(blocking=False):
                self._renew()
            newer = self._token
            if newer is None or newer.value != token.value or self._read()[0].failure is not None:
                return newer if newer and self._clock.steady() < newer.expires_at else self._obtain()
            self._sleep(_LONGEST_PAUSE)
        return token if self._clock.steady() < token.expires_at else self._obtain()

    def refused(self, token: Token) -> Token | None:
        """Drop a token that got a 401 and return a new one; None if fresh tokens get a 401 too.

        Of many callers with the same token, only one fetches. Raises NoToken if none is available.
        """
        current = self._token
        if current is not None and current.value != token.value:
            return self.token()
        if self._clock.steady() < self._no_renewal_until:
            return None
        self._drop(token)
        return self.token()

    def refused_again(self, token: Token) -> None:
        """Record that a token fetched after a 401 got a 401 too. The cause is then not the token.

        No further token is fetched after a 401 for REFUSED_PAUSE seconds.
        """
        logger.warning("%s refuses fresh tokens; no more are fetched for it now", self.request.provider)
        self._no_renewal_until = self._clock.steady() + REFUSED_PAUSE

    def state(self) -> TokenState:
        """Return the state of the token, from the cache and this process. Sends no request to the provider."""
        record = self._read()[0]
        token = record.usable(self._clock)
        failure = record.failure
        pause = self._clock.until(failure.until) if failure else 0.0
        now = self._clock.wall()
        return TokenState(
            valid_until=utc(now + token.expires_at - self._clock.steady()) if token else None,
            fetched_at=utc(record.fetched_at) if record.fetched_at else None,
            fetches_today=record.fetches if record.day == self._today() else 0,
            problem=self._error(failure) if failure else None,
            next_try_at=utc(now + pause) if pause > 0 else None,
        )

    # A valid token that is due for renewal

    def _due(self, token: Token | None) -> Token | None:
        """Return the token if it is valid, and start a renewal in the background. None if it has expired."""
        now = self._clock.steady()
        if token is None or now >= token.expires_at:
            return None
        if now >= self._next_renewal_at and self._renewing.acquire(blocking=False):
            try:
                self._start(self._renew)
            except BaseException:
                self._renewing.release()
                raise
        return token

    def _renew(self) -> None:
        """Renew the token unless another process does or did. Runs in its own thread."""
        try:
            self._next_renewal_at = self._clock.steady() + _RENEWAL_PAUSE
            if not self._take_newer():
                self._renew_alone()
        except NoToken as error:
            # The old token is still valid. The transport has logged the cause, and the record keeps it.
            self._next_renewal_at = self._clock.steady() + max(error.retry_after or 0.0, _RENEWAL_PAUSE)
        finally:
            self._renewing.release()

    def _take_newer(self) -> bool:
        """Use the cache's token if it is not due for renewal. Return whether it is used now."""
        token = self._usable(self._read()[0])
        return token is not None and self._clock.steady() < token.renew_at and self._adopt(token)

    def _renew_alone(self) -> None:
        lease = self._lease()
        if lease is None:
            return
        try:
            if not self._take_newer():
                record, _ = self._read()
                self._check_pause(record)
                self._fetch(record)
        finally:
            self._release(lease)

    # No valid token

    def _obtain(self) -> Token:
        """Return a token from the cache or the endpoint. One thread of this process gets it, the others wait.

        Raises NoToken, also if the caller's time is over.
        """
        with self._lock:
            token = self._token
            if token is not None and self._clock.steady() < token.expires_at:
                return token
            pending, is_first = self._pending, self._pending is None
            if pending is None:
                pending = self._pending = Future()
        if is_first:
            # This runs in its own thread, because the first caller may have less time than those who wait with it.
            self._start(partial(self._complete, pending))
        try:
            return pending.result(time_left(WAIT_SECONDS))
        except FutureTimeout:
            raise self._busy() from None

    def _complete(self, pending: Future[Token]) -> None:
        try:
            token = self._read_or_fetch()
        except BaseException as error:
            self._clear_pending()
            pending.set_exception(error)
        else:
            self._clear_pending()
            pending.set_result(token)

    def _clear_pending(self) -> None:
        with self._lock:
            self._pending = None

    def _read_or_fetch(self) -> Token:
        """Read the cache, take the lease, read again, and fetch. Wait while another process has the lease."""
        give_up_at = self._clock.steady() + WAIT_SECONDS
        pause = _FIRST_PAUSE
        while True:
            token = self._cached_token()
            if token is not None:
                return token
            lease = self._lease()
            if lease is not None:
                try:
                    return self._cached_token() or self._fetch(self._read()[0])
                finally:
                    self._release(lease)
            if self._clock.steady() >= give_up_at:
                raise self._busy()
            self._sleep(pause * (0.5 + self._chance() / 2))
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _cached_token(self) -> Token | None:
        """Return the cache's token if it is valid. Raises NoToken during the pause after a failure."""
        record, _ = self._read()
        token = self._usable(record)
        if token is not None and self._adopt(token):
            return token
        self._check_pause(record)
        return None

    def _adopt(self, token: Token) -> bool:
        """Use the cache's token in this process unless it was dropped here in between. Return whether it is used."""
        with self._lock:
            if token.value == self._dropped:
                return False
            self._token = token
            return True

    def _usable(self, record: TokenRecord) -> Token | None:
        token = record.usable(self._clock)
        return None if token is None or token.value == self._dropped else token

    def _check_pause(self, record: TokenRecord) -> None:
        if record.failure is not None and self._clock.until(record.failure.until) > 0:
            raise self._error(record.failure)

    def _busy(self) -> NoToken:
        return NoToken(
            "another process is still fetching the token",
            remedy=WAIT,
            provider=self.request.provider,
            url=self.request.url,
            retry_after=1.0,
        )

    def _error(self, failure: FetchFailure) -> NoToken:
        return failure.to_error(self.request.provider, self.request.url, self.request.settings, self._clock)

    # Fetching, under the lease

    def _fetch(self, record: TokenRecord) -> Token:
        """Ask the endpoint for a token, save the outcome, and return the token. Raises NoToken."""
        day, asked_at, asked_wall = self._today(), self._clock.steady(), self._clock.wall()
        counted = replace(record, day=day, fetches=record.fetches + 1 if record.day == day else 1)
        give_up_at = asked_at + FETCH_SECONDS
        kept = record.refresh_token
        try:
            answer = self._refresh(record)
            if answer is None:
                kept = None
                answer = self._send(None, None, give_up_at - self._clock.steady())
        except ProviderError as error:
            failure = FetchFailure.of(error, record.failure, self._clock, self._chance())
            if self._read()[0].token is None:
                counted = replace(counted, token=None)  # another caller dropped the token meanwhile
            self._save(replace(counted, failure=failure, refresh_token=kept))
            raise self._error(failure) from error
        expires = self._clock.after(answer.lifetime - (self._clock.steady() - asked_at))
        fetched = replace(
            counted,
            token=answer.value,
            expires=expires,
            lifetime=answer.lifetime,
            # Without a new refresh token in the response, the one that was used stays valid (RFC 6749, section 6).
            refresh_token=answer.refresh_token or kept,
            user=answer.user or record.user,
            fetched_at=asked_wall,
            failure=None,
        )
        self._token = token = Token.made(answer.value, expires, answer.lifetime, self._clock)
        self._save(fetched)
        return token

    def _refresh(self, record: TokenRecord) -> TokenAnswer | None:
        """Ask with the refresh token. Return None if there is none, or if it does not help: the credentials may.

        Raises a ProviderError if waiting is what helps.
        """
        if record.refresh_token is None:
            return None
        try:
            return self._send(record.refresh_token, record.user, FETCH_SECONDS / 2)
        except ProviderError as error:
            if asks_to_wait(error):
                raise
            logger.info("%s: the refresh token does not help: %s", self.request.provider, error)
            return None

    def _send(self, refresh_token: str | None, user: str | None, deadline: float) -> TokenAnswer:
        return self.request.send(self._transport, refresh_token=refresh_token, user=user, deadline=deadline)

    def _today(self) -> str:
        return utc(self._clock.wall()).date().isoformat()

    # The cache, and this process's own record while the cache is unavailable

    def _read(self) -> tuple[TokenRecord, int | None]:
        """Return the cache's record and its version. Without an available cache, return this process's record and None.

        If the record is missing, unreadable or of other credentials, return an empty one.
        """
        if self._cache is None:
            return self._record, None
        try:
            found = self._cache.read(self._name)
        except CacheUnavailable as error:
            logger.warning("%s: the token is not shared now: %s", self.request.provider, error)
            return self._record, None
        if found is None:
            return TokenRecord(self._credentials), None
        value, version = found
        try:
            record = TokenRecord.from_json(value)
        except (KeyError, TypeError, ValueError):
            logger.warning("%s: what is kept of the token cannot be read", self.request.provider)
            return TokenRecord(self._credentials), version
        if record.credentials != self._credentials:
            # The secret was changed, so the token and the failures of the old secret no longer count.
            return TokenRecord(self._credentials, day=record.day, fetches=record.fetches), version
        return record, version

    def _save(self, record: TokenRecord) -> None:
        """Save a record for all processes. If a drop changed it in between, overwrite that: the fetch is newer."""
        self._record = record
        if self._cache is None:
            return
        try:
            for _ in range(_TRIES_TO_WRITE):
                if self._cache.write(self._name, record.to_json(), self._read()[1]):
                    return
            logger.warning("%s: the token could not be shared", self.request.provider)
        except CacheUnavailable as error:
            logger.warning("%s: the token is not shared now: %s", self.request.provider, error)

    def _drop(self, token: Token) -> None:
        """Remove exactly this token, from this process and from the cache."""
        with self._lock:
            self._dropped = token.value
            if self._token is not None and self._token.value == token.value:
                self._token = None
            if self._record.token == token.value:
                self._record = replace(self._record, token=None)
        if self._cache is None:
            return
        try:
            for _ in range(_TRIES_TO_WRITE):
                record, version = self._read()
                if record.token != token.value:
                    return
                if self._cache.write(self._name, replace(record, token=None).to_json(), version):
                    return
        except CacheUnavailable as error:
            logger.warning("%s: a refused token stays in the cache: %s", self.request.provider, error)

    def _lease(self) -> Lease | None:
        try:
            if self._cache is not None:
                return self._cache.lease(self._name, LEASE_SECONDS)
        except CacheUnavailable as error:
            logger.warning("%s: no other process is waited for: %s", self.request.provider, error)
        return self._own_lease if self._own_lease.acquire(blocking=False) else None

    def _release(self, lease: Lease) -> None:
        try:
            lease.release()
        except CacheUnavailable as error:
            logger.warning("%s: a lease runs out by itself: %s", self.request.provider, error)


def _in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="token-engine", daemon=True).start()
