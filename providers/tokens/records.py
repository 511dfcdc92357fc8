"""The stored record of one token: the token, and the outcome of the last request. One JSON object, stored encrypted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, Self

from providers.errors import NoToken
from providers.tokens.clocks import Clock, Moment
from providers.tokens.remedies import FetchFailure


class CacheUnavailable(Exception):
    """The cache of tokens is not available now."""


class Lease(Protocol):
    """The right to request one token, until it is released or expires."""

    def release(self) -> None:
        """Release the lease. Does nothing if it has expired. Raises CacheUnavailable."""
        ...


class TokenCache(Protocol):
    """A cache of records that all processes share. Every method raises CacheUnavailable."""

    def read(self, name: str) -> tuple[dict[str, Any], int] | None:
        """Return a record and its version, None if there is none."""
        ...

    def write(self, name: str, value: Mapping[str, Any], version: int | None) -> bool:
        """Store a record if its version is unchanged (None: if there is no record). Return whether it was stored."""
        ...

    def lease(self, name: str, seconds: float) -> Lease | None:
        """Return the lease of that name for `seconds`, None while another holder has it."""
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. `expires_at` and `renew_at` are on the clock's steady scale, in seconds."""

    value: str = field(repr=False)
    expires: Moment
    expires_at: float
    renew_at: float

    @classmethod
    def made(cls, value: str, expires: Moment, lifetime: float, clock: Clock) -> Self:
        """Return a token that is renewed before it expires: a minute before, or a tenth of a short lifetime."""
        expires_at = clock.steady() + min(clock.until(expires), lifetime)
        return cls(value, expires, expires_at, expires_at - min(60.0, lifetime / 10))


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """The record of one token. `credentials` is the fingerprint of those used in the request; `lifetime` is in seconds.

    `fetched_at` is in Unix seconds. `fetches` counts the requests of `day` (ISO, UTC), including failed ones. `user`
    is the refresh token's user, if the provider needs the name.
    """

    credentials: str
    token: str | None = field(default=None, repr=False)
    expires: Moment | None = None
    lifetime: float = 0.0
    refresh_token: str | None = field(default=None, repr=False)
    fetched_at: float | None = None
    day: str = ""
    fetches: int = 0
    failure: FetchFailure | None = None
    user: str | None = None

    def usable(self, clock: Clock) -> Token | None:
        """Return the token unless it has expired."""
        if self.token is None or self.expires is None or clock.until(self.expires) <= 0:
            return None
        return Token.made(self.token, self.expires, self.lifetime, clock)

    def to_json(self) -> dict[str, Any]:
        return {
            "credentials": self.credentials,
            "token": self.token,
            "expires": self.expires and self.expires.to_json(),
            "lifetime": self.lifetime,
            "refresh_token": self.refresh_token,
            "fetched_at": self.fetched_at,
            "day": self.day,
            "fetches": self.fetches,
            "failure": self.failure and self.failure.to_json(),
            "user": self.user,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read the value of `to_json`. Raises KeyError, TypeError or ValueError for any other value."""
        expires, failure = value["expires"], value["failure"]
        return cls(
            credentials=value["credentials"],
            token=value["token"],
            expires=Moment.from_json(expires) if expires else None,
            lifetime=float(value["lifetime"]),
            refresh_token=value["refresh_token"],
            fetched_at=value["fetched_at"],
            day=value["day"],
            fetches=int(value["fetches"]),
            failure=FetchFailure.from_json(failure) if failure else None,
            user=value.get("user"),
        )


@dataclass(frozen=True, slots=True)
class TokenState:
    """The state of a token, for pages and commands. Times are UTC. `problem` is the last request's error, if it failed.

    `next_try_at` is when the endpoint may be asked again, None if it may be asked now.
    """

    valid_until: datetime | None
    fetched_at: datetime | None
    fetches_today: int
    problem: NoToken | None
    next_try_at: datetime | None


def utc(unix_seconds: float) -> datetime:
    return datetime.fromtimestamp(unix_seconds, UTC)
