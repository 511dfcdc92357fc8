"""Distance service: odometers, their triggers, and distances (docs distance-services/distance-api)."""

import json
import math
from typing import Any

from flask import Blueprint, Response, request

from sandbox.api.dates import iso, parse_ms
from sandbox.api.errors import ApiError
from sandbox.api.serializers import to_json
from sandbox.services.current import current_vinli
from sandbox.services.sources import json_item, page_of_few, period_of_request, source_of, visible_vehicle
from sandbox.world.journal import Source
from sandbox.world.odometers import Conflict, Reading, TooMany, Trigger

bp = Blueprint("distance", __name__)

METRES = {"m": 1.0, "km": 1000.0, "mi": 1609.344}
# The docs name no least distance. One of centimetres would fire a million times a day.
LEAST_THRESHOLD_M = 100
KINDS = ("specific", "from_now", "milestone")


@bp.get("/api/v1/vehicles/<vehicle_id>/distances/_latest")
def show_latest_distance(vehicle_id: str) -> Response:
    """Return the odometer as it is estimated now, or the distance of a period (docs, since December 2016)."""
    source = source_of("vehicles", vehicle_id)
    found = _distance(source)
    origin = current_vinli().addresses.origin
    links = {
        "self": f"{origin('distance')}/api/v1/vehicles/{vehicle_id}/distances/_latest",
        "vehicle": f"{origin('platform')}/api/v1/vehicles/{vehicle_id}",
    }
    return json_item("distance", {"vehicleId": vehicle_id, **found, "links": links} if found else None)


@bp.get("/api/v1/vehicles/<vehicle_id>/distances/_best")
def show_best_distance(vehicle_id: str) -> Response:
    """Return the best estimate of the odometer (vinli-node ``bestDistance``)."""
    return json_item("distance", _distance(source_of("vehicles", vehicle_id)))


@bp.get("/api/v1/vehicles/<vehicle_id>/distances")
def list_distances(vehicle_id: str) -> Response:
    """Return the estimates of the odometer; here there is one (vinli-node ``distances``). There is no ``meta``."""
    found = _distance(source_of("vehicles", vehicle_id))
    return json_item("distances", [found] if found else [])


@bp.get("/api/v1/vehicles/<vehicle_id>/odometers")
def list_odometers(vehicle_id: str) -> Response:
    """Return a page of odometer readings by their date."""
    source = source_of("vehicles", vehicle_id)
    period = period_of_request(source)
    found = [(one.date_ms, one) for one in current_vinli().estimates.readings(source)]
    return page_of_few("distance", "odometers", period, found, lambda item: to_json(_reading(item[1])))


@bp.post("/api/v1/vehicles/<vehicle_id>/odometers")
def create_odometer(vehicle_id: str) -> Response:
    """Keep a reading. The docs show 200, vinli-node's tests and ios-net 201; here it is 201.

    A reading that contradicts another one is 409 (ios-net, September 2016).
    """
    vinli, source = current_vinli(), source_of("vehicles", vehicle_id)
    body = _body("odometer")
    metres = _number(body, "reading") * _unit(body)
    date_ms = _date(body.get("date"), source.history.now_ms())
    try:
        reading = vinli.odometers.read(vehicle_id, metres, date_ms, vinli.estimates.readings(source))
    except Conflict:
        raise ApiError(409, "The reading contradicts another one") from None
    except TooMany:
        raise ApiError(409, "The sandbox keeps no more readings") from None
    return _created("odometer", _reading(reading))


@bp.get("/api/v1/odometers/<odometer_id>")
def show_odometer(odometer_id: str) -> Response:
    """Return one reading."""
    return json_item("odometer", _reading(_known_reading(odometer_id)))


@bp.delete("/api/v1/odometers/<odometer_id>")
def delete_odometer(odometer_id: str) -> Response:
    """Delete a reading. Before the first one nothing can be computed."""
    current_vinli().odometers.forget_reading(_known_reading(odometer_id).id)
    return Response(status=204)


@bp.get("/api/v1/vehicles/<vehicle_id>/odometer_triggers")
def list_triggers(vehicle_id: str) -> Response:
    """Return a page of triggers by the time when they were made."""
    period = period_of_request(source_of("vehicles", vehicle_id))
    found = [(one.made_ms, one) for one in current_vinli().odometers.triggers(vehicle_id)]
    return page_of_few("distance", "odometerTriggers", period, found, lambda item: to_json(_trigger(item[1])))


