"""Virtual Vinli: dummies, routes and runs (docs virtual-vinli)."""

import re

from flask import Blueprint, Response, request

from sandbox.api.dates import iso
from sandbox.api.errors import ApiError
from sandbox.api.paging import offset_meta, read_window
from sandbox.api.serializers import to_json
from sandbox.services.callers import Caller, authenticated_caller
from sandbox.services.current import current_vinli
from sandbox.services.sources import json_item, json_page, url_of
from sandbox.services.subjects import body_of_request, text_in
from sandbox.world.driving.documented_routes import RunRoute
from sandbox.world.driving.motion import way_through
from sandbox.world.driving.polyline import encode
from sandbox.world.dummies import STARTING_MS, Dummy, Run, TooMany
from sandbox.world.town.map import coordinates

bp = Blueprint("dummies", __name__)

# The letters of vinli-cli; the docs say 17 characters that begin with VV.
VIN = re.compile(r"VV[A-HJ-NP-Z0-9]{15}", re.ASCII)
LONGEST_NAME = 200


@bp.get("/api/v1/dummies")
def list_dummies() -> Response:
    """Return a page of the dummies, newest first: the app's, or those in a driver's account."""
    caller = authenticated_caller()
    return _page("dummies", [_dummy(one) for one in current_vinli().dummies.all() if _may_see(caller, one)])


@bp.post("/api/v1/dummies")
def create_dummy() -> Response:
    """Make a dummy. A driver's is in the driver's account at once, the app's after somebody added it by its case.

    vinli-cli's README says that an app has at most five; the sixth is 409 here, which is a guess.
    """
    caller = authenticated_caller()
    if caller.is_empty:
        raise ApiError(403, "The sandbox's dummies belong to the app that it names at its start")
    name = text_in(body_of_request("dummy"), "name", LONGEST_NAME)
    try:
        dummy = current_vinli().dummies.create(name, caller.driver)
    except TooMany:
        raise ApiError(409, "An app has at most 5 dummies") from None
    response = json_item("dummy", _dummy(dummy), 201)
    response.headers["Location"] = f"{_origin()}/api/v1/dummies/{dummy.id}"
    return response


@bp.get("/api/v1/dummies/<dummy_id>")
def show_dummy(dummy_id: str) -> Response:
    """Return one dummy."""
    return json_item("dummy", _dummy(_known(dummy_id)))


@bp.delete("/api/v1/dummies/<dummy_id>")
def delete_dummy(dummy_id: str) -> Response:
    """Delete a dummy with its device."""
    current_vinli().dummies.delete(_known(dummy_id))
    return Response(status=204)


@bp.get("/api/v1/routes")
def list_routes() -> Response:
    """Return a page of the routes."""
    authenticated_caller()
    return _page("routes", [_route(one) for one in current_vinli().dummies.routes])


@bp.get("/api/v1/routes/<route_id>")
def show_route(route_id: str) -> Response:
    """Return one route."""
    authenticated_caller()
    route = current_vinli().dummies.route(route_id)
    if route is None:
        raise ApiError(404, "No such route")
    return json_item("route", _route(route))


@bp.post("/api/v1/dummies/<dummy_id>/runs")
def start_run(dummy_id: str) -> Response:
    """Start a run along a route. ``repeat`` may be a text, as Android sends it."""
    dummy, body = _known(dummy_id), body_of_request("run")
    vin, route_id = body.get("vin"), body.get("routeId", body.get("routeID"))
    if not isinstance(vin, str) or not VIN.fullmatch(vin):
        raise ApiError(400, '"vin" must have 17 characters and begin with VV')
    route = current_vinli().dummies.route(route_id) if isinstance(route_id, str) else None
    if route is None:
        raise ApiError(400, '"routeId" must be the id of a route')
    repeat = body.get("repeat")
    if repeat not in (None, True, False, "true", "false", ""):
        raise ApiError(400, '"repeat" must be true or false')
    repeats = repeat in (True, "true")
    return json_item(
        "run", _run(dummy, current_vinli().dummies.start(dummy, vin, route, repeats=repeats)), 201
    )


