"""The command line: ``flask --app app devices list|show`` and ``operator link``.

Tables are for people, ``--json`` and ``--csv`` for programs. If a command fails, it prints the reason on standard
error and exits with 1. Its output until then is incomplete.
"""

from __future__ import annotations

import functools
import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any, ParamSpec, TypeVar

import click
from flask.cli import AppGroup

from blueprints.web.operator_link import make_link
from blueprints.web.operators import app_auth, operator_enabled
from blueprints.web.services import services
from domain.cars.exports.csv import csv_rows
from domain.dates import iso
from domain.list_stream import ListStream
from domain.problems import problem_for
from providers.errors import NotFound, ProviderError
from providers.vinli.models import Device, Vehicle
from store.base import StoreError

P = ParamSpec("P")
R = TypeVar("R")

devices = AppGroup("devices", help="The devices of the app, through the BasicAuth app client.")
operator = AppGroup("operator", help="The operator's access to this site.")


def fails_in_words(command: Callable[P, R]) -> Callable[P, R]:
    """Print errors of remote systems and the store as text on standard error, and exit with status 1."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        # Log lines would appear between the rows that a person reads.
        logging.getLogger("providers").setLevel(logging.ERROR)
        try:
            return command(*args, **kwargs)
        except (ProviderError, StoreError) as error:
            raise click.ClickException(_in_words(error)) from error

    return guarded


def _in_words(error: Exception) -> str:
    if isinstance(error, NotFound):
        return "No device of this app has that id."
    problem = problem_for(error)
    advice = next((text for text in problem.todo if text.startswith("Operator:")), "")
    return " ".join(part for part in (f"{problem.title}. {problem.what}", advice, f"({error})") if part)


@devices.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a header line.")
@fails_in_words
def list_devices(as_json: bool, as_csv: bool) -> None:
    """List every device of the app, newest first."""
    if as_json and as_csv:
        raise click.UsageError("Choose one of --json and --csv.")
    with closing(_open_stream()) as stream:
        lines = (
            _json_array(stream.rows()) if as_json else csv_rows(stream.rows()) if as_csv else _table(stream)
        )
        for piece in lines:
            sys.stdout.write(piece)
        sys.stdout.flush()


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
        click.echo(json.dumps(about, indent=2, ensure_ascii=False))
        return
    for name, value in _flat(about):
        click.echo(f"{name:<22} {printable(value)}")


@operator.command("link")
@fails_in_words
def operator_link() -> None:
    """Print a link that signs the operator in, once, within a day."""
    if not operator_enabled():
        raise click.ClickException("The operator pages are off: OPERATOR_PASSWORD is not set.")
    click.echo(make_link())


def device_dict(device: Device) -> dict[str, Any]:
    """Return a device as plain JSON values."""
    return {
        "id": device.id,
        "name": device.name,
        "chip_id": device.chip_id,
        "created_at": iso(device.created_at),
        "virtual": device.is_virtual,
    }


def vehicle_dict(vehicle: Vehicle | None) -> dict[str, Any] | None:
    """Return a vehicle as plain JSON values; None if there is none."""
    if vehicle is None:
        return None
    names = ("id", "vin", "year", "make", "model", "trim")
    return {name: getattr(vehicle, name) for name in names} | {
        "last_startup": iso(vehicle.last_startup) or None
    }


def printable(value: object) -> str:
    """Return a value for a terminal, with U+FFFD in place of control characters, which could control the terminal."""
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def _open_stream() -> ListStream[Device]:
    return ListStream(lambda: services().platform.devices(app_auth()), services().bulkhead)


def _table(stream: ListStream[Device]) -> Iterator[str]:
    """Yield fixed-width rows as they arrive, then the count."""
    yield f"{'ID':<36}  {'CHIP ID':<12}  {'ADDED':<24}  NAME\n"
    count = 0
    for count, device in enumerate(stream.rows(), start=1):  # noqa: B007
        chip_id, name = printable(device.chip_id), printable(device.name)
        yield f"{device.id:<36}  {chip_id:<12}  {iso(device.created_at):<24}  {name}\n"
    yield f"{count:,} devices\n"


def _json_array(rows: Iterable[Device]) -> Iterator[str]:
    opening = "["
    for device in rows:
        yield f"{opening}\n{json.dumps(device_dict(device), ensure_ascii=False)}"
        opening = ","
    yield "[]\n" if opening == "[" else "\n]\n"


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
