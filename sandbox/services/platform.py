"""Platform service: devices and vehicles (docs platform-services/device-service, platform-services/vehicle-service)."""

import json
import re
from collections.abc import Sequence

from flask import Blueprint, Response, jsonify, request

from sandbox.api.errors import ApiError
from sandbox.api.paging import Window, offset_meta, read_window
from sandbox.api.serializers import to_json
from sandbox.services.callers import app_caller, authenticated_caller, first_app_caller
from sandbox.services.current import current_vinli
from sandbox.services.sources import visible_device, visible_vehicle
from sandbox.world.fleet import CASE_ID, FleetFull
from sandbox.world.vehicles import Vehicle

bp = Blueprint("platform", __name__)

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


@bp.get("/api/v1/devices")
def list_devices() -> Response:
    """Return a page of devices: all of the app's for Basic, the driver's own for Bearer.

    Newest first, oldest first with ``sortDirection=asc`` (docs general/pagination). The docs do not say which fields
    ``sortBy`` may name; here it is ``createdAt`` alone.
    """
    caller = authenticated_caller()
    window = read_window(request.args, "sortBy", "sortDirection")
    newest_first = _is_newest_first()
    vinli = current_vinli()
    if caller.is_empty:
        total, devices = 0, []
    elif caller.driver is None:
        total, devices = vinli.fleet.total(), vinli.fleet.page(window.offset, window.limit, newest_first)
    else:
        own = vinli.fleet.of_driver(caller.driver)
        total, devices = len(own), (own if newest_first else own[::-1])[window.offset :][: window.limit]
    return _page("devices", [vinli.serializers.device(device) for device in devices], window, total)


@bp.get("/api/v1/devices/<device_id>")
def show_device(device_id: str) -> Response:
    """Return one device."""
    return _item("device", current_vinli().serializers.device(visible_device(device_id)))


def create_device() -> Response:
    """Add a device to the app by its id or the number of its case (vinli-node ``addDevice``).

    The docs describe this call for Enterprise apps only. The sandbox adds the device for every app, and answers the
    same when the device already exists; both are guesses. ``sandbox.shared_paths`` has the route.
    """
    first_app_caller()
    vinli = current_vinli()
    device_id, case_id = _wanted_device(request.get_data())
    try:
        device = vinli.fleet.add(device_id or vinli.fleet.id_for_case(case_id), None, None)
    except FleetFull:
        raise ApiError(409, "The sandbox keeps no more devices") from None
    response = _item("device", vinli.serializers.device(device))
    response.status_code = 201
    response.headers["Location"] = f"{vinli.addresses.origin('platform')}/api/v1/devices/{device.id}"
    return response


@bp.delete("/api/v1/devices/<device_id>")
def delete_device(device_id: str) -> Response:
    """Remove a device from the app, with its rules and subscriptions.

    The response is 204 without a body, which vinli-node reads as an empty string.
    """
    app_caller()
    device = visible_device(device_id)
    current_vinli().fleet.remove(device)
    current_vinli().watching.forget(device)
    return Response(status=204)


@bp.get("/api/v1/devices/<device_id>/capabilities")
def show_capabilities(device_id: str) -> Response:
    """Return an empty object. ios-net makes this call; what Vinli returns is not documented."""
    visible_device(device_id)
    return jsonify(capabilities={})


@bp.get("/api/v1/devices/<device_id>/vehicles")
def list_device_vehicles(device_id: str) -> Response:
    """Return a page of the vehicles that the device was plugged into, newest first."""
    vehicles = current_vinli().vehicles.of_device(visible_device(device_id))
    return _vehicle_page(vehicles)


@bp.get("/api/v1/devices/<device_id>/vehicles/_latest")
def show_latest_vehicle(device_id: str) -> Response:
    """Return the vehicle that the device is plugged into, null when it never was (vinli-node test)."""
    latest = next(iter(current_vinli().vehicles.of_device(visible_device(device_id))), None)
    return _item("vehicle", _vehicle(latest) if latest else "null")


@bp.get("/api/v1/vehicles")
def list_vehicles() -> Response:
    """Return a page of the vehicles of a driver's devices.

    Only ios-net makes this call, with Bearer. The app gets 403, which is a guess.
    """
    caller = authenticated_caller()
    if caller.driver is None:
        raise ApiError(403, "Ask with a driver's access token")
    vinli = current_vinli()
    return _vehicle_page(
        [v for device in vinli.fleet.of_driver(caller.driver) for v in vinli.vehicles.of_device(device)]
    )


@bp.get("/api/v1/vehicles/<vehicle_id>")
def show_vehicle(vehicle_id: str) -> Response:
    """Return one vehicle. The caller has to be allowed to see its device."""
    return _item("vehicle", _vehicle(visible_vehicle(vehicle_id)))


def _is_newest_first() -> bool:
    direction = request.args.get("sortDirection") or "desc"
    if direction not in ("asc", "desc") or (request.args.get("sortBy") or "createdAt") != "createdAt":
        raise ApiError(400, "Lists are sorted by createdAt, asc or desc")
    return direction == "desc"


def _wanted_device(body: bytes) -> tuple[str | None, str]:
    try:
        device = json.loads(body)["device"]
        device_id, case_id = device.get("id"), device.get("caseId")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        device_id = case_id = None
    if isinstance(device_id, str) and case_id is None and UUID.fullmatch(device_id):
        return device_id, ""
    if isinstance(case_id, str) and device_id is None and CASE_ID.fullmatch(case_id):
        return None, case_id
    raise ApiError(400, 'Send {"device": {"id": UUID}} or {"device": {"caseId": "VNL999"}}')


def _vehicle(vehicle: Vehicle) -> str:
    vinli = current_vinli()
    return vinli.serializers.vehicle(vehicle, vinli.journal.last_startup_ms(vehicle))


def _vehicle_page(vehicles: Sequence[Vehicle]) -> Response:
    window = read_window(request.args)
    shown = vehicles[window.offset :][: window.limit]
    return _page("vehicles", [_vehicle(vehicle) for vehicle in shown], window, len(vehicles))


def _page(key: str, items: Sequence[str], window: Window, total: int) -> Response:
    """Return a page of a list with ``meta`` and no other key, since older Android releases fail on any other."""
    url = current_vinli().addresses.origin("platform") + request.path
    meta = to_json(offset_meta(url, window, total))
    return Response(f'{{"{key}":[{",".join(items)}],"meta":{meta}}}', mimetype="application/json")


def _item(key: str, text: str) -> Response:
    return Response(f'{{"{key}":{text}}}', mimetype="application/json")
