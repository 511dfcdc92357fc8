"""List an app's OAuth clients at Vinli's auth service, and check whether ours is accepted there.

`vinli auth authorize` of vinli-cli uses the list first. Vinli's documentation does not mention it, so it may not exist.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Self

from requests.auth import AuthBase

from providers.errors import ProviderError, Refused
from providers.http.headers import age_seconds, http_date
from providers.http.response import Response
from providers.http.transport import Transport
from providers.vinli.oauth.auth import PROVIDER, AuthClient
from providers.vinli.service import Service, item

MAX_CLIENTS = 200
_MAX_RAW_BYTES = 4096


@dataclass(frozen=True)
class RegisteredClient:
    """One OAuth client of an app. `type` is "web", "server" or an undocumented word; None if it is missing."""

    id: str
    type: str | None
    redirect_uri: str | None

    @classmethod
    def from_json(cls, value: Any) -> Self | None:
        """Read one entry, {"id", "type", "data": {"redirectUri"}}; None for one without an id."""
        if not isinstance(value, dict) or not _text(value.get("id")):
            return None
        data = value.get("data")
        redirect_uri = _text(data.get("redirectUri")) if isinstance(data, dict) else None
        return cls(value["id"], _text(value.get("type")), redirect_uri)


@dataclass(frozen=True)
class ClockReading:
    """The time that a response reports.

    `date` is its Date header plus its Age, because a cache keeps the Date of the origin (RFC 9111, section 5.1). None
    without a Date. `measured_at` is our clock when the response had arrived. Both are in
    UTC. `elapsed` is the duration of the call in seconds.
    """

    date: datetime | None
    measured_at: datetime
    elapsed: float

    @classmethod
    def of(cls, answer: Response, now: float) -> Self:
        """Read the clock from a response that has just arrived, with any status. `now` is in Unix seconds."""
        date = http_date(answer.headers.get("Date"))
        if date is not None:
            date += timedelta(seconds=age_seconds(answer.headers.get("Age")))
        return cls(date, datetime.fromtimestamp(now, UTC), answer.elapsed)

    @property
    def skew(self) -> float | None:
        """Seconds by which our clock is certainly ahead of theirs, negative if behind; None without a Date.

        The Date has no fraction of a second and was written at an unknown moment of the call. A difference that these
        two can explain counts as 0.
        """
        if self.date is None:
            return None
        most = (self.measured_at - self.date).total_seconds()
        least = most - self.elapsed - 1
        return 0.0 if least <= 0 <= most else min(least, most, key=abs)


@dataclass(frozen=True)
class Registrations:
    """The clients of an app, and the time that the response reported."""

    clients: tuple[RegisteredClient, ...]
    reading: ClockReading


class ClientDirectory(Service):
    """The list of an app's OAuth clients. `clock` returns Unix seconds."""

    def __init__(self, transport: Transport, origin: str, clock: Callable[[], float] = time.time) -> None:
        super().__init__(PROVIDER, transport, origin)
        self._clock = clock

    def registered(self, auth: AuthBase, *, deadline: float | None = None) -> Registrations:
        """Return at most 200 clients of the app whose BasicAuth `auth` is, within `deadline` seconds.

        Entries without an id are left out. Raises InvalidResponse if there is no list, and the other ProviderErrors.
        """
        answer = self.get(auth, "/clients", deadline)
        reading = ClockReading.of(answer, self._clock())
        return Registrations(item(answer, "clients", _clients), reading)


def read_clock(
    transport: Transport,
    origins: Iterable[str],
    clock: Callable[[], float] = time.time,
    *,
    deadline: float | None = None,
) -> ClockReading | None:
    """Return the first time that one of the origins reports, in any response, including a refusal or a redirect.

    Fetches their start pages without credentials, one after the other, within `deadline` seconds in total. Returns
    None if no origin responds, and a reading without a date if no response had one. Raises no ProviderError.
    """
    time_left = transport.countdown(deadline)
    found = None
    for origin in origins:
        try:
            raw = transport.fetch_raw(
                PROVIDER, f"{transport.allow(origin)}/", max_bytes=_MAX_RAW_BYTES, deadline=time_left()
            )
        except ProviderError:
            continue
        found = ClockReading.of(raw, clock())
        if found.date is not None:
            break
    return found


class CredentialStatus(Enum):
    """Whether the token endpoint accepts a client's id and secret. DOUBTFUL means probably not."""

    GOOD = "good"
    REFUSED = "refused"
    DOUBTFUL = "doubtful"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Probe:
    """The result of a probe. `error` is the error that was raised; None if the endpoint wrongly gave a token.

    `age` is the number of seconds since the probe.
    """

    status: CredentialStatus
    error: ProviderError | None = None
    age: float = 0.0


def probe_client(auth: AuthClient, redirect_uri: str, *, deadline: float | None = None) -> Probe:
    """Send the token endpoint a made-up code, within `deadline` seconds.

    The endpoint checks the client before the code (RFC 6749, sections 4.1.3 and 5.2). So if it rejects the code, it
    has accepted the client. Raises no ProviderError.
    """
    try:
        auth.exchange(secrets.token_urlsafe(32), redirect_uri, None, deadline=deadline)
    except Refused as refusal:
        return Probe(_status_of(refusal), refusal)
    except ProviderError as error:
        return Probe(CredentialStatus.UNKNOWN, error)
    return Probe(CredentialStatus.UNKNOWN)


def _status_of(refusal: Refused) -> CredentialStatus:
    if refusal.error == "invalid_grant":
        return CredentialStatus.GOOD
    if refusal.error == "invalid_client":
        return CredentialStatus.REFUSED
    # No document says how Vinli's token endpoint refuses, so a 401 may also be about the code.
    return CredentialStatus.DOUBTFUL if refusal.status == 401 else CredentialStatus.UNKNOWN


def _clients(value: Any) -> tuple[RegisteredClient, ...]:
    if not isinstance(value, list):
        raise ValueError("the clients are not a list")
    found = (RegisteredClient.from_json(entry) for entry in value)
    return tuple(client for client in found if client is not None)[:MAX_CLIENTS]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
