"""Diagnostic service: trouble codes and the battery (docs diagnostic-services)."""

from flask import Blueprint, Response, request

from sandbox.api.dates import iso
from sandbox.api.errors import ApiError
from sandbox.api.paging import offset_meta, read_window
from sandbox.api.serializers import to_json
from sandbox.services.callers import authenticated_caller
from sandbox.services.current import current_vinli
from sandbox.services.sources import json_item, json_page, page_of_few, period_of_request, source_of, url_of
from sandbox.world.driving.habits import local_day
from sandbox.world.driving.troubles import CATALOGUE, Code, Episode, catalogue_id
from sandbox.world.journal import Source

bp = Blueprint("diagnostic", __name__)


@bp.get("/api/v1/vehicles/<vehicle_id>/codes")
def list_codes_of_vehicle(vehicle_id: str) -> Response:
    """Return a page of the times when a code was on, by their beginning; ``state`` is active, inactive or all."""
    source = source_of("vehicles", vehicle_id)
    period = period_of_request(source, "state")
    state = request.args.get("state") or "all"
    if state not in ("all", "active", "inactive"):
        raise ApiError(400, '"state" must be active, inactive or all')
    found = [
        (episode.start_ms, episode)
        for episode in current_vinli().journal.episodes(source)
        if state == "all" or (episode.stop_ms is None) is (state == "active")
    ]
    return page_of_few(
        "diagnostic", "codes", period, found, lambda item: to_json(_occurrence(source, item[1]))
    )


@bp.get("/api/v1/codes")
def list_catalogue() -> Response:
    """Return a page of the catalogue of codes; ``number`` and ``make`` filter it."""
    authenticated_caller()
    window = read_window(request.args, "number", "make")
    number, make = request.args.get("number"), request.args.get("make")
    found = [
        code
        for code in CATALOGUE.values()
        if (not number or code.number == number.upper()) and (not make or make == "generic")
    ]
    shown = found[window.offset :][: window.limit]
    meta = offset_meta(url_of("diagnostic"), window, len(found))
    return json_page("codes", to_json([_entry(code) for code in shown]), meta)


@bp.get("/api/v1/codes/<code_id>")
def show_code(code_id: str) -> Response:
    """Return one entry of the catalogue. The docs say that it is an occurrence, and show an entry."""
    authenticated_caller()
    seed = current_vinli().seed
    code = next((one for one in CATALOGUE.values() if catalogue_id(seed, one.number) == code_id), None)
    if code is None:
        raise ApiError(404, "No such code")
    return json_item("code", _entry(code))


@bp.get("/api/v1/vehicles/<vehicle_id>/battery_statuses/_current")
def show_battery(vehicle_id: str) -> Response:
    """Return the state of a vehicle's battery at its last start; null if it was never started."""
    vinli, source = current_vinli(), source_of("vehicles", vehicle_id)
    at = source.vehicle and vinli.journal.last_startup_ms(source.vehicle)
    if not at or source.vehicle is None:
        return json_item("batteryStatus", None)
    status = vinli.journal.troubles.battery(source.vehicle.number, local_day(at))
    return json_item("batteryStatus", {"status": status, "timestamp": iso(at)})


def _occurrence(source: Source, episode: Episode) -> dict[str, object]:
    vinli = current_vinli()
    origin, code = vinli.addresses.origin, CATALOGUE[episode.code]
    vehicle_id = source.vehicle.id if source.vehicle else ""
    return {
        "id": vinli.seed.uuid(f"occurrence {vehicle_id} {episode.number}"),
        "deviceId": source.device.id,
        "vehicleId": vehicle_id,
        "number": code.number,
        "description": code.description,
        "start": iso(episode.start_ms),
        "stop": None if episode.stop_ms is None else iso(episode.stop_ms),
        "links": {
            "code": f"{origin('diagnostic')}/api/v1/codes/{catalogue_id(vinli.seed, code.number)}",
            "device": f"{origin('platform')}/api/v1/devices/{source.device.id}",
            "vehicle": f"{origin('platform')}/api/v1/vehicles/{vehicle_id}",
        },
    }


def _entry(code: Code) -> dict[str, object]:
    """Return an entry. Clients read ``subSystem`` or ``subsystem``, so both are there."""
    vinli = current_vinli()
    code_id = catalogue_id(vinli.seed, code.number)
    return {
        "id": code_id,
        "make": "generic",
        "system": code.system,
        "subSystem": code.sub_system,
        "subsystem": code.sub_system,
        "number": code.number,
        "description": code.description,
        "links": {"self": f"{vinli.addresses.origin('diagnostic')}/api/v1/codes/{code_id}"},
    }
