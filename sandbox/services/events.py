"""Event service: what happened (docs event-services/events, event-services/overview)."""

import heapq
from collections.abc import Iterator
from operator import attrgetter

from flask import Blueprint, Response, request

from sandbox.api.errors import ApiError
from sandbox.api.serializers import to_json
from sandbox.services.current import current_vinli
from sandbox.services.sources import (
    SUBJECT,
    json_item,
    page_by_time,
    period_of_request,
    source_of,
    visible_device,
)
from sandbox.services.subjects import check_visible, subject_of
from sandbox.world.watching import Event, is_of_type

bp = Blueprint("events", __name__)

FILTERS = ("type", "objectId", "objectType")


@bp.get(f"{SUBJECT}/events")
def list_events(kind: str, subject_id: str) -> Response:
    """Return a page of events. ``type`` may end in a wildcard (``rule-*``, ``trip-*``); so may not the other filters.

    Events of rules and of odometer triggers come after others of the same instant.
    """
    subject, source = subject_of(kind, subject_id), source_of(kind, subject_id)
    period = period_of_request(source, *FILTERS)
    vinli = current_vinli()
    crossings = vinli.watching.crossings(subject.device, period.since, period.until)
    own: list[Event] = [event for event in crossings if subject.has(event)]
    own += vinli.estimates.firings(subject.device, period.since, period.until, subject.vehicle_id)
    own.sort(key=attrgetter("timestamp_ms"))

    def events(*, newest_first: bool) -> Iterator[Event]:
        happenings = source.happenings(period.since, period.until, newest_first=newest_first)
        both: list[Iterator[Event]] = [iter(happenings), iter(own)]
        if newest_first:
            both = [iter(own[::-1]), iter(happenings)]
        return heapq.merge(*both, key=attrgetter("timestamp_ms"), reverse=newest_first)

    def total(_shown: int) -> int:
        if any(request.args.get(name) for name in FILTERS):
            return sum(map(_matches, events(newest_first=False)))
        return source.count_happenings(period.since, period.until) + len(own)

    items = (
        (event.timestamp_ms, event) for event in events(newest_first=not period.ascending) if _matches(event)
    )
    return page_by_time(
        "events", "events", period, items, total, lambda item: to_json(vinli.event_json.event(item[1]))
    )


@bp.get("/api/v1/events/<event_id>")
def show_event(event_id: str) -> Response:
    """Return one event (docs until 2024; vinli-node)."""
    return json_item("event", current_vinli().event_json.event(visible_event(event_id)))


@bp.get("/api/v1/devices/<device_id>/events/<event_id>")
def show_event_of_device(device_id: str, event_id: str) -> Response:
    """Return one event of a device; notifications link here."""
    visible_device(device_id)
    event = visible_event(event_id)
    if event.device_id != device_id:
        raise ApiError(404, "No such event")
    return json_item("event", current_vinli().event_json.event(event))


def visible_event(event_id: str) -> Event:
    """Return an event of a device that the caller may see; raises ApiError 404."""
    vinli = current_vinli()
    event: Event | None = (
        vinli.watching.find_crossing(event_id)
        or vinli.estimates.find_firing(event_id)
        or vinli.journal.find_happening(event_id)
    )
    check_visible(event.device_id if event else None, "event")
    if event is None:
        raise ApiError(404, "No such event")
    return event


def _matches(event: Event) -> bool:
    wanted = {name: request.args.get(name) for name in FILTERS}
    return (
        (not wanted["type"] or is_of_type(event.event_type, wanted["type"]))
        and (not wanted["objectId"] or wanted["objectId"] == event.object_id)
        and (not wanted["objectType"] or wanted["objectType"] == event.object_type)
    )
