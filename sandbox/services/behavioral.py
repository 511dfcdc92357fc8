"""Behavioral service: report cards (docs behavioral-services/report-card-service)."""

from collections import Counter

from flask import Blueprint, Response

from sandbox.api.errors import ApiError
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
from sandbox.world.driving.statistics import grade_of
from sandbox.world.journal import Source, is_completed

bp = Blueprint("behavioral", __name__)

GRADES = "ABCDFI"


@bp.get(f"{SUBJECT}/report_cards")
def list_report_cards(kind: str, subject_id: str) -> Response:
    """Return a page of report cards, one for each completed trip, by the start of the trip."""
    source = source_of(kind, subject_id)
    period = period_of_request(source)
    drives = source.completed_trips(period.since, period.until, newest_first=not period.ascending)
    return page_by_time(
        "behavioral",
        "reportCards",
        period,
        ((drive.start_ms, drive) for drive in drives),
        lambda _: source.count_completed_trips(period.since, period.until),
        lambda item: to_json(_card(source, item[1])),
    )


@bp.get("/api/v1/devices/<device_id>/report_cards/overall")
def show_overall(device_id: str) -> Response:
    """Return the grades of a period together. Counts are texts, as in the docs; both follow the same period."""
    source = source_of("devices", device_id)
    period = period_of_request(source)
    drives = list(source.completed_trips(period.since, period.until))
    counts = Counter(grade_of(drive) for drive in drives)
    graded = sum(counts[grade] for grade in "ABCDF")
    weights = {"A": 4, "B": 3, "C": 2, "D": 1, "F": 0}
    mean = sum(counts[grade] * weight for grade, weight in weights.items()) / graded if graded else 0
    overall = "DCBA"[max(0, min(3, round(mean) - 1))] if graded and mean >= 0.5 else "F" if graded else "I"
    return Response(
        to_json(
            {
                "reportCard": {"overallGrade": overall},
                "tripSampleSize": len(drives),
                "gradeCount": {grade: str(counts[grade]) for grade in GRADES},
            }
        ),
        mimetype="application/json",
    )


@bp.get("/api/v1/trips/<trip_id>/report_cards/_current")
def show_report_card_of_trip(trip_id: str) -> Response:
    """Return the report card of a trip; 404 until the trip is completed, which is a guess."""
    source, drive = _completed(trip_id)
    return json_item("reportCard", _card(source, drive))


@bp.get("/api/v1/trips/<trip_id>/report_card")
def list_report_card_of_trip(trip_id: str) -> Response:
    """Return the report card of a trip in the older form (docs API-reference): a list of one, without ``meta``."""
    source, drive = _completed(trip_id)
    return json_item("reportCards", [_card(source, drive)])


@bp.get("/api/v1/report_cards/<card_id>")
def show_report_card(card_id: str) -> Response:
    """Return one report card."""
    source, drive = visible(current_vinli().journal.find_report_card(card_id), "report card")
    return json_item("reportCard", _card(source, drive))


def _completed(trip_id: str) -> tuple[Source, Drive]:
    vinli = current_vinli()
    source, drive = visible(vinli.journal.find_trip(trip_id), "trip")
    if not is_completed(drive, source.history.now_ms()):
        raise ApiError(404, "The trip has no report card yet")
    return source, drive


def _card(source: Source, drive: Drive) -> dict[str, object]:
    vinli = current_vinli()
    journal, origin = vinli.journal, vinli.addresses.origin
    device_id, vehicle_id = source.device.id, source.vehicle_of(drive).id
    card_id, trip_id = journal.report_card_id(source.device, drive), journal.trip_id(source.device, drive)
    return {
        "id": card_id,
        "deviceId": device_id,
        "vehicleId": vehicle_id,
        "tripId": trip_id,
        "grade": grade_of(drive),
        "links": {
            "self": f"{origin('behavioral')}/api/v1/report_cards/{card_id}",
            "trip": f"{origin('trips')}/api/v1/trips/{trip_id}",
            "device": f"{origin('platform')}/api/v1/devices/{device_id}",
            "vehicle": f"{origin('platform')}/api/v1/vehicles/{vehicle_id}",
        },
    }
