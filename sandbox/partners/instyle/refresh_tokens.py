"""Refresh tokens of Cognito: random texts, valid for 30 days (the default in the Amazon Cognito developer guide)."""

import secrets
import threading
from dataclasses import dataclass

from sandbox.bounded import BoundedDict
from sandbox.world.clock import Clock

LIFETIME = 30 * 24 * 3600


@dataclass(frozen=True)
class Grant:
    """What was granted with a refresh token: a user, and the scope of the access tokens.

    ``expires_at`` is in Unix seconds.
    """

    username: str
    scope: str
    expires_at: float


class RefreshTokens:
    """The refresh tokens that were issued and not revoked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._grants: BoundedDict[Grant] = BoundedDict()

    def issue(self, username: str, scope: str) -> str:
        """Return a new token."""
        token = secrets.token_urlsafe(96)
        with self._lock:
            self._grants[token] = Grant(username, scope, self._clock.now() + LIFETIME)
        return token

    def find(self, token: str) -> Grant | None:
        """Return the grant of a token, None when the token is unknown, expired or revoked."""
        with self._lock:
            grant = self._grants.get(token)
        return grant if grant and grant.expires_at > self._clock.now() else None

    def revoke(self) -> None:
        """Revoke all refresh tokens."""
        with self._lock:
            self._grants.clear()
