"""Whose data a request is about, and pages of lists by time."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from flask import Response, request

from sandbox.api.errors import ApiError
from sandbox.api.serializers import to_json
from sandbox.api.streams import Period, read_period, stream_meta, take
from sandbox.services.callers import authenticated_caller
from sandbox.services.current import current_vinli
from sandbox.world.devices import Device
from sandbox.world.journal import Source
from sandbox.world.vehicles import Vehicle

T = TypeVar("T", bound=tuple[Any, ...])
# The two kinds of subjects in paths such as /api/v1/devices/<id>/trips.
SUBJECT = "/api/v1/<any(devices, vehicles):kind>/<subject_id>"


def visible_device(device_id: str) -> Device:
    """Return a device that the caller may see; raises ApiError 404 for any other.

    The docs do not say whether another driver's device is 403 or 404. 404 does not reveal that it exists.
    """
    caller = authenticated_caller()
    device = current_vinli().fleet.find(device_id)
    if device is None or not caller.may_see(device):
        raise ApiError(404, "No such device")
    return device


def visible_vehicle(vehicle_id: str) -> Vehicle:
    """Return a vehicle whose device the caller may see; raises ApiError 404 for any other."""
    caller = authenticated_caller()
    vehicle = current_vinli().vehicles.find(vehicle_id)
    device = current_vinli().fleet.find(vehicle.device_id) if vehicle else None
    if vehicle is None or device is None or not caller.may_see(device):
        raise ApiError(404, "No such vehicle")
    return vehicle


def source_of(kind: str, subject_id: str) -> Source:
    """Return what a device or a vehicle of the caller reported; raises ApiError 404."""
    journal = current_vinli().journal
    if kind == "devices":
        return journal.of_device(visible_device(subject_id))
    source = journal.of_vehicle(visible_vehicle(subject_id))
    if source is None:
        raise ApiError(404, "No such vehicle")
    return source


def visible(found: tuple[Source, Any] | None, what: str) -> Any:
    """Return what was found by its id if the caller may see its device; raises ApiError 404."""
    caller = authenticated_caller()
    if found is None or not caller.may_see(found[0].device):
        raise ApiError(404, f"No such {what}")
    return found


def period_of_request(source: Source, *kept: str) -> Period:
    """Return the period of a source that the request asks for; ``kept`` are parameters that links repeat."""
    return read_period(request.args, source.history.now_ms(), *kept)


def page_by_time(
    service: str,
    key: str,
    period: Period,
    items: Iterator[T],
    total: Callable[[int], int],
    text: Callable[[T], str],
) -> Response:
    """Return a page of a list. ``items`` begin with their time and come in the period's direction.

    ``total`` returns how many items the period has; it is given the number of those on the page. ``text`` returns an
    item as JSON.
    """
    shown = take(items, period.limit)
    remaining = max(0, total(len(shown)) - len(shown))
    meta = stream_meta(url_of(service), period, shown[-1][0] if shown else None, remaining)
    return json_page(key, f"[{','.join(map(text, shown))}]", meta)


def page_of_few(service: str, key: str, period: Period, items: list[T], text: Callable[[T], str]) -> Response:
    """Return a page of a list that is short enough to be made whole. ``items`` begin with their time, oldest first."""
    within = [item for item in items if period.since < item[0] <= period.until]
    ordered = within if period.ascending else within[::-1]
    return page_by_time(service, key, period, iter(ordered), lambda _: len(within), text)


def url_of(service: str) -> str:
    """Return the address of the current request without its query, at the public origin of a service."""
    return current_vinli().addresses.origin(service) + request.path


def json_page(key: str, text: str, meta: dict[str, object]) -> Response:
    """Return a page with ``meta`` and no other key, since older Android releases fail on any other."""
    return Response(f'{{"{key}":{text},"meta":{to_json(meta)}}}', mimetype="application/json")


def json_item(key: str, value: object, status: int = 200) -> Response:
    """Return one item under its key."""
    return Response(to_json({key: value}), status, mimetype="application/json")
