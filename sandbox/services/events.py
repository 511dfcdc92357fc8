"""Event service: what happened (docs event-services/events)."""

from collections.abc import Iterator

from flask import Blueprint, Response, request

from sandbox.api.dates import iso
from sandbox.api.errors import ApiError
from sandbox.api.serializers import to_json
from sandbox.services.callers import authenticated_caller
from sandbox.services.current import current_vinli
from sandbox.services.sources import (
    SUBJECT,
    json_item,
    page_by_time,
    period_of_request,
    source_of,
    visible_device,
)
from sandbox.world.journal import Happening

bp = Blueprint("events", __name__)


@bp.get(f"{SUBJECT}/events")
def list_events(kind: str, subject_id: str) -> Response:
    """Return a page of events. ``type`` may end in a wildcard (``trip-*``); so may not the other filters."""
    source, period = source_of(kind, subject_id), period_of_request("type", "objectId", "objectType")

    def matching(*, newest_first: bool) -> Iterator[tuple[int, Happening]]:
        for one in source.happenings(period.since, period.until, newest_first=newest_first):
            if _matches(one):
                yield one.timestamp_ms, one

    def total(_shown: int) -> int:
        if any(request.args.get(name) for name in ("type", "objectId", "objectType")):
            return sum(1 for _ in matching(newest_first=False))
        return source.count_happenings(period.since, period.until)

    items = matching(newest_first=not period.ascending)
    return page_by_time("events", "events", period, items, total, lambda item: to_json(event_json(item[1])))


@bp.get("/api/v1/events/<event_id>")
def show_event(event_id: str) -> Response:
    """Return one event (docs until 2024; vinli-node)."""
    return json_item("event", event_json(_visible_event(event_id)))


@bp.get("/api/v1/devices/<device_id>/events/<event_id>")
def show_event_of_device(device_id: str, event_id: str) -> Response:
    """Return one event of a device; notifications link here."""
    visible_device(device_id)
    event = _visible_event(event_id)
    if event.device_id != device_id:
        raise ApiError(404, "No such event")
    return json_item("event", event_json(event))


def _visible_event(event_id: str) -> Happening:
    caller, vinli = authenticated_caller(), current_vinli()
    event = vinli.journal.find_happening(event_id)
    device = vinli.fleet.find(event.device_id) if event else None
    if event is None or device is None or not caller.may_see(device):
        raise ApiError(404, "No such event")
    return event


def _matches(event: Happening) -> bool:
    wanted = request.args.get("type", "")
    if wanted.endswith("*"):
        is_type = event.event_type.startswith(wanted[:-1])
    else:
        is_type = not wanted or wanted in (event.event_type, event.event_type.partition("-")[0])
    object_id, object_type = request.args.get("objectId"), request.args.get("objectType")
    return (
        is_type
        and (not object_id or object_id == event.object_id)
        and (not object_type or object_type == event.object_type)
    )


def event_json(event: Happening) -> dict[str, object]:
    """Return an event as the docs show it."""
    origin = current_vinli().addresses.origin("events")
    links = f"{origin}/api/v1/events/{event.id}"
    return {
        "id": event.id,
        "timestamp": iso(event.timestamp_ms),
        "deviceId": event.device_id,
        "vehicleId": event.vehicle_id,
        "eventType": event.event_type,
        "object": {"id": event.object_id, "type": event.object_type} if event.object_id else None,
        "meta": event.meta,
        "links": {"self": links, "notifications": f"{links}/notifications"},
    }