@bp.post("/api/v1/vehicles/<vehicle_id>/odometer_triggers")
def create_trigger(vehicle_id: str) -> Response:
    """Keep a trigger: at an odometer, after a distance from now, or at every multiple of a distance."""
    vinli, source = current_vinli(), source_of("vehicles", vehicle_id)
    body = _body("odometerTrigger")
    if body.get("type") not in KINDS:
        raise ApiError(400, '"type" must be specific, from_now or milestone')
    threshold = _number(body, "threshold") * _unit(body)
    if threshold < LEAST_THRESHOLD_M:
        raise ApiError(400, f'"threshold" must be at least {LEAST_THRESHOLD_M} m')
    now = source.history.now_ms()
    base = vinli.estimates.odometer_m(source, now)
    try:
        trigger = vinli.odometers.set_trigger(vehicle_id, body["type"], threshold, base, now)
    except TooMany:
        raise ApiError(409, "The sandbox keeps no more triggers") from None
    return _created("odometerTrigger", _trigger(trigger))


@bp.get("/api/v1/odometer_triggers/<trigger_id>")
def show_trigger(trigger_id: str) -> Response:
    """Return one trigger."""
    return json_item("odometerTrigger", _trigger(_known_trigger(trigger_id)))


@bp.delete("/api/v1/odometer_triggers/<trigger_id>")
def delete_trigger(trigger_id: str) -> Response:
    """Delete a trigger."""
    trigger = _known_trigger(trigger_id)
    current_vinli().odometers.forget_trigger(trigger.id)
    current_vinli().estimates.forget(trigger)
    return Response(status=204)


def _distance(source: Source) -> dict[str, object] | None:
    """Return what the odometer shows, or with ``since`` or ``until`` the distance between; None without a reading."""
    vinli = current_vinli()
    period = period_of_request(source)
    until = min(period.until, source.history.now_ms())
    since = min(period.since, until)
    last, estimates = vinli.estimates.last_reading(source, until), vinli.estimates
    if last is None or source.vehicle is None:
        return None
    if request.args.get("since"):
        value = estimates.odometer_m(source, until) - estimates.odometer_m(source, since)
        doubt = 100 + value * 0.01
    else:
        value = estimates.odometer_m(source, until)
        doubt = 1000 + (value - last.metres) * 0.005
    unit = _wanted_unit()
    factor = METRES[unit]
    return {
        "confidenceMin": round((value - doubt) / factor, 2),
        "confidenceMax": round((value + doubt) / factor, 2),
        "value": round(value / factor, 2),
        "unit": unit,
        "lastOdometerDate": iso(last.date_ms),
    }


def _known_reading(odometer_id: str) -> Reading:
    found = current_vinli().estimates.find_reading(odometer_id)
    if found is None:
        raise ApiError(404, "No such odometer")
    visible_vehicle(found.vehicle_id)
    return found


def _known_trigger(trigger_id: str) -> Trigger:
    found = current_vinli().odometers.trigger(trigger_id)
    if found is None:
        raise ApiError(404, "No such trigger")
    visible_vehicle(found.vehicle_id)
    return found


def _reading(reading: Reading) -> dict[str, object]:
    """Return a reading in metres, whatever unit it was sent in (docs; vinli-node's fixture has it as it was sent)."""
    origin = current_vinli().addresses.origin
    return {
        "id": reading.id,
        "vehicleId": reading.vehicle_id,
        "reading": reading.metres,
        "unit": "m",
        "date": iso(reading.date_ms),
        "links": {
            "self": f"{origin('distance')}/api/v1/odometers/{reading.id}",
            "vehicle": f"{origin('platform')}/api/v1/vehicles/{reading.vehicle_id}",
        },
    }


def _trigger(trigger: Trigger) -> dict[str, object]:
    vinli = current_vinli()
    return vinli.event_json.trigger(trigger, vinli.estimates.count_firings(trigger)) | {"unit": "m"}


def _created(key: str, item: dict[str, Any]) -> Response:
    response = json_item(key, item, 201)
    response.headers["Location"] = item["links"]["self"]
    return response


def _body(key: str) -> dict[str, Any]:
    try:
        value = json.loads(request.get_data())[key]
    except (ValueError, KeyError, TypeError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ApiError(400, f'Send {{"{key}": {{...}}}}')
    return value


def _number(body: dict[str, Any], name: str) -> float:
    value = body.get(name)
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not 0 <= value < 1e12
        or math.isnan(value)
    ):
        raise ApiError(400, f'"{name}" must be a number from 0 up')
    return float(value)


def _unit(body: dict[str, Any]) -> float:
    unit = body.get("unit")
    if unit not in METRES:
        raise ApiError(400, '"unit" must be km, mi or m')
    return METRES[unit]


def _date(value: object, now_ms: int) -> int:
    if value is None or value == "":
        return now_ms
    try:
        return parse_ms(str(value))
    except ValueError:
        raise ApiError(400, '"date" must be an ISO 8601 date or Unix milliseconds') from None


def _wanted_unit() -> str:
    """Return the unit of the header ``x-vinli-unit``, m without one."""
    unit = request.headers.get("X-Vinli-Unit") or "m"
    if unit not in METRES:
        raise ApiError(400, "x-vinli-unit must be km, mi or m")
    return unit
