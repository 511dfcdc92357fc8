"""Browser sessions at the auth service, and the authorization requests that wait for consent.

Cookies are shared by all ports of a host, and the sandbox and the application both run on 127.0.0.1. So the name of
every cookie here starts with ``sandbox_``.
"""

import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from flask import Response

from sandbox.bounded import BoundedDict
from sandbox.world.clock import Clock

SESSION_COOKIE = "sandbox_session"
CONSENT_COOKIE = "sandbox_consent"
CONSENT_SECONDS = 3600
# A driver may click Approve twice before the browser has followed the first response.
SECOND_CLICK_SECONDS = 10


@dataclass(frozen=True)
class PendingRequest:
    """An authorization request that waits for the driver's decision.

    ``driver`` is the driver's number, ``expires_at`` is in Unix seconds, ``is_approved`` None before the decision.
    """

    parameters: Mapping[str, str]
    driver: int
    expires_at: float
    is_approved: bool | None = None


class SignInSessions:
    """The sessions of signed-in browsers, and their pending authorization requests."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._key = secrets.token_bytes(32)
        self._sessions: BoundedDict[int] = BoundedDict()
        self._pending: BoundedDict[PendingRequest] = BoundedDict()

    def sign_in(self, driver: int) -> str:
        """Start a session for a driver and return its id."""
        session = secrets.token_urlsafe(32)
        with self._lock:
            self._sessions[session] = driver
        return session

    def driver(self, session: str | None) -> int | None:
        """Return the number of the driver who is signed in, or None."""
        with self._lock:
            return self._sessions.get(session or "")

    def sign_out(self, session: str | None) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(session or "", None)

    def ask(self, driver: int, parameters: Mapping[str, str]) -> str:
        """Keep an authorization request until the driver decides; return its transaction id.

        The request belongs to the driver and not to one session, because a driver who signs in in two tabs at once has
        two sessions.
        """
        transaction_id = secrets.token_urlsafe(24)
        with self._lock:
            self._pending[transaction_id] = PendingRequest(
                parameters, driver, self._clock.now() + CONSENT_SECONDS
            )
        return transaction_id

    def decide(
        self, transaction_id: str, driver: int | None, consent: str | None, is_approved: bool
    ) -> Mapping[str, str] | None:
        """Store the decision on a pending request and return the request's parameters.

        A request is decided once. The same decision again within SECOND_CLICK_SECONDS is a double click and counts.

        Returns None when another driver was asked, or when ``consent`` is not the cookie that came with the consent
        page. So a form on somebody else's page cannot decide with the transaction id alone.
        """
        with self._lock:
            pending = self._pending.get(transaction_id)
            if pending is None or pending.driver != driver:
                return None
            if not hmac.compare_digest(self.consent_value(driver).encode(), (consent or "").encode()):
                return None
            if pending.expires_at <= self._clock.now() or pending.is_approved is (not is_approved):
                return None
            closes_at = min(pending.expires_at, self._clock.now() + SECOND_CLICK_SECONDS)
            if pending.is_approved is None:
                self._pending[transaction_id] = replace(
                    pending, is_approved=is_approved, expires_at=closes_at
                )
        return pending.parameters

    def consent_value(self, driver: int) -> str:
        """Return the value of a driver's consent cookie. It is the same in all tabs, so no tab overwrites it."""
        return hmac.new(self._key, b"%d" % driver, sha256).hexdigest()


def set_cookie(response: Response, name: str, value: str, is_secure: bool) -> None:
    """Set a cookie that scripts cannot read and that forms of other sites do not send."""
    response.set_cookie(name, value, httponly=True, samesite="Lax", path="/", secure=is_secure)


def delete_cookie(response: Response, name: str, is_secure: bool) -> None:
    """Delete a cookie. Browsers need the attributes that it was set with."""
    response.delete_cookie(name, httponly=True, samesite="Lax", path="/", secure=is_secure)
