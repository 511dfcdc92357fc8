"""The command line of what cars did: ``flask --app app vehicles|trips|locations|messages|snapshots|events|codes``.

Everything is read through the BasicAuth app client. DEVICE and VEHICLE are ids; without any, all devices of the app are
read, one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import click
from flask.cli import AppGroup

from blueprints.web.operators import app_auth
from blueprints.web.services import services
from cli.lists import Asked, Column, Record, lists
from cli.output import fails_in_words, print_facts, print_json, write
from cli.times import shown, zone_of
from domain.cars.exports.tracks import Point, as_csv, as_geojson, as_gpx
from domain.dates import iso
from providers.vinli.telemetry import Message
from providers.vinli.trips import Trip
from providers.vinli.values import Subject, device, vehicle

vehicles = AppGroup("vehicles", help="The vehicles of the app's devices.")
trips = AppGroup("trips", help="The trips of the app's cars, and their files.")
locations = AppGroup("locations", help="Where the app's cars were.")
messages = AppGroup("messages", help="What the app's cars reported.")
snapshots = AppGroup("snapshots", help="Single parameters that the app's cars reported.")
events = AppGroup("events", help="What happened to the app's cars.")
codes = AppGroup("codes", help="The trouble codes of the app's cars.")
GROUPS = (vehicles, trips, locations, messages, snapshots, events, codes)

Read = Callable[[Subject, Asked], Iterator[Record]]


def _subjects(device_id: str | None, vehicle_id: str | None) -> Iterator[Subject]:
    """Yield whose data is asked for: one device, one vehicle, or all devices of the app."""
    if device_id and vehicle_id:
        raise click.UsageError("Choose one of DEVICE and --vehicle.")
    if vehicle_id:
        yield vehicle(vehicle_id)
    elif device_id:
        yield device(device_id)
    else:
        for one in services().platform.devices(app_auth()):
            if one.id:
                yield device(one.id)


def _records(asked: Asked, device_id: str | None, vehicle_id: str | None, read: Read) -> Iterator[Record]:
    for subject in _subjects(device_id, vehicle_id):
        yield from read(subject, asked)


def _subject_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option(
        "--vehicle", "vehicle_id", metavar="ID", help="Of a vehicle in place of a device."
    )(command)
    return click.argument("device_id", metavar="[DEVICE]", required=False)(command)


def _at(asked: Asked, name: str = "at") -> Callable[[Record], str]:
    return lambda record: shown(record[name], asked.zone)


def _text(name: str) -> Callable[[Record], str]:
    return lambda record: "" if record.get(name) is None else str(record[name])


# --- vehicles


@vehicles.command("list")
@lists
def list_vehicles(asked: Asked) -> None:
    """List the latest vehicle of each device of the app."""

    def read() -> Iterator[Record]:
        for subject in _subjects(None, None):
            found = services().platform.latest_vehicle(app_auth(), subject.id)
            if found is not None:
                names = ("id", "vin", "year", "make", "model", "trim", "last_startup")
                yield {"device_id": subject.id} | {name: getattr(found, name) for name in names}

    table = [
        Column("VEHICLE", 36, _text("id")),
        Column("VIN", 17, _text("vin")),
        Column("CAR", 12, _car),
    ]
    asked.print(read(), table, ("vehicle", "vehicles"))


def _car(record: Record) -> str:
    return " ".join(str(record[name]) for name in ("year", "make", "model") if record[name])


# --- trips


@trips.command("list")
@_subject_options
@lists
def list_trips(asked: Asked, device_id: str | None, vehicle_id: str | None) -> None:
    """List trips by their start, newest first."""

    def read(subject: Subject, asked: Asked) -> Iterator[Record]:
        found = services().history.trips.trips(app_auth(), subject, since=asked.since, until=asked.until)
        return map(trip_record, found)

    table = [
        Column("STARTED", 19, _at(asked, "start")),
        Column("MINUTES", 7, lambda record: _minutes(record)),
        Column(
            "KM",
            6,
            lambda record: "" if record["distance_m"] is None else f"{record['distance_m'] / 1000:.1f}",
        ),
        Column("TRIP", 36, _text("id")),
    ]
    asked.print(_records(asked, device_id, vehicle_id, read), table, ("trip", "trips"))


def trip_record(trip: Trip) -> Record:
    """Return a trip as plain values. Lengths are metres, speeds km/h, fuel litres."""
    stats = trip.statistics
    return {
        "id": trip.id,
        "device_id": trip.device_id,
        "vehicle_id": trip.vehicle_id,
        "start": trip.start,
        "stop": trip.stop,
        "status": trip.status,
        "distance_m": stats.distance_m,
        "duration_ms": stats.duration_ms,
        "average_speed_kmh": stats.average_speed_kmh,
        "top_speed_kmh": stats.top_speed_kmh,
        "fuel_l": stats.fuel_l,
        "hard_accelerations": stats.hard_accelerations,
        "hard_brakings": stats.hard_brakings,
        "start_position": None if trip.start_position is None else list(trip.start_position),
        "stop_position": None if trip.stop_position is None else list(trip.stop_position),
    }


def _minutes(record: Record) -> str:
    if record["stop"] is None:
        return "driving"
    return f"{(record['stop'] - record['start']).total_seconds() / 60:.0f}"


@trips.command("show")
@click.argument("trip_id", metavar="TRIP")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@click.option("--tz", metavar="ZONE", help="Time zone of what you read; default: the machine's.")
@fails_in_words
def show_trip(trip_id: str, as_json: bool, tz: str | None) -> None:
    """Show one trip."""
    record = trip_record(services().history.trips.trip(app_auth(), trip_id))
    zone = zone_of(tz)
    if as_json:
        print_json({name: iso(one) if isinstance(one, datetime) else one for name, one in record.items()})
    else:
        print_facts(
            {name: shown(one, zone) if isinstance(one, datetime) else one for name, one in record.items()}
        )


@trips.command("export")
@click.argument("trip_id", metavar="TRIP")
@click.option("--gpx", "form", flag_value="gpx", default="gpx", help="Print GPX 1.1 (default).")
@click.option("--geojson", "form", flag_value="geojson", help="Print a GeoJSON Feature.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV with a header line.")
@fails_in_words
def export_trip(trip_id: str, form: str) -> None:
    """Print the way of a trip: its positions with their times, oldest first."""
    trip = services().history.trips.trip(app_auth(), trip_id)
    points = [
        Point(one.at, *one.position, one.speed_kmh)
        for one in trip_positions(trip)
        if one.position is not None
    ][::-1]
    name = f"Trip of {iso(trip.start)}"
    text = {"gpx": as_gpx, "geojson": as_geojson}[form](name, points) if form != "csv" else as_csv(points)
    write(text)


def trip_positions(trip: Trip) -> Iterator[Message]:
    """Yield the positions of a trip with their speeds, newest first. The one at the start is among them."""
    subject = device(trip.device_id or "") if trip.device_id else vehicle(trip.vehicle_id or "")
    before_start = trip.start.timestamp() - 0.001
    return iter(
        services().history.telemetry.locations(
            app_auth(),
            subject,
            ["vehicleSpeed"],
            since=datetime.fromtimestamp(before_start, UTC),
            until=trip.stop,
        )
    )


# --- messages, locations, snapshots


@messages.command("list")
@_subject_options
@lists
def list_messages(asked: Asked, device_id: str | None, vehicle_id: str | None) -> None:
    """List messages, newest first."""

    def read(subject: Subject, asked: Asked) -> Iterator[Record]:
        found = services().history.telemetry.messages(
            app_auth(), subject, since=asked.since, until=asked.until
        )
        return map(_message_record, found)

    table = [Column("AT", 19, _at(asked)), Column("POSITION", 21, _place), Column("VALUES", 20, _values)]
    asked.print(_records(asked, device_id, vehicle_id, read), table, ("message", "messages"))


@locations.command("list")
@click.option(
    "--fields", default="", metavar="NAMES", help="Parameters to show, such as rpm,vehicleSpeed; or all."
)
@_subject_options
@lists
def list_locations(asked: Asked, device_id: str | None, vehicle_id: str | None, fields: str) -> None:
    """List positions, newest first."""

    def read(subject: Subject, asked: Asked) -> Iterator[Record]:
        found = services().history.telemetry.locations(
            app_auth(), subject, _names(fields), since=asked.since, until=asked.until
        )
        return map(_message_record, found)

    table = [Column("AT", 19, _at(asked)), Column("POSITION", 21, _place), Column("VALUES", 8, _values)]
    asked.print(_records(asked, device_id, vehicle_id, read), table, ("position", "positions"))


@snapshots.command("list")
@click.option("--fields", required=True, metavar="NAMES", help="The parameters, such as rpm,coolantTemp.")
@_subject_options
@lists
def list_snapshots(asked: Asked, device_id: str | None, vehicle_id: str | None, fields: str) -> None:
    """List the messages that carry one of the parameters, with these values alone."""

    def read(subject: Subject, asked: Asked) -> Iterator[Record]:
        found = services().history.telemetry.snapshots(
            app_auth(), subject, _names(fields), since=asked.since, until=asked.until
        )
        return map(_message_record, found)

    table = [Column("AT", 19, _at(asked)), Column("VALUES", 20, _values)]
    asked.print(_records(asked, device_id, vehicle_id, read), table, ("snapshot", "snapshots"))


def _names(fields: str) -> list[str]:
    return [name.strip() for name in fields.split(",") if name.strip()]


def _message_record(message: Message) -> Record:
    longitude, latitude = message.position or (None, None)
    return {
        "id": message.id,
        "at": message.at,
        "longitude": longitude,
        "latitude": latitude,
        "values": message.values,
    }


def _place(record: Record) -> str:
    return "" if record["latitude"] is None else f"{record['latitude']:.5f} {record['longitude']:.5f}"


def _values(record: Record) -> str:
    return " ".join(f"{name}={_short(value)}" for name, value in record["values"].items() if name != "accel")


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


# --- events, codes


@events.command("list")
@click.option("--type", "kind", metavar="TYPE", help="One type, or a wildcard such as trip-*.")
@_subject_options
@lists
def list_events(asked: Asked, device_id: str | None, vehicle_id: str | None, kind: str | None) -> None:
    """List events, newest first."""

    def read(subject: Subject, asked: Asked) -> Iterator[Record]:
        found = services().history.events.events(
            app_auth(), subject, kind=kind, since=asked.since, until=asked.until
        )
        names = ("id", "at", "kind", "device_id", "vehicle_id", "object_id", "object_kind", "meta")
        return ({name: getattr(one, name) for name in names} for one in found)

    table = [
        Column("AT", 19, _at(asked)),
        Column("EVENT", 16, _text("kind")),
        Column(
            "ABOUT", 36, lambda record: f"{record['object_kind'] or ''} {record['object_id'] or ''}".strip()
        ),
    ]
    asked.print(_records(asked, device_id, vehicle_id, read), table, ("event", "events"))


@codes.command("list")
@click.option(
    "--state", type=click.Choice(["all", "active", "inactive"]), default="all", help="Default: all."
)
@_subject_options
@lists
def list_codes(asked: Asked, device_id: str | None, vehicle_id: str | None, state: Any) -> None:
    """List the trouble codes of vehicles by their beginning, newest first. DEVICE stands for its latest vehicle."""

    def read(subject: Subject, asked: Asked) -> Iterator[Record]:
        vehicle_of = subject.id
        if subject.kind == "devices":
            found = services().platform.latest_vehicle(app_auth(), subject.id)
            if found is None:
                return iter(())
            vehicle_of = found.id
        listing = services().history.diagnostic.codes(
            app_auth(), vehicle_of, state, since=asked.since, until=asked.until
        )
        names = ("id", "number", "description", "start", "stop", "device_id", "vehicle_id")
        return ({name: getattr(one, name) for name in names} for one in listing)

    table = [
        Column("CODE", 5, _text("number")),
        Column("ON", 19, _at(asked, "start")),
        Column("OFF", 19, lambda record: shown(record["stop"], asked.zone) or "still on"),
        Column("MEANS", 20, _text("description")),
    ]
    asked.print(_records(asked, device_id, vehicle_id, read), table, ("code", "codes"))
