"""Vinli's trip service (docs trip-services). Lengths are in metres, speeds in km/h, fuel in litres."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from requests.auth import AuthBase

from providers.http.transport import Transport
from providers.paging.time_parts import TimeListing, TimePage
from providers.vinli.service import item
from providers.vinli.time_lists import DEFAULT_LIMIT, TimeLists
from providers.vinli.values import Fields, Position, Subject, position_of

PROVIDER = "vinli trips"
MAX_PREVIEW = 20_000


@dataclass(frozen=True, slots=True)
class TripStatistics:
    """The statistics of a trip; each may be missing. Loads are in percent, `economy_mpg` in miles a US gallon."""

    distance_m: float | None = None
    distance_by_gps_m: float | None = None
    distance_by_speed_m: float | None = None
    duration_ms: int | None = None
    average_speed_kmh: float | None = None
    average_moving_speed_kmh: float | None = None
    top_speed_kmh: float | None = None
    average_load_percent: float | None = None
    fuel_l: float | None = None
    economy_mpg: float | None = None
    hard_accelerations: int | None = None
    hard_brakings: int | None = None
    stops: int | None = None
    messages: int | None = None
    locations: int | None = None
    has_all_locations: bool | None = None


@dataclass(frozen=True, slots=True)
class Trip:
    """A trip. `stop` is None while it is under way. Positions are longitude and latitude. Times are UTC.

    `status` is Vinli's word; only `completed` is documented. `preview` is Google's encoded polyline, precision 5,
    latitude first.
    """

    id: str
    start: datetime
    stop: datetime | None
    status: str | None
    device_id: str | None
    vehicle_id: str | None
    start_position: Position | None
    stop_position: Position | None
    preview: str | None
    statistics: TripStatistics

    @property
    def is_under_way(self) -> bool:
        """Tell if the trip has not ended yet."""
        return self.stop is None


class TripsClient(TimeLists):
    """The trip service."""

    def __init__(self, transport: Transport, origin: str, concurrency: int) -> None:
        super().__init__(PROVIDER, transport, origin, concurrency)

    def trips(
        self,
        auth: AuthBase,
        subject: Subject,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> TimeListing[Trip]:
        """Return all trips of a window by their start, newest first. Raises NotFound, and the other ProviderErrors."""
        return self.all_by_time(auth, self._path(subject), "trips", _trip, _start, since=since, until=until)

    def trips_page(
        self,
        auth: AuthBase,
        subject: Subject,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        deadline: float | None = None,
    ) -> TimePage[Trip]:
        """Return the newest trips of a window. Raises the errors of `trips`."""
        path = self._path(subject)
        return self.page_by_time(
            auth, path, "trips", _trip, _start, since=since, until=until, limit=limit, deadline=deadline
        )

    def trip(self, auth: AuthBase, trip_id: str, *, deadline: float | None = None) -> Trip:
        """Return one trip. Raises NotFound, and the other ProviderErrors."""
        return item(self.get(auth, f"/trips/{self.path_id(trip_id)}", deadline), "trip", _trip)

    def _path(self, subject: Subject) -> str:
        return f"/{subject.kind}/{self.path_id(subject.id)}/trips"


def _trip(value: Any) -> Trip:
    fields = Fields(value)
    return Trip(
        id=fields.needed(fields.text("id"), "id"),
        start=fields.needed(fields.moment("start"), "start"),
        stop=fields.moment("stop"),
        status=fields.text("status"),
        device_id=fields.text("deviceId"),
        vehicle_id=fields.text("vehicleId"),
        start_position=position_of(fields.value.get("startPoint")),
        stop_position=position_of(fields.value.get("stopPoint")),
        preview=fields.text("preview", MAX_PREVIEW),
        statistics=_statistics(fields.inner("stats")),
    )


def _statistics(stats: Fields) -> TripStatistics:
    return TripStatistics(
        distance_m=stats.number("distance"),
        distance_by_gps_m=stats.number("distanceByGPS"),
        distance_by_speed_m=stats.number("distanceByVSS"),
        duration_ms=stats.whole("duration"),
        average_speed_kmh=stats.number("averageSpeed"),
        average_moving_speed_kmh=stats.number("averageMovingSpeed"),
        top_speed_kmh=stats.number("maxSpeed"),
        average_load_percent=stats.number("averageLoad"),
        fuel_l=stats.number("fuelConsumed"),
        economy_mpg=stats.number("fuelEconomy"),
        hard_accelerations=stats.whole("hardAccelCount"),
        hard_brakings=stats.whole("hardBrakeCount"),
        stops=stats.whole("stopCount"),
        messages=stats.whole("messageCount"),
        locations=stats.whole("locationCount"),
        has_all_locations=stats.flag("comprehensiveLocations"),
    )


def _start(trip: Trip) -> datetime:
    return trip.start
