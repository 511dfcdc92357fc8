"""Browser sessions at the auth service, and the requests that wait for consent.

Cookies know no ports: the sandbox and the application both live on 127.0.0.1, so every cookie here has a name that
starts with ``sandbox_``.
"""

import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from flask import Response

from sandbox.bounded import Bounded
from sandbox.world.clock import Clock

SESSION_COOKIE = "sandbox_session"
CONSENT_COOKIE = "sandbox_consent"
CONSENT_SECONDS = 3600
# A second click on Approve may come before the first answer has been followed.
SECOND_CLICK_SECONDS = 10


@dataclass(frozen=True)
class Pending:
    """An authorization request that waits for the driver's decision."""

    parameters: Mapping[str, str]
    driver: int
    expires_at: float
    is_approved: bool | None = None


class SignInSessions:
    """Signed-in browsers and their pending consents, in memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._key = secrets.token_bytes(32)
        self._sessions: Bounded[int] = Bounded()
        self._pending: Bounded[Pending] = Bounded()

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

        It belongs to the driver and not to one session: somebody who signs in in two tabs at once has two.
        """
        transaction_id = secrets.token_urlsafe(24)
        with self._lock:
            self._pending[transaction_id] = Pending(parameters, driver, self._clock.now() + CONSENT_SECONDS)
        return transaction_id

    def decide(
        self, transaction_id: str, driver: int | None, consent: str | None, is_approved: bool
    ) -> Mapping[str, str] | None:
        """Decide a pending request and return its parameters.

        A decision counts once; only the same one again, right after, is taken for its double click.

        None unless the driver is the one who was asked and ``consent`` is the cookie that came with the question: the
        transaction id alone, in a form posted by somebody else's page, decides nothing.
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
        """Return the consent cookie of a driver: the same in all tabs, so none overwrites another's."""
        return hmac.new(self._key, b"%d" % driver, sha256).hexdigest()


def set_cookie(response: Response, name: str, value: str, is_secure: bool) -> None:
    """Set a cookie that scripts cannot read and other sites' forms do not send."""
    response.set_cookie(name, value, httponly=True, samesite="Lax", path="/", secure=is_secure)


def delete_cookie(response: Response, name: str, is_secure: bool) -> None:
    """Delete a cookie with the attributes it was set with; browsers want them alike."""
    response.delete_cookie(name, httponly=True, samesite="Lax", path="/", secure=is_secure)
