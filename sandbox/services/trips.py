"""Trip service (docs trip-services)."""

from flask import Blueprint, Response

from sandbox.api.dates import iso
from sandbox.api.serializers import to_json
from sandbox.services.current import current_vinli
from sandbox.services.sources import (
    SUBJECT,
    json_item,
    page_by_time,
    period_of_request,
    source_of,
    visible,
)
from sandbox.world.driving.drives import Drive
from sandbox.world.driving.polyline import encode
from sandbox.world.driving.statistics import TripStatistics, preview_of, statistics_of
from sandbox.world.journal import ORPHANED_AFTER_MS, Source, is_completed

bp = Blueprint("trips", __name__)


@bp.get(f"{SUBJECT}/trips")
def list_trips(kind: str, subject_id: str) -> Response:
    """Return a page of trips by their start. One that is under way is among them."""
    source = source_of(kind, subject_id)
    period = period_of_request(source)
    drives = source.trips(period.since, period.until, newest_first=not period.ascending)
    return page_by_time(
        "trips",
        "trips",
        period,
        ((drive.start_ms, drive) for drive in drives),
        lambda _: source.count_trips(period.since, period.until),
        lambda item: to_json(trip_json(source, item[1])),
    )


@bp.get("/api/v1/trips/<trip_id>")
def show_trip(trip_id: str) -> Response:
    """Return one trip."""
    source, drive = visible(current_vinli().journal.find_trip(trip_id), "trip")
    return json_item("trip", trip_json(source, drive))


def trip_json(source: Source, drive: Drive) -> dict[str, object]:
    """Return a trip. One under way has no stop yet; the docs do not name its status, and here it is ``inProgress``."""
    vinli = current_vinli()
    journal, now = vinli.journal, source.history.now_ms()
    vehicle, device = source.vehicle_of(drive), source.device
    orphaned_ms = drive.last_ms + ORPHANED_AFTER_MS
    is_orphaned = drive.is_orphaned and orphaned_ms <= now
    is_over = is_orphaned or is_completed(drive, now)
    up_to = min(now, drive.last_ms)
    points = preview_of(drive, up_to)
    found = statistics_of(drive, journal.engine_of(source, drive), up_to)
    trip: dict[str, object] = {
        "id": journal.trip_id(device, drive),
        "start": iso(drive.start_ms),
        "stop": iso(drive.last_ms) if is_over else None,
        "status": "orphaned" if is_orphaned else "completed" if is_over else "inProgress",
        "vehicleId": vehicle.id,
        "deviceId": device.id,
        "startPoint": _point(points[0]) if points else None,
        "stopPoint": _point(points[-1]) if points and is_over else None,
        "preview": encode(points) if points else None,
        "stats": _stats(found) if found else None,
        "links": _links(journal.trip_id(device, drive), device.id, vehicle.id, drive.start_ms, up_to),
    }
    if is_orphaned:
        trip["orphanedAt"] = iso(orphaned_ms)
    return trip


def _stats(found: TripStatistics) -> dict[str, object]:
    return {
        "averageLoad": found.average_load,
        "averageMovingSpeed": found.average_moving_speed,
        "averageSpeed": found.average_speed,
        "comprehensiveLocations": found.has_all_locations,
        "distance": found.distance_by_speed,
        "distanceByGPS": found.distance_by_gps,
        "distanceByVSS": found.distance_by_speed,
        "duration": found.duration_ms,
        "fuelConsumed": found.fuel_l,
        "fuelEconomy": found.fuel_economy,
        "hardAccelCount": found.hard_accelerations,
        "hardBrakeCount": found.hard_brakings,
        "locationCount": found.locations,
        "maxSpeed": found.top_speed,
        "messageCount": found.messages,
        "stdDevMovingSpeed": found.deviation,
        "stopCount": found.stops,
        "substantial": found.distance_by_speed > 200,
    }


def _point(position: tuple[float, float]) -> dict[str, object]:
    return {"type": "Point", "coordinates": list(position)}


def _links(trip_id: str, device_id: str, vehicle_id: str, start_ms: int, stop_ms: int) -> dict[str, str]:
    """Return the links. ``since`` is the start and exclusive, so the message at the start is not among those linked."""
    origin = current_vinli().addresses.origin
    period = f"since={start_ms}&until={stop_ms}"
    return {
        "self": f"{origin('trips')}/api/v1/trips/{trip_id}",
        "device": f"{origin('platform')}/api/v1/devices/{device_id}",
        "vehicle": f"{origin('platform')}/api/v1/vehicles/{vehicle_id}",
        "locations": f"{origin('telemetry')}/api/v1/devices/{device_id}/locations?{period}",
        "messages": f"{origin('telemetry')}/api/v1/devices/{device_id}/messages?{period}",
        "events": f"{origin('events')}/api/v1/devices/{device_id}/events?{period}",
    }
