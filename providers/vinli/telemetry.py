"""Vinli's telemetry service: messages, locations and snapshots (docs telemetry-services).

Each call gets its credentials: the app's BasicAuth sees all devices of the app, a BearerAuth sees those of one driver.
`subject` is a device or a vehicle.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import force_setattr
from requests.auth import AuthBase

from providers.http.transport import Transport
from providers.paging.time_parts import TimeListing, TimePage
from providers.records import in_utc
from providers.vinli.service import item
from providers.vinli.time_lists import DEFAULT_LIMIT, TimeLists, page_decoder
from providers.vinli.values import MAX_TEXT, Position, Subject, moment_of, position_of

PROVIDER = "vinli telemetry"


class Message(msgspec.Struct, frozen=True, rename={"at": "timestamp", "place": "location"}):
    """A message of a device (docs telemetry-services/device-messages), or a location or snapshot of it.

    `data` are the parameters by their names in Vinli's catalogue, in its units; a value may be a number, a text or a
    list. `at` is UTC. msgspec reads a page of them from its text, which is much faster than by dictionaries.
    """

    id: str
    at: datetime
    data: dict[str, Any] = {}
    # Older messages have their place here.
    place: Any = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is not UTC:
            force_setattr(self, "at", in_utc(self.at, "timestamp"))

    @property
    def position(self) -> Position | None:
        """Return longitude and latitude in degrees; None without a position."""
        return position_of(self.data.get("location", self.place))

    @property
    def values(self) -> dict[str, Any]:
        """Return the parameters without the position."""
        return {name: value for name, value in self.data.items() if name != "location"}

    def number(self, name: str) -> float | None:
        """Return a parameter as a number; None if it is missing or something else."""
        value = self.data.get(name)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    @property
    def speed_kmh(self) -> float | None:
        """Return the speed in km/h."""
        return self.number("vehicleSpeed")

    @property
    def engine_rpm(self) -> float | None:
        """Return the engine's turns in a minute."""
        return self.number("rpm")


_MESSAGES = page_decoder("messages", Message)
_SNAPSHOTS = page_decoder("snapshots", Message)


class TelemetryClient(TimeLists):
    """The telemetry service."""

    def __init__(self, transport: Transport, origin: str, concurrency: int) -> None:
        super().__init__(PROVIDER, transport, origin, concurrency)

    def messages(
        self,
        auth: AuthBase,
        subject: Subject,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> TimeListing[Message]:
        """Return all messages of a window, newest first. Raises NotFound, and the other ProviderErrors."""
        return self.all_by_time(
            auth,
            self._path(subject, "messages"),
            "messages",
            _message,
            _at,
            since=since,
            until=until,
            whole=_MESSAGES,
        )

    def messages_page(
        self,
        auth: AuthBase,
        subject: Subject,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        deadline: float | None = None,
    ) -> TimePage[Message]:
        """Return the newest messages of a window. Raises the errors of `messages`."""
        path = self._path(subject, "messages")
        return self.page_by_time(
            auth,
            path,
            "messages",
            _message,
            _at,
            since=since,
            until=until,
            limit=limit,
            deadline=deadline,
            whole=_MESSAGES,
        )

    def message(
        self, auth: AuthBase, device_id: str, message_id: str, *, deadline: float | None = None
    ) -> Message:
        """Return one message of a device. Raises NotFound, and the other ProviderErrors."""
        path = f"/devices/{self.path_id(device_id)}/messages/{self.path_id(message_id)}"
        return item(self.get(auth, path, deadline), "message", _message)

    def locations(
        self,
        auth: AuthBase,
        subject: Subject,
        fields: Iterable[str] = (),
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> TimeListing[Message]:
        """Return all messages of a window that have a position, with these parameters, newest first."""
        return self.all_by_time(
            auth,
            self._path(subject, "locations"),
            "locations",
            _feature,
            _at,
            since=since,
            until=until,
            params=_fields(fields),
            entries=_features,
        )

    def locations_page(
        self,
        auth: AuthBase,
        subject: Subject,
        fields: Iterable[str] = (),
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        deadline: float | None = None,
    ) -> TimePage[Message]:
        """Return the newest messages of a window that have a position (docs telemetry-services/location-history)."""
        return self.page_by_time(
            auth,
            self._path(subject, "locations"),
            "locations",
            _feature,
            _at,
            since=since,
            until=until,
            limit=limit,
            params=_fields(fields),
            deadline=deadline,
            entries=_features,
        )

    def snapshots(
        self,
        auth: AuthBase,
        subject: Subject,
        fields: Iterable[str],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> TimeListing[Message]:
        """Return all messages of a window that carry one of the parameters, newest first."""
        return self.all_by_time(
            auth,
            self._path(subject, "snapshots"),
            "snapshots",
            _message,
            _at,
            since=since,
            until=until,
            params=_fields(fields),
            whole=_SNAPSHOTS,
        )

    def snapshots_page(
        self,
        auth: AuthBase,
        subject: Subject,
        fields: Iterable[str],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        deadline: float | None = None,
    ) -> TimePage[Message]:
        """Return the newest messages of a window that carry one of the parameters, and only these values.

        docs telemetry-services/telemetry-snapshots.
        """
        return self.page_by_time(
            auth,
            self._path(subject, "snapshots"),
            "snapshots",
            _message,
            _at,
            since=since,
            until=until,
            limit=limit,
            params=_fields(fields),
            deadline=deadline,
            whole=_SNAPSHOTS,
        )

    def _path(self, subject: Subject, name: str) -> str:
        return f"/{subject.kind}/{self.path_id(subject.id)}/{name}"


def _message(value: Any) -> Message:
    """Read a message that msgspec cannot read. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError("a message that is no object")
    data = value.get("data")
    return Message(
        _id(value),
        moment_of(value.get("timestamp")),
        data if isinstance(data, dict) else {},
        value.get("location"),
    )


def _features(body: dict[str, Any]) -> Any:
    return body["locations"]["features"]


def _feature(value: Any) -> Message:
    """Read a location. Its values stand in `properties.data` or flat in `properties`. Raises ValueError."""
    properties = value.get("properties") if isinstance(value, dict) else None
    position = position_of(value)
    if not isinstance(properties, dict) or position is None:
        raise ValueError("a location without a place or properties")
    known = ("id", "timestamp", "data", "links")
    values = {name: one for name, one in properties.items() if name not in known}
    data = properties.get("data")
    at = moment_of(properties.get("timestamp"))
    return Message(_id(properties), at, values | (data if isinstance(data, dict) else {}), value)


def _id(value: dict[str, Any]) -> str:
    found = value.get("id")
    return found[:MAX_TEXT] if isinstance(found, str) else ""


def _fields(names: Iterable[str]) -> dict[str, str | int]:
    joined = ",".join(names)
    return {"fields": joined} if joined else {}


def _at(message: Message) -> datetime:
    return message.at
