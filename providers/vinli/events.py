"""Vinli's event service: what happened (docs event-services/events)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from requests.auth import AuthBase

from providers.http.transport import Transport
from providers.paging.time_parts import TimeListing, TimePage
from providers.vinli.service import item
from providers.vinli.time_lists import DEFAULT_LIMIT, TimeLists
from providers.vinli.values import Fields, Position, Subject, position_of

PROVIDER = "vinli events"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `kind` is Vinli's word, such as `trip-started`. `at` is UTC.

    `object_id` and `object_kind` name what it is about: a vehicle, a trip or a rule. `meta` is as Vinli sends it.
    """

    id: str
    at: datetime
    kind: str
    device_id: str | None
    vehicle_id: str | None
    object_id: str | None
    object_kind: str | None
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def position(self) -> Position | None:
        """Return where a rule's message came from, longitude and latitude; None for other events."""
        message = Fields(self.meta).inner("message").inner("snapshot")
        return position_of(message.value.get("location"))

    @property
    def code_id(self) -> str | None:
        """Return the id of the trouble code in the catalogue; None for other events."""
        return Fields(self.meta).text("code") if self.kind.startswith("dtc-") else None


class EventsClient(TimeLists):
    """The event service."""

    def __init__(self, transport: Transport, origin: str, concurrency: int) -> None:
        super().__init__(PROVIDER, transport, origin, concurrency)

    def events(
        self,
        auth: AuthBase,
        subject: Subject,
        *,
        kind: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> TimeListing[Event]:
        """Return all events of a window, newest first; `kind` may be a wildcard such as `trip-*`.

        Raises NotFound, and the other ProviderErrors.
        """
        path, params = self._path(subject), _filter(kind)
        return self.all_by_time(auth, path, "events", _event, _at, since=since, until=until, params=params)

    def events_page(
        self,
        auth: AuthBase,
        subject: Subject,
        *,
        kind: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        deadline: float | None = None,
    ) -> TimePage[Event]:
        """Return the newest events of a window. Raises the errors of `events`."""
        return self.page_by_time(
            auth,
            self._path(subject),
            "events",
            _event,
            _at,
            since=since,
            until=until,
            limit=limit,
            params=_filter(kind),
            deadline=deadline,
        )

    def event(self, auth: AuthBase, event_id: str, *, deadline: float | None = None) -> Event:
        """Return one event. Raises NotFound, and the other ProviderErrors."""
        return item(self.get(auth, f"/events/{self.path_id(event_id)}", deadline), "event", _event)

    def _path(self, subject: Subject) -> str:
        return f"/{subject.kind}/{self.path_id(subject.id)}/events"


def _filter(kind: str | None) -> dict[str, str | int]:
    return {} if kind is None else {"type": kind}


def _event(value: Any) -> Event:
    fields = Fields(value)
    about, meta = fields.inner("object"), fields.value.get("meta")
    return Event(
        id=fields.needed(fields.text("id"), "id"),
        at=fields.needed(fields.moment("timestamp"), "timestamp"),
        kind=fields.needed(fields.text("eventType"), "eventType"),
        device_id=fields.text("deviceId"),
        vehicle_id=fields.text("vehicleId"),
        object_id=about.text("id"),
        object_kind=about.text("type"),
        meta=meta if isinstance(meta, dict) else {},
    )


def _at(event: Event) -> datetime:
    return event.at
