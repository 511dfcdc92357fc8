"""Which OAuth clients an app has at Vinli's auth service, and whether ours is believed there.

The list is what `vinli auth authorize` of vinli-cli begins with; Vinli's documentation does not name it, so it may not
be there.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, Self

from requests.auth import AuthBase

from providers.errors import ProviderError, Refused
from providers.http.response import Response
from providers.http.transport import Transport
from providers.vinli.auth import PROVIDER, AuthClient
from providers.vinli.service import Service, item

MAX_CLIENTS = 200
_MAX_LOOK_BYTES = 4096


@dataclass(frozen=True)
class RegisteredClient:
    """One OAuth client of an app. `type` is "web", "server" or a word that no document names; None is not said."""

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
    """What an answer said about time.

    `date` is its Date header, None for one without; `measured_at` our clock when the answer had come, both in UTC;
    `elapsed` is the seconds it took.
    """

    date: datetime | None
    measured_at: datetime
    elapsed: float

    @classmethod
    def of(cls, answer: Response, now: float) -> Self:
        """Read the clock off an answer that has just come, whatever its status; `now` is Unix seconds."""
        return cls(_date(answer.headers.get("Date")), datetime.fromtimestamp(now, UTC), answer.elapsed)

    @property
    def skew(self) -> float | None:
        """Seconds by which our clock is certainly ahead of theirs, negative when behind; None without a Date.

        The Date leaves out the fraction of its second and was written at some time during the call, so what these
        two may explain counts as none.
        """
        if self.date is None:
            return None
        most = (self.measured_at - self.date).total_seconds()
        least = most - self.elapsed - 1
        return 0.0 if least <= 0 <= most else min(least, most, key=abs)


@dataclass(frozen=True)
class Registrations:
    """The clients of an app, and the time that the answer told."""

    clients: tuple[RegisteredClient, ...]
    reading: ClockReading


class ClientDirectory(Service):
    """The list of an app's OAuth clients. `clock` returns Unix seconds."""

    def __init__(self, transport: Transport, origin: str, clock: Callable[[], float] = time.time) -> None:
        super().__init__(PROVIDER, transport, origin)
        self._clock = clock

    def registered(self, auth: AuthBase, *, deadline: float | None = None) -> Registrations:
        """Return the clients of the app whose BasicAuth this is, at most 200, within `deadline` seconds.

        Entries without an id are left out. Raises InvalidResponse for what is no list, and the other ProviderErrors.
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
    """Return the first time that one of the origins tells with any answer at all, a refusal or a redirect too.

    Asks for their start pages, without credentials, one after the other within `deadline` seconds together. None when
    nothing answers; a reading without a date when only such answers came. Raises nothing of a remote system's.
    """
    time_left = transport.countdown(deadline)
    found = None
    for origin in origins:
        try:
            raw = transport.fetch_raw(
                PROVIDER, f"{transport.allow(origin)}/", max_bytes=_MAX_LOOK_BYTES, deadline=time_left()
            )
        except ProviderError:
            continue
        found = ClockReading.of(raw, clock())
        if found.date is not None:
            break
    return found


class CredentialStatus(Enum):
    """Whether the token endpoint believes a client's id and secret; DOUBTFUL is probably not."""

    GOOD = "good"
    REFUSED = "refused"
    DOUBTFUL = "doubtful"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Probe:
    """What came of asking; `error` is what was raised, None for an answer that nobody should have given.

    `age` is how many seconds ago that was.
    """

    status: CredentialStatus
    error: ProviderError | None = None
    age: float = 0.0


def probe_client(auth: AuthClient, redirect_uri: str, *, deadline: float | None = None) -> Probe:
    """Ask the token endpoint for a token for a code that nobody was given, within `deadline` seconds.

    The client is judged before the code (RFC 6749, sections 4.1.3 and 5.2): that the code is wrong says that the
    client is right. Raises nothing of a remote system's.
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
    # No document says how Vinli's token endpoint refuses: a 401 may as well be about the code.
    return CredentialStatus.DOUBTFUL if refusal.status == 401 else CredentialStatus.UNKNOWN


def _clients(value: Any) -> tuple[RegisteredClient, ...]:
    if not isinstance(value, list):
        raise ValueError("the clients are no list")
    found = (RegisteredClient.from_json(entry) for entry in value)
    return tuple(client for client in found if client is not None)[:MAX_CLIENTS]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _date(value: str | None) -> datetime | None:
    """Return a Date header as an instant (RFC 9110, section 5.6.7), None for one that is none."""
    try:
        moment = parsedate_to_datetime(value or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
