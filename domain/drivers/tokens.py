"""The access tokens of connected drivers: kept, renewed ahead of their end, and renewed once after a refusal."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from functools import partial

from domain.drivers.renewals import WAIT_SECONDS, Renewals, busy, granted
from domain.events import log_event
from providers.errors import ProviderError
from providers.http.contexts import time_left
from providers.http.transport import Transport
from providers.tokens.single_flight import SingleFlight
from providers.vinli.oauth.auth import AuthClient, TokenResponse
from store.grants import Grant, Grants


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A driver's token, as ``providers.tokens.auth.TokenAuth`` uses it."""

    value: str = field(repr=False)


class DriverTokens:
    """The tokens of all connected drivers. Every method may raise StoreUnavailable. ``clock`` returns Unix seconds."""

    def __init__(
        self,
        grants: Grants,
        auth: AuthClient,
        transport: Transport,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
        start: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self._grants = grants
        self._clock = clock
        self._renewals = Renewals(grants, auth, transport, clock=clock, sleep=sleep, chance=chance)
        self._flights: SingleFlight[Grant] = SingleFlight(start)

    def begin(self, user_id: str, token: TokenResponse) -> str:
        """Store the tokens of a new connection and return the id of its grant."""
        return self._grants.start(granted(user_id, token, None, self._clock()))

    def end(self, grant_id: str) -> None:
        """Delete the tokens of a connection."""
        self._grants.end(grant_id)

    def valid(self, grant_id: str) -> Grant:
        """Return the grant with an access token that has not expired. Renew it now if it has, ahead of that otherwise.

        Raises Unauthorized if the connection has ended, NoToken if the token could not be renewed.
        """
        grant, now = self._renewals.found(grant_id).grant, self._clock()
        if grant.is_expired(now):
            return self._renewed(grant_id, None)
        if grant.is_due(now) and now >= grant.retry_at:
            renewal = self._flights.join(grant_id, partial(self._renewals.renew, grant_id, None))
            renewal.add_done_callback(_log_failure)
        return grant

    def after_refusal(self, grant_id: str, refused: str) -> Grant | None:
        """Return the grant with another access token than the refused one; None if it cannot be renewed.

        Raises the errors of `valid`.
        """
        grant = self._renewals.found(grant_id).grant
        if grant.access_token == refused and grant.refresh_token is None:
            return None
        return self._renewed(grant_id, refused)

    def _renewed(self, grant_id: str, refused: str | None) -> Grant:
        """Wait for the renewal that is under way, or start one."""
        grant = self._wait_for_renewal(grant_id, refused)
        if grant.access_token != refused:
            return grant
        # The renewal that was under way had begun for another reason, and had found nothing to do.
        return self._wait_for_renewal(grant_id, refused)

    def _wait_for_renewal(self, grant_id: str, refused: str | None) -> Grant:
        pending = self._flights.join(grant_id, partial(self._renewals.renew, grant_id, refused))
        try:
            return pending.result(time_left(WAIT_SECONDS))
        except FutureTimeout as error:
            raise busy() from error


class DriverTokenSource:
    """The tokens of one grant during one request, for ``providers.tokens.auth.TokenAuth``. Reads the store once."""

    def __init__(self, tokens: DriverTokens, grant_id: str) -> None:
        self._tokens = tokens
        self._grant_id = grant_id
        self._lock = threading.Lock()
        self._token: AccessToken | None = None

    def token(self) -> AccessToken:
        """Return the token. Raises the errors of `DriverTokens.valid`."""
        with self._lock:
            if self._token is None:
                self._token = AccessToken(self._tokens.valid(self._grant_id).access_token)
            return self._token

    def refused(self, token: AccessToken) -> AccessToken | None:
        """Return another token after Vinli has refused this one; None if there is none."""
        with self._lock:
            if self._token is not None and self._token != token:
                return self._token
            grant = self._tokens.after_refusal(self._grant_id, token.value)
            self._token = None if grant is None else AccessToken(grant.access_token)
            return self._token

    def refused_again(self, token: AccessToken) -> None:
        """Do nothing: the page ends the connection if a new token is refused too."""


def _log_failure(renewal: Future[Grant]) -> None:
    """Log why a renewal failed that nobody waits for. Its ProviderErrors are logged where they occur."""
    error = renewal.exception()
    if error is not None and not isinstance(error, ProviderError):
        log_event("driver token not renewed", logging.WARNING, cause=f"{type(error).__name__}: {error}")
