"""The command line of rules and of virtual devices: ``flask --app app rules|dummies``."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from operator import itemgetter

import click
from flask.cli import AppGroup

from blueprints.web.operators import app_auth
from blueprints.web.services import services
from cli.layout import columns, line_width
from cli.lists import Asked, Column, Record, plain_lists
from cli.output import fails_in_words, printable, say
from domain.dates import iso
from providers.vinli.dummies import Dummy, Route, Run
from providers.vinli.rules import Boundary, Circle, Parametric, Polygon, Rule
from providers.vinli.values import device

rules = AppGroup("rules", help="The rules of the app's devices.")
dummies = AppGroup("dummies", help="The app's virtual devices, and their runs along routes.")

# Letters and digits of VINs, which have no I, O and Q.
_VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
_LOOK_SECONDS = 1.0


@rules.command("list")
@click.argument("device_id", metavar="[DEVICE]", required=False)
@plain_lists
def list_rules(asked: Asked, device_id: str | None) -> None:
    """List the rules of a device, or those of all devices of the app."""
    client = services().history.rules

    def read() -> Iterator[Record]:
        for one in (
            [device_id] if device_id else [found.id for found in services().platform.devices(app_auth())]
        ):
            for rule in client.rules(app_auth(), device(one)):
                # Lists have no boundaries, so each rule is read.
                yield _record(client.rule(app_auth(), rule.id))

    table = [
        Column("RULE", 36, itemgetter("id")),
        Column("STATE", 13, lambda rule: _STATES[rule["covered"]]),
        Column("NAME AND BOUNDARIES", 20, lambda rule: f"{rule['name']}: {_words(rule)}"),
    ]
    asked.print(read(), table, ("rule", "rules"))


@rules.command("create")
@click.argument("device_id", metavar="DEVICE")
@click.argument("name")
@click.option("--parameter", metavar="NAME", help="A numeric parameter, such as vehicleSpeed.")
@click.option("--min", "least", type=float, help="Its least value, in its unit.")
@click.option("--max", "most", type=float, help="Its greatest value, in its unit.")
@click.option("--circle", nargs=3, type=float, metavar="LON LAT METRES", help="A place and a radius.")
@fails_in_words
def create_rule(
    device_id: str,
    name: str,
    parameter: str | None,
    least: float | None,
    most: float | None,
    circle: tuple[float, float, float] | None,
) -> None:
    """Make a rule for a device, and print its id."""
    boundaries: list[Boundary] = []
    if parameter:
        if least is None and most is None:
            raise click.UsageError("--parameter needs --min or --max.")
        boundaries.append(Parametric(parameter, least, most))
    if circle:
        boundaries.append(Circle(*circle))
    if not boundaries:
        raise click.UsageError("Give --parameter or --circle, or both.")
    say(services().history.rules.create(app_auth(), device(device_id), name, boundaries).id)


@rules.command("delete")
@click.argument("rule_id", metavar="RULE")
@fails_in_words
def delete_rule(rule_id: str) -> None:
    """Delete a rule."""
    services().history.rules.delete(app_auth(), rule_id)


_STATES = {True: "covered", False: "not covered", None: "not evaluated"}


def _words(rule: Record) -> str:
    return " and ".join(rule["boundaries"]) or "no boundary"


def _boundary_words(boundary: Boundary) -> str:
    match boundary:
        case Parametric(parameter, least, most):
            sides = [
                f"from {least:g}" if least is not None else "",
                f"to {most:g}" if most is not None else "",
            ]
            return " ".join((parameter, *filter(None, sides)))
        case Circle(longitude, latitude, radius):
            return f"within {radius:g} m of {latitude:.5f} {longitude:.5f}"
        case Polygon(points):
            return f"in a polygon of {max(0, len(points) - 1)} corners"


def _record(rule: Rule) -> Record:
    return {
        "id": rule.id,
        "name": rule.name,
        "device_id": rule.device_id,
        "covered": rule.is_covered,
        "created_at": iso(rule.created_at) or None,
        "boundaries": [_boundary_words(one) for one in rule.boundaries],
    }


# --- dummies


@dummies.command("list")
@plain_lists
def list_dummies(asked: Asked) -> None:
    """List the virtual devices of the app."""
    found = services().history.dummies.dummies(app_auth())
    names = ("id", "name", "device_id", "case_id")
    table = [
        Column("DUMMY", 36, itemgetter("id")),
        Column("CASE", 8, lambda dummy: dummy["case_id"] or ""),
        Column("NAME AND DEVICE", 20, lambda dummy: f"{dummy['name']} (device {dummy['device_id']})"),
    ]
    records = ({name: getattr(one, name) for name in names} for one in found)
    asked.print(records, table, ("dummy", "dummies"))


@dummies.command("routes")
@plain_lists
def list_routes(asked: Asked) -> None:
    """List the routes that a virtual device can run along."""
    found = services().history.dummies.routes(app_auth())
    names = ("id", "name", "description", "messages", "distance_m", "duration_ms")
    table = [
        Column("KM", 5, lambda route: f"{(route['distance_m'] or 0) / 1000:.1f}"),
        Column("MINUTES", 7, lambda route: f"{(route['duration_ms'] or 0) / 60_000:.0f}"),
        Column("ROUTE", 20, itemgetter("name")),
    ]
    records = ({name: getattr(one, name) for name in names} for one in found)
    asked.print(records, table, ("route", "routes"))


@dummies.command("create")
@click.argument("name")
@fails_in_words
def create_dummy(name: str) -> None:
    """Make a virtual device, and print its id. An app may have five."""
    say(services().history.dummies.create(app_auth(), name).id)


@dummies.command("delete")
@click.argument("dummy_id", metavar="DUMMY")
@fails_in_words
def delete_dummy(dummy_id: str) -> None:
    """Delete a virtual device."""
    services().history.dummies.delete(app_auth(), _dummy(dummy_id).id)


@dummies.command("stop")
@click.argument("dummy_id", metavar="DUMMY")
@fails_in_words
def stop_dummy(dummy_id: str) -> None:
    """Stop the run of a virtual device."""
    services().history.dummies.stop(app_auth(), _dummy(dummy_id).id)


@dummies.command("drive")
@click.argument("dummy_id", metavar="DUMMY")
@click.argument("route", metavar="ROUTE")
@click.option("--vin", help="17 characters that begin with VV; default: made up.")
@click.option("--repeat", is_flag=True, help="Begin again at the end of the route.")
@click.option("--no-watch", is_flag=True, help="Start the run, and do not wait for its end.")
@fails_in_words
def drive(dummy_id: str, route: str, vin: str | None, repeat: bool, no_watch: bool) -> None:
    """Start a run of a virtual device, and show it until its end.

    DUMMY and ROUTE are ids or names. Ctrl-C leaves the run going.
    """
    client = services().history.dummies
    dummy, along = _dummy(dummy_id), _route(route)
    made_up = "VV" + "".join(secrets.choice(_VIN_LETTERS) for _ in range(15))
    client.start(app_auth(), dummy.id, vin or made_up, along.id, repeats=repeat)
    say(f"{printable(dummy.name)} drives {printable(along.name)}, device {dummy.device_id}")
    while not no_watch:
        run = client.run(app_auth(), dummy.id)
        if run is None:
            say("The run has ended.")
            return
        say(_progress(run))
        time.sleep(_LOOK_SECONDS)


def _progress(run: Run) -> str:
    left = "" if run.remaining_s is None else f"{run.remaining_s:.0f} s left"
    speed = "" if run.last_speed_kmh is None else f"{run.last_speed_kmh:.0f} km/h"
    sent = f"{run.sent_messages or 0} of {run.total_messages or 0} messages"
    text = "  ".join(filter(None, (run.state, sent, speed, left)))
    return text if columns(text) <= line_width() else sent


def _dummy(text: str) -> Dummy:
    """Return a dummy by its id or name. Raises ClickException."""
    found = services().history.dummies.dummies(app_auth())
    one = next((one for one in found if text in (one.id, one.name)), None)
    if one is None:
        names = ", ".join(printable(one.name) for one in found) or "none yet; dummies create makes one"
        raise click.ClickException(f"No virtual device has that id or name. There are: {names}.")
    return one


def _route(text: str) -> Route:
    found = services().history.dummies.routes(app_auth())
    one = next((one for one in found if text in (one.id, one.name)), None)
    if one is None:
        raise click.ClickException("No route has that id or name. The command dummies routes lists them.")
    return one
