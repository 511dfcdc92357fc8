"""Vinli's distance service: how far a vehicle drove (docs distance-services/distance-api). All lengths are metres."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from requests.auth import AuthBase

from providers.errors import NotFound
from providers.http.transport import Transport
from providers.paging.time_parts import TimeListing, TimePage
from providers.vinli.service import item, item_or_none, readable
from providers.vinli.time_lists import DEFAULT_LIMIT, TimeLists, to_ms
from providers.vinli.values import Fields

PROVIDER = "vinli distance"
METRES = {"m": 1.0, "km": 1000.0, "mi": 1609.344}


@dataclass(frozen=True, slots=True)
class Distance:
    """An estimate in metres with its bounds. `read_at` is the time of the last odometer reading, UTC."""

    metres: float
    least_m: float | None
    most_m: float | None
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Odometer:
    """A reading of an odometer, in metres. `at` is UTC."""

    id: str
    metres: float
    at: datetime
    vehicle_id: str | None


@dataclass(frozen=True, slots=True)
class OdometerTrigger:
    """A distance that is told of: `kind` is `specific`, `from_now` or `milestone`. `events` counts how often it was."""

    id: str
    kind: str
    threshold_m: float
    events: int | None
    vehicle_id: str | None


class DistanceClient(TimeLists):
    """The distance service."""

    def __init__(self, transport: Transport, origin: str, concurrency: int) -> None:
        super().__init__(PROVIDER, transport, origin, concurrency)

    def latest(
        self,
        auth: AuthBase,
        vehicle_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        deadline: float | None = None,
    ) -> Distance | None:
        """Return the odometer as it is estimated now, or the distance of a window; None before a first reading.

        A server without the newer path is asked by the older one (vinli-node). Raises the ProviderErrors.
        """
        path = f"/vehicles/{self.path_id(vehicle_id)}/distances"
        params: dict[str, str | int] = {}
        if since is not None:
            params["since"] = to_ms(since)
        if until is not None:
            params["until"] = to_ms(until)
        try:
            answer = self.get(auth, f"{path}/_latest", deadline, params)
        except NotFound:
            answer = self.get(auth, f"{path}/_best", deadline, params)
        return item_or_none(answer, "distance", _distance)

    def odometers(
        self, auth: AuthBase, vehicle_id: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> TimeListing[Odometer]:
        """Return all readings of a window, newest first. Raises the ProviderErrors."""
        path = f"/vehicles/{self.path_id(vehicle_id)}/odometers"
        return self.all_by_time(auth, path, "odometers", _odometer, _at, since=since, until=until)

    def odometers_page(
        self, auth: AuthBase, vehicle_id: str, *, limit: int = DEFAULT_LIMIT, deadline: float | None = None
    ) -> TimePage[Odometer]:
        """Return the newest readings. Raises the ProviderErrors."""
        path = f"/vehicles/{self.path_id(vehicle_id)}/odometers"
        return self.page_by_time(auth, path, "odometers", _odometer, _at, limit=limit, deadline=deadline)

    def set_odometer(
        self,
        auth: AuthBase,
        vehicle_id: str,
        metres: float,
        *,
        at: datetime | None = None,
        deadline: float | None = None,
    ) -> Odometer:
        """Record what the odometer shows, now or at a time.

        Raises Refused if the reading contradicts another one (status 409), and the other ProviderErrors.
        """
        body: dict[str, Any] = {"reading": metres, "unit": "m"}
        if at is not None:
            body["date"] = at.isoformat()
        path = f"/vehicles/{self.path_id(vehicle_id)}/odometers"
        return item(self.post(auth, path, {"odometer": body}, deadline), "odometer", _odometer)

    def delete_odometer(self, auth: AuthBase, odometer_id: str, *, deadline: float | None = None) -> None:
        """Delete a reading. Raises NotFound, and the other ProviderErrors."""
        self.remove(auth, f"/odometers/{self.path_id(odometer_id)}", deadline)

    def triggers(
        self, auth: AuthBase, vehicle_id: str, *, deadline: float | None = None
    ) -> list[OdometerTrigger]:
        """Return the triggers of a vehicle, at most 100, newest first. Raises the ProviderErrors."""
        path = f"/vehicles/{self.path_id(vehicle_id)}/odometer_triggers"
        return item(
            self.get(auth, path, deadline, {"limit": 100}),
            "odometerTriggers",
            partial(readable, read=_trigger),
        )

    def trigger(self, auth: AuthBase, trigger_id: str, *, deadline: float | None = None) -> OdometerTrigger:
        """Return one trigger. Raises NotFound, and the other ProviderErrors."""
        path = f"/odometer_triggers/{self.path_id(trigger_id)}"
        return item(self.get(auth, path, deadline), "odometerTrigger", _trigger)

    def set_trigger(
        self,
        auth: AuthBase,
        vehicle_id: str,
        kind: str,
        threshold_m: float,
        *,
        deadline: float | None = None,
    ) -> OdometerTrigger:
        """Be told of a distance; `kind` as in `OdometerTrigger`. Raises the ProviderErrors."""
        body = {"odometerTrigger": {"type": kind, "threshold": threshold_m, "unit": "m"}}
        path = f"/vehicles/{self.path_id(vehicle_id)}/odometer_triggers"
        return item(self.post(auth, path, body, deadline), "odometerTrigger", _trigger)

    def delete_trigger(self, auth: AuthBase, trigger_id: str, *, deadline: float | None = None) -> None:
        """Delete a trigger. Raises NotFound, and the other ProviderErrors."""
        self.remove(auth, f"/odometer_triggers/{self.path_id(trigger_id)}", deadline)

    def odometer(self, auth: AuthBase, odometer_id: str, *, deadline: float | None = None) -> Odometer:
        """Return one reading. Raises NotFound, and the other ProviderErrors."""
        return item(
            self.get(auth, f"/odometers/{self.path_id(odometer_id)}", deadline), "odometer", _odometer
        )


def _distance(value: Any) -> Distance:
    fields = Fields(value)
    factor = METRES.get(fields.text("unit") or "m", 1.0)

    def metres(name: str) -> float | None:
        number = fields.number(name)
        return None if number is None else number * factor

    return Distance(
        fields.needed(metres("value"), "value"),
        metres("confidenceMin"),
        metres("confidenceMax"),
        fields.moment("lastOdometerDate"),
    )


def _odometer(value: Any) -> Odometer:
    fields = Fields(value)
    factor = METRES.get(fields.text("unit") or "m", 1.0)
    return Odometer(
        fields.needed(fields.text("id"), "id"),
        fields.needed(fields.number("reading"), "reading") * factor,
        fields.needed(fields.moment("date") or fields.moment("timestamp"), "date"),
        fields.text("vehicleId"),
    )


def _trigger(value: Any) -> OdometerTrigger:
    fields = Fields(value)
    factor = METRES.get(fields.text("unit") or "m", 1.0)
    return OdometerTrigger(
        fields.needed(fields.text("id"), "id"),
        fields.needed(fields.text("type"), "type"),
        fields.needed(fields.number("threshold"), "threshold") * factor,
        fields.whole("events"),
        fields.text("vehicleId"),
    )


def _at(odometer: Odometer) -> datetime:
    return odometer.at
