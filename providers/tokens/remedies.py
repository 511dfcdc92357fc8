"""Decide, after a failed token request, what helps and when to ask again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

from providers.errors import (
    ChallengePending,
    InvalidResponse,
    NoToken,
    ProviderError,
    Refused,
    ServerFailed,
    Throttled,
    TimedOut,
    Unreachable,
)
from providers.tokens.answers import TRANSIENT_ERRORS
from providers.tokens.clocks import Clock, Moment

WAIT, SETTINGS, PROVIDER = "wait", "settings", "provider"

MAX_RETRY_AFTER = 3600.0
_THROTTLED_SECONDS = 30.0
# Seconds before the first repeat, and the maximum. The pause doubles each time. It is longest after a refusal, which
# stays until a person changes something.
_REFUSED_SECONDS = (30.0, 600.0)
_INVALID_SECONDS = (10.0, 300.0)
_TRANSIENT_SECONDS = (1.0, 60.0)
# These errors mean that the request was not understood, not that the credentials are wrong (RFC 6749, section 5.2).
_NOT_ABOUT_CREDENTIALS = frozenset(
    {"invalid_request", "unsupported_grant_type", "InvalidParameterException", "SerializationException"}
)
# Cognito throttles with status 400 (API reference, InitiateAuth, Errors).
_TRY_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
_TOO_MANY = frozenset({"TooManyRequestsException", "LimitExceededException"})


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """The last failed token request. `count` is the number of failures in a row; `until` is when the next may go out.

    `at` is the time of the failure in Unix seconds.
    """

    reason: str
    remedy: str
    status: int | None
    error: str | None
    count: int
    until: Moment
    at: float

    @classmethod
    def of(cls, error: ProviderError, before: FetchFailure | None, clock: Clock, chance: float) -> Self:
        """Return the failure for an error. `before` is the failure before it; `chance` from 0 to 1 varies the pause."""
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
        """Return the error for callers that ask for a token before `until`."""
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
        """Read the value of `to_json`. Raises KeyError, TypeError or ValueError for any other value."""
        return cls(
            str(value["reason"]),
            str(value["remedy"]),
            value["status"],
            value["error"],
            int(value["count"]),
            Moment.from_json(value["until"]),
            float(value["at"]),
        )


def asks_to_wait(error: ProviderError) -> bool:
    """Say whether a failure passes by itself, and says nothing about what was sent.

    A plain 500 does not count: some servers answer it to a refresh token that they cannot read.
    """
    if isinstance(error, (TimedOut, Unreachable, Throttled)) or error.status in _TRY_LATER:
        return True
    # The code server_error means the same as a plain 500.
    return error.error in _TOO_MANY | (TRANSIENT_ERRORS - {"server_error"}) or (
        isinstance(error, ServerFailed) and error.is_transient
    )


def _remedy(error: ProviderError) -> str:
    if asks_to_wait(error) or error.error in TRANSIENT_ERRORS:
        return WAIT
    if isinstance(error, Refused):
        return PROVIDER if error.error in _NOT_ABOUT_CREDENTIALS else SETTINGS
    return PROVIDER if isinstance(error, (InvalidResponse, ChallengePending)) else WAIT


def _pause(error: ProviderError, count: int, chance: float) -> float:
    """Return the seconds to wait before the next request: the endpoint's Retry-After, otherwise a growing pause."""
    if error.retry_after is not None:
        return min(max(error.retry_after, 1.0), MAX_RETRY_AFTER)
    if isinstance(error, Throttled) or error.error in _TOO_MANY:
        return _THROTTLED_SECONDS
    if isinstance(error, (Refused, ChallengePending)):
        first, most = _REFUSED_SECONDS
    elif isinstance(error, InvalidResponse):
        first, most = _INVALID_SECONDS
    else:
        first, most = _TRANSIENT_SECONDS
    longest: float = min(first * 2 ** min(count - 1, 20), most)
    # Half of a transient pause is random, so that processes do not return at the same moment.
    return longest * (0.5 + 0.5 * chance) if first == _TRANSIENT_SECONDS[0] else longest
