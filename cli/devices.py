"""The command line of the devices: ``flask --app app devices list|show``.

Tables are for people, ``--json`` and ``--csv`` for programs. If a command fails, it prints the reason on standard
error and exits with 1. Its output until then is incomplete.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from typing import Any

import click
from flask.cli import AppGroup

from blueprints.web.operators import app_auth
from blueprints.web.services import services
from cli.layout import columns, folded, line_width, padded
from cli.lists import forms
from cli.output import fails_in_words, for_programs, json_array, print_facts, print_json, printable, write
from domain.cars.exports.devices import csv_rows
from domain.dates import iso
from domain.list_stream import ListStream
from providers.vinli.platform import Device, Vehicle

# Columns for names. With fewer, each device is a block of lines.
_LEAST_NAME = 12

devices = AppGroup("devices", help="The devices of the app, through the BasicAuth app client.")


@devices.command("list")
@forms
@fails_in_words
def list_devices(form: str | None, limit: int | None) -> None:
    """List every device of the app, newest first."""
    if form:
        for_programs()
    with closing(_open_stream()) as stream:
        for piece in _PRINTED[form](islice(stream.rows(), limit)):
            write(piece)


@devices.command("show")
@click.argument("device_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@fails_in_words
def show_device(device_id: str, as_json: bool) -> None:
    """Show one device of the app and its latest vehicle."""
    platform = services().platform
    device = platform.device(app_auth(), device_id)
    about = device_dict(device) | {"vehicle": vehicle_dict(platform.latest_vehicle(app_auth(), device.id))}
    if as_json:
        print_json(about)
    else:
        print_facts(about)


def device_dict(device: Device) -> dict[str, Any]:
    """Return a device as plain JSON values. `flaws` names the fields that Vinli's record lacks, if there are any."""
    about: dict[str, Any] = {
        "id": device.id or None,
        "name": device.name,
        "chip_id": device.chip_id,
        "created_at": iso(device.created_at) or None,
        "virtual": device.is_virtual,
    }
    return about | {"flaws": list(device.flaws)} if device.flaws else about


def vehicle_dict(vehicle: Vehicle | None) -> dict[str, Any] | None:
    """Return a vehicle as plain JSON values; None if there is none."""
    if vehicle is None:
        return None
    names = ("id", "vin", "year", "make", "model", "trim")
    return {name: getattr(vehicle, name) for name in names} | {
        "last_startup": iso(vehicle.last_startup) or None
    }


def _open_stream() -> ListStream[Device]:
    return ListStream(lambda: services().platform.devices(app_auth()), services().bulkhead)


def _as_json(rows: Iterator[Device]) -> Iterator[str]:
    return json_array(map(device_dict, rows))


def _as_json_lines(rows: Iterator[Device]) -> Iterator[str]:
    return (json.dumps(device_dict(one), ensure_ascii=False) + "\n" for one in rows)


def _table(rows: Iterator[Device]) -> Iterator[str]:
    """Yield the devices as they arrive, as rows of a table or, in a narrow terminal, as blocks; then the count."""
    width = line_width()
    name_width = width - columns(_row("", "", "", ""))
    is_narrow = name_width < _LEAST_NAME
    if not is_narrow:
        yield _row("ID", "CHIP ID", "ADDED", "NAME") + "\n"
    count = 0
    for count, device in enumerate(rows, start=1):  # noqa: B007
        mark = f"  (lacks {', '.join(device.flaws)})" if device.flaws else ""
        chip_id, name = printable(device.chip_id), printable(device.name) + mark
        added = iso(device.created_at)[:10]
        if is_narrow:
            lines = [*folded(name or "(no name)", width), f"  {device.id}", f"  {chip_id}  {added}".rstrip()]
        else:
            first, *others = folded(name, name_width)
            lines = [
                _row(device.id, chip_id, added, first).rstrip(),
                *(_row("", "", "", more) for more in others),
            ]
        yield "\n".join(lines) + "\n"
    yield f"{count:,} {'device' if count == 1 else 'devices'}\n"


_PRINTED: dict[str | None, Callable[[Iterator[Device]], Iterator[str]]] = {
    None: _table,
    "json": _as_json,
    "jsonl": _as_json_lines,
    "csv": csv_rows,
}


def _row(device_id: str, chip_id: str, added: str, name: str) -> str:
    return f"{device_id:<36}  {padded(chip_id, 12)}  {added:<10}  {name}"