@bp.get("/api/v1/dummies/<dummy_id>/runs/_current")
def show_run(dummy_id: str) -> Response:
    """Return the run that is under way; null if there is none (vinli-cli, android-net-v2)."""
    dummy = _known(dummy_id)
    run = current_vinli().dummies.current(dummy)
    return json_item("run", _run(dummy, run) if run else None)


@bp.delete("/api/v1/dummies/<dummy_id>/runs/_current")
def stop_run(dummy_id: str) -> Response:
    """Stop the run that is under way. Vinli takes up to a minute; here it is done at once."""
    current_vinli().dummies.stop(_known(dummy_id))
    return Response(status=204)


def _known(dummy_id: str) -> Dummy:
    caller, dummy = authenticated_caller(), current_vinli().dummies.find(dummy_id)
    if dummy is None or not _may_see(caller, dummy):
        raise ApiError(404, "No such dummy")
    return dummy


def _may_see(caller: Caller, dummy: Dummy) -> bool:
    """Tell whether the caller may see a dummy. Its owner is kept with its device, which somebody may add any time."""
    device = current_vinli().fleet.find(dummy.device.id)
    return not caller.is_empty if device is None else caller.may_see(device)


def _page(key: str, items: list[dict[str, object]]) -> Response:
    window = read_window(request.args)
    shown = items[window.offset :][: window.limit]
    return json_page(key, to_json(shown), offset_meta(url_of("dummies"), window, len(items)))


def _dummy(dummy: Dummy) -> dict[str, object]:
    origin, here = current_vinli().addresses.origin, f"{_origin()}/api/v1/dummies/{dummy.id}"
    return {
        "id": dummy.id,
        "name": dummy.name,
        "deviceId": dummy.device.id,
        "caseId": dummy.case_id,
        "links": {
            "self": here,
            "runs": f"{here}/runs",
            "device": f"{origin('platform')}/api/v1/devices/{dummy.device.id}",
            "messages": f"{origin('telemetry')}/api/v1/devices/{dummy.device.id}/messages",
            "events": f"{origin('events')}/api/v1/devices/{dummy.device.id}/events",
        },
    }


def _route(route: RunRoute) -> dict[str, object]:
    way = way_through(route.junctions)
    points = [coordinates(leg.x, leg.y) for leg in way.legs]
    last = way.legs[-1]
    points.append(coordinates(last.x + last.across * last.length_m, last.y + last.up * last.length_m))
    return {
        "id": route.id,
        "name": route.name,
        "description": route.description,
        "messageCount": route.messages,
        "locationCount": route.locations,
        "distanceByGPS": route.gps_m,
        "distanceByVSS": route.speed_m,
        "duration": route.duration_ms,
        "preview": encode(points),
        "links": {"self": f"{_origin()}/api/v1/routes/{route.id}"},
    }


def _run(dummy: Dummy, run: Run) -> dict[str, object]:
    vinli = current_vinli()
    now = vinli.clock.now_ms()
    number = run.count(now) - 1
    drive = run.drive(number)
    sent = drive.count_between(0, now)
    passed = now - drive.start_ms
    status: dict[str, object] = {
        "routeId": run.route.id,
        "repeat": run.repeats,
        "state": "starting" if now - run.started_ms < STARTING_MS else "running",
        "repeatCount": number,
        "totalMessages": drive.planned_messages,
        "sentMessages": sent,
        "remainingMessages": drive.planned_messages - sent,
        "remainingSeconds": max(0, drive.duration_ms - passed) / 1000,
    }
    source = vinli.journal.of_device(dummy.device)
    samples = [one for one in drive.samples() if one.timestamp_ms <= now]
    if samples:
        engine, latest = vinli.journal.engine_of(source, drive), samples[-1]
        status["lastSpeed"] = round(latest.speed * 3.6)
        status["lastRPM"] = engine.data(drive, latest).get("rpm", engine.rpm(drive, latest))
        status["lastMessageTime"] = iso(latest.timestamp_ms)
        if latest.position is not None:
            status["lastLocation"] = {"type": "Point", "coordinates": list(latest.position)}
    return {
        "id": run.id,
        "status": status,
        "links": {"self": f"{_origin()}/api/v1/dummies/{dummy.id}/runs/_current"},
    }


def _origin() -> str:
    return current_vinli().addresses.origin("dummies")
