"""What a failed token request means: who can do something about it, and when it is worth asking again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from providers.errors import ChallengePending, InvalidResponse, NoToken, ProviderError, Refused, Throttled
from providers.tokens.clocks import Clock, Moment

WAIT, SETTINGS, PROVIDER = "wait", "settings", "provider"

MAX_RETRY_AFTER = 3600.0
_THROTTLED_SECONDS = 30.0
# Seconds before the first repeat, and at most; doubled each time. What was refused stays refused until somebody acts.
_REFUSED_SECONDS = (30.0, 600.0)
_NONSENSE_SECONDS = (10.0, 300.0)
_PASSING_SECONDS = (1.0, 60.0)
# These say that the request was not understood, rather than that the credentials are wrong (RFC 6749, section 5.2).
_NOT_ABOUT_CREDENTIALS = frozenset(
    {"invalid_request", "unsupported_grant_type", "InvalidParameterException", "SerializationException"}
)
# Cognito asks for patience with status 400 (API reference, InitiateAuth, Errors).
_TOO_MANY = frozenset({"TooManyRequestsException", "LimitExceededException"})
# These say that a refresh token is dead, and not that the user's own credentials are.
DEAD_GRANT = frozenset({"invalid_grant", "NotAuthorizedException"})


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """The last failed request for a token. `count` is how many failed in a row; `until` when the next may go out."""

    reason: str
    remedy: str
    status: int | None
    error: str | None
    count: int
    until: Moment
    at: float

    @classmethod
    def of(cls, error: ProviderError, before: FetchFailure | None, clock: Clock, chance: float) -> Self:
        """Return what an error means after the failures `before`; `chance` from 0 to 1 spreads the waiting out."""
        count = before.count + 1 if before else 1
        seconds = _pause(error, count, chance)
        return cls(
            error.reason,
            _remedy(error),
            error.status,
            error.error,
            count,
            clock.after(seconds),
            clock.wall(),
        )

    def to_error(self, provider: str, url: str, settings: tuple[str, ...], clock: Clock) -> NoToken:
        """Return the error for whoever asks for a token meanwhile."""
        return NoToken(
            self.reason,
            remedy=self.remedy,
            settings=settings if self.remedy == SETTINGS else (),
            provider=provider,
            method="POST",
            url=url,
            status=self.status,
            error=self.error,
            retry_after=max(0.0, clock.until(self.until)),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "reason": self.reason,
            "remedy": self.remedy,
            "status": self.status,
            "error": self.error,
            "count": self.count,
            "until": self.until.to_json(),
            "at": self.at,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Raises KeyError, TypeError or ValueError for what `to_json` did not make."""
        return cls(
            str(value["reason"]),
            str(value["remedy"]),
            value["status"],
            value["error"],
            int(value["count"]),
            Moment.from_json(value["until"]),
            float(value["at"]),
        )


def _remedy(error: ProviderError) -> str:
    if error.error in _TOO_MANY:
        return WAIT
    if isinstance(error, Refused):
        return PROVIDER if error.error in _NOT_ABOUT_CREDENTIALS else SETTINGS
    return PROVIDER if isinstance(error, (InvalidResponse, ChallengePending)) else WAIT


def _pause(error: ProviderError, count: int, chance: float) -> float:
    """Return the seconds to leave the endpoint alone: what it asked for, or ever longer."""
    if error.retry_after is not None:
        return min(max(error.retry_after, 1.0), MAX_RETRY_AFTER)
    if isinstance(error, Throttled) or error.error in _TOO_MANY:
        return _THROTTLED_SECONDS
    if isinstance(error, (Refused, ChallengePending)):
        first, most = _REFUSED_SECONDS
    elif isinstance(error, InvalidResponse):
        first, most = _NONSENSE_SECONDS
    else:
        first, most = _PASSING_SECONDS
    longest: float = min(first * 2 ** min(count - 1, 20), most)
    # Half of it is certain, the other half by chance, so that processes do not come back together.
    return longest * (0.5 + 0.5 * chance) if first == _PASSING_SECONDS[0] else longest
