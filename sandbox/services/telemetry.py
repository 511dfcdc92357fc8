"""Telemetry service: messages, locations, snapshots (docs telemetry-services)."""

from flask import Blueprint, Response, request

from sandbox.api.dates import iso
from sandbox.api.errors import ApiError
from sandbox.api.serializers import to_json
from sandbox.api.streams import Period, stream_meta, take
from sandbox.services.current import current_vinli
from sandbox.services.sources import (
    SUBJECT,
    json_item,
    json_page,
    page_by_time,
    period_of_request,
    source_of,
    url_of,
    visible,
    visible_device,
)
from sandbox.world.driving.drives import Drive, Sample
from sandbox.world.driving.engine import ONCE, TURNS
from sandbox.world.journal import Message, Source

bp = Blueprint("telemetry", __name__)

ALL = "all"


@bp.get(f"{SUBJECT}/messages")
def list_messages(kind: str, subject_id: str) -> Response:
    """Return a page of messages (docs telemetry-services/device-messages)."""
    source = source_of(kind, subject_id)
    period = period_of_request(source)
    places = source.message_places(period.since, period.until, newest_first=not period.ascending)

    def text(place: tuple[int, Drive, int]) -> str:
        return to_json(_message(source.message(place[1], place[2]), source.device.id))

    return page_by_time(
        "telemetry",
        "messages",
        period,
        places,
        lambda _: source.count_messages(period.since, period.until),
        text,
    )


@bp.get("/api/v1/devices/<device_id>/messages/<message_id>")
def show_message_of_device(device_id: str, message_id: str) -> Response:
    """Return one message of a device (vinli-node ``device.message``)."""
    visible_device(device_id)
    source, drive, item = _found(message_id)
    if source.device.id != device_id:
        raise ApiError(404, "No such message")
    return json_item("message", _message(source.message(drive, item), device_id))


@bp.get("/api/v1/messages/<message_id>")
def show_message(message_id: str) -> Response:
    """Return one message (docs until 2024, and the ``self`` links). ``deviceId`` may come, and is not needed."""
    source, drive, item = _found(message_id)
    return json_item("message", _message(source.message(drive, item), source.device.id))


@bp.get(f"{SUBJECT}/locations")
def list_locations(kind: str, subject_id: str) -> Response:
    """Return a page of the messages with a position, as GeoJSON (docs telemetry-services/location-history).

    Clients read the values in ``properties`` or in ``properties.data``; both are there. Without ``fields`` there are
    none, as android-net needs it.
    """
    source = source_of(kind, subject_id)
    period = period_of_request(source, "fields")
    fields = _fields(default=frozenset())
    shown, total = _samples(source, period, None, located=True)
    features = [_feature(source, drive, sample, fields) for _, drive, sample in shown]
    collection = to_json({"type": "FeatureCollection", "features": features})
    return json_page("locations", collection, _meta(period, shown, total))


@bp.get(f"{SUBJECT}/snapshots")
def list_snapshots(kind: str, subject_id: str) -> Response:
    """Return a page of the messages that carry one of the fields (docs telemetry-services/telemetry-snapshots).

    ``data`` holds these fields alone. The docs do not say what comes without ``fields``; here all of them come.
    """
    source = source_of(kind, subject_id)
    period = period_of_request(source, "fields")
    fields = _fields(default=None)
    shown, total = _samples(source, period, fields, located=False)
    found = [_snapshot(source, drive, sample, fields) for _, drive, sample in shown]
    return json_page("snapshots", to_json(found), _meta(period, shown, total))


def _samples(
    source: Source, period: Period, fields: frozenset[str] | None, *, located: bool
) -> tuple[list[tuple[int, Drive, Sample]], int]:
    """Return the samples of a page, and how many the period has."""
    walk = source.samples(
        period.since, period.until, fields, located=located, newest_first=not period.ascending
    )
    shown = take(walk, period.limit)
    return shown, source.count_samples(period.since, period.until, fields, located=located)


def _meta(period: Period, shown: list[tuple[int, Drive, Sample]], total: int) -> dict[str, object]:
    return stream_meta(
        url_of("telemetry"), period, shown[-1][0] if shown else None, max(0, total - len(shown))
    )


def _fields(default: frozenset[str] | None) -> frozenset[str] | None:
    """Return the fields that are asked for, None for all. An empty value counts as missing (vinli-node sends it)."""
    text = request.args.get("fields", "")
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    if not names:
        return default
    return None if ALL in names else names


def _found(message_id: str) -> tuple[Source, Drive, int]:
    found = current_vinli().journal.find_message(message_id)
    if found is None:
        visible(None, "message")
    source, drive, item = found  # type: ignore[misc]
    visible((source, drive), "message")
    return source, drive, item


def _message(message: Message, device_id: str) -> dict[str, object]:
    origin = current_vinli().addresses.origin("telemetry")
    return {
        "id": message.id,
        "timestamp": iso(message.timestamp_ms),
        "data": message.data,
        "links": {"self": f"{origin}/api/v1/messages/{message.id}?deviceId={device_id}"},
    }


def _values(source: Source, drive: Drive, sample: Sample, fields: frozenset[str] | None) -> dict[str, object]:
    data = current_vinli().journal.message_of(source, drive, sample).data
    return data if fields is None else {name: value for name, value in data.items() if name in fields}


def _feature(
    source: Source, drive: Drive, sample: Sample, fields: frozenset[str] | None
) -> dict[str, object]:
    journal, origin = current_vinli().journal, current_vinli().addresses.origin("telemetry")
    message_id = journal.message_id(source, drive, sample.item)
    values = _values(source, drive, sample, fields) if fields is None or fields else {}
    values.pop("location", None)
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": list(sample.position or ())},
        "properties": {
            "id": message_id,
            "timestamp": iso(sample.timestamp_ms),
            "data": values,
            "links": {"self": f"{origin}/api/v1/messages/{message_id}"},
            **{name: value for name, value in values.items() if name in TURNS or name in ONCE},
        },
    }


def _snapshot(
    source: Source, drive: Drive, sample: Sample, fields: frozenset[str] | None
) -> dict[str, object]:
    journal, origin = current_vinli().journal, current_vinli().addresses.origin("telemetry")
    message_id = journal.message_id(source, drive, sample.item)
    return {
        "id": message_id,
        "timestamp": iso(sample.timestamp_ms),
        "data": _values(source, drive, sample, fields),
        "links": {"self": f"{origin}/api/v1/messages/{message_id}"},
    }
