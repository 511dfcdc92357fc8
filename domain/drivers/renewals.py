"""One renewal of a driver's tokens (RFC 6749 section 6, RFC 9700 section 4.14).

A refresh token may be good for one use only. So one thread of all processes that share the store renews a grant at a
time, and it stores the new refresh token before anybody uses the new access token. Only ``invalid_grant`` ends a
connection.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from domain.events import log_event
from providers.errors import InvalidResponse, NoToken, ProviderError, Refused, Throttled, Unauthorized
from providers.http.transport import Transport
from providers.tokens.remedies import WAIT
from providers.vinli.oauth.auth import PROVIDER, AuthClient, TokenResponse, UnusableToken
from store.base import StoreUnavailable
from store.grants import Grant, Grants, StoredGrant
from store.leases import Lease

# Maximum seconds of a renewal's two requests, and the seconds for which a lease is valid.
REFRESH_SECONDS = 4.0
USER_SECONDS = 3.0
LEASE_SECONDS = 10.0
# Maximum seconds that a caller waits for a lease to expire and for its own renewal.
WAIT_SECONDS = LEASE_SECONDS + REFRESH_SECONDS + USER_SECONDS
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.25
_TRIES_TO_SAVE = 5
# Seconds before the first repeat of a failed renewal, and the maximum. The pause doubles each time. It is longer if
# the answer itself was wrong, because that seldom changes within seconds.
_TRANSIENT_SECONDS = (1.0, 60.0)
_REFUSED_SECONDS = (10.0, 300.0)


class Renewals:
    """Renew grants. ``clock`` returns Unix seconds, ``chance`` a number from 0 to 1."""

    def __init__(
        self,
        grants: Grants,
        auth: AuthClient,
        transport: Transport,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        chance: Callable[[], float],
    ) -> None:
        self._grants = grants
        self._auth = auth
        self._transport = transport
        self._clock = clock
        self._sleep = sleep
        self._chance = chance

    def found(self, grant_id: str) -> StoredGrant:
        """Return the grant. Raises Unauthorized if the connection has ended."""
        found = self._grants.find(grant_id)
        if found is None:
            raise Unauthorized("the connection has ended", provider=PROVIDER)
        return found

    def renew(self, grant_id: str, refused: str | None) -> Grant:
        """Renew the grant if it is due, or if its access token is the refused one, and return it.

        Waits while another process renews it. Raises Unauthorized if the connection has ended, NoToken if the token
        could not be renewed, StoreUnavailable.
        """
        give_up_at = time.monotonic() + WAIT_SECONDS
        pause = _FIRST_PAUSE
        while True:
            grant = self.found(grant_id).grant
            if not self._needs_renewal(grant, refused):
                return grant
            lease = self._grants.lease(grant_id, LEASE_SECONDS)
            if lease is not None:
                try:
                    return self._renew_alone(grant_id, refused)
                finally:
                    _release(lease)
            if time.monotonic() >= give_up_at:
                raise busy() from TimeoutError()
            self._sleep(pause * (0.5 + self._chance() / 2))
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _needs_renewal(self, grant: Grant, refused: str | None) -> bool:
        now = self._clock()
        return grant.access_token == refused or grant.is_expired(now) or grant.is_due(now)

    def _renew_alone(self, grant_id: str, refused: str | None) -> Grant:
        """Renew the grant under the lease. Raises Unauthorized if the connection has ended."""
        before = self.found(grant_id)
        grant = before.grant
        if not self._needs_renewal(grant, refused):
            return grant
        if grant.refresh_token is None:
            raise Unauthorized("the access token has expired", provider=PROVIDER)
        if (seconds := grant.retry_at - self._clock()) > 0:
            raise _paused(seconds)
        return self._ask(grant_id, before, grant.refresh_token, refused)

    def _ask(self, grant_id: str, before: StoredGrant, refresh_token: str, refused: str | None) -> Grant:
        user_id = before.grant.user_id
        # Token and user must belong together. No other request's response can arrive on this connection in between.
        with self._transport.one_connection():
            try:
                token = self._auth.refresh(refresh_token, deadline=REFRESH_SECONDS)
            except ProviderError as error:
                if error.error == "invalid_grant":
                    self._end(grant_id, "Vinli no longer accepts the refresh token")
                rotated = error.refresh_token if isinstance(error, UnusableToken) else None
                kept = replace(before.grant, refresh_token=rotated or refresh_token)
                raise self._failed(grant_id, before, kept, error) from error
            now = self._clock()
            renewed = granted(user_id, token, refresh_token, now)
            try:
                user = self._auth.current_user(token.access_token, deadline=USER_SECONDS)
            except ProviderError as error:
                # The old refresh token may be gone, so the new one is kept. The new access token is not used before
                # Vinli says whose it is. The old one is used as long as it is good.
                is_good = before.grant.access_token != refused and not before.grant.is_expired(now)
                kept = replace(before.grant, refresh_token=renewed.refresh_token)
                unchecked = kept if is_good else replace(renewed, expires_at=now, renew_at=now)
                raise self._failed(grant_id, before, unchecked, error) from error
        if user.id != user_id:
            self._end(grant_id, "the renewed token belongs to another user")
        self._save(grant_id, before, renewed)
        log_event("driver token renewed")
        return renewed

    def _failed(self, grant_id: str, before: StoredGrant, grant: Grant, error: ProviderError) -> NoToken:
        """Note a failed renewal in the grant, and return the error for the callers."""
        failures = before.grant.failures + 1
        pause = _pause(error, failures, self._chance())
        self._save(grant_id, before, replace(grant, failures=failures, retry_at=self._clock() + pause))
        log_event("driver token not renewed", logging.WARNING, cause=str(error), retry_in=round(pause))
        return _not_renewed(error, pause)

    def _end(self, grant_id: str, reason: str) -> None:
        """Delete the grant and raise Unauthorized."""
        self._grants.end(grant_id)
        log_event("driver connection ended", cause=reason)
        raise Unauthorized(reason, provider=PROVIDER)

    def _save(self, grant_id: str, before: StoredGrant, grant: Grant) -> None:
        """Store the grant. Tries again if the store fails, because the old refresh token may be gone already.

        Raises Unauthorized if the driver has disconnected meanwhile.
        """
        for attempt in range(_TRIES_TO_SAVE):
            try:
                if self._grants.replace(grant_id, grant, before):
                    return
                before = self.found(grant_id)
            except StoreUnavailable:
                if attempt == _TRIES_TO_SAVE - 1:
                    raise
                self._sleep(_LONGEST_PAUSE)
        raise StoreUnavailable("too many processes write one grant at once")


def granted(user_id: str, token: TokenResponse, refresh_token: str | None, now: float) -> Grant:
    """Return the grant of a token response. Without a new refresh token the old one stays valid (RFC 6749 section 6).

    The access token is renewed a minute before it expires, or a tenth of a short lifetime.
    """
    lifetime = token.expires_in
    expires_at = None if lifetime is None else now + lifetime
    return Grant(
        user_id,
        token.access_token,
        token.refresh_token or refresh_token,
        expires_at,
        None if expires_at is None or lifetime is None else expires_at - min(60.0, lifetime / 10),
    )


def _pause(error: ProviderError, failures: int, chance: float) -> float:
    first, most = _REFUSED_SECONDS if isinstance(error, (Refused, InvalidResponse)) else _TRANSIENT_SECONDS
    if error.retry_after is not None or isinstance(error, Throttled):
        return min(max(error.retry_after or first, first), _REFUSED_SECONDS[1])
    longest: float = min(first * 2 ** min(failures - 1, 20), most)
    # Half of the pause is random, so that many drivers do not return at the same moment.
    return longest * (0.5 + 0.5 * chance)


def _not_renewed(error: ProviderError, pause: float) -> NoToken:
    """Return the error for callers. It is never Unauthorized, which would end the connection."""
    return NoToken(
        f"the driver's token could not be renewed: {error.reason}",
        remedy=WAIT,
        provider=error.provider,
        method=error.method,
        url=error.url,
        status=error.status,
        error=error.error,
        retry_after=pause,
    )


def _paused(seconds: float) -> NoToken:
    reason = "the driver's token could not be renewed a moment ago"
    return NoToken(reason, remedy=WAIT, provider=PROVIDER, retry_after=seconds)


def busy() -> NoToken:
    """Return the error for callers whose time is over."""
    return NoToken("the renewal of the driver's token takes too long", remedy=WAIT, provider=PROVIDER)


def _release(lease: Lease) -> None:
    try:
        lease.release()
    except StoreUnavailable as error:
        log_event("a lease runs out by itself", logging.WARNING, cause=str(error))
