"""``flask --app app rules|dummies`` against the sandbox: virtual devices drive, and rules fire."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.support.commands import commands
from tests.support.sandbox_process import SandboxProcess

pytestmark = pytest.mark.contract

ROUTE = "DFW - Home Loop 3 of 3"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run a command in this process."""
    with SandboxProcess("--quiet", "--pace", "60") as sandbox:
        yield from commands(sandbox, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def flask(run):
    """Run a command, check its exit status, and return what it said."""

    def checked(*arguments, status=0):
        done = run(*arguments)
        assert done.returncode == status, done.stderr
        return (done.stderr if status else done.stdout).decode()

    return checked


@pytest.fixture(scope="module")
def car(flask):
    """The id of a virtual device's device."""
    dummy = flask("dummies", "create", "Testcar").strip()
    (listed,) = json.loads(flask("dummies", "list", "--json"))
    assert (listed["id"], listed["name"]) == (dummy, "Testcar")
    assert dummy in flask("dummies", "list")
    return listed["device_id"]


def test_a_run_is_started_and_shown_and_its_trip_is_listed(flask, car):
    shown = flask("dummies", "drive", "Testcar", ROUTE)
    assert "of 23 messages" in shown
    assert shown.splitlines()[-1] == "The run has ended."
    (trip,) = json.loads(flask("trips", "list", car, "--json"))
    assert trip["status"] == "completed"
    assert trip["distance_m"] == pytest.approx(416.8, rel=0.01)


def test_a_rule_is_made_listed_fires_and_goes(flask, car):
    rule = flask("rules", "create", car, "moving", "--parameter", "vehicleSpeed", "--min", "10").strip()
    place = flask("rules", "create", car, "downtown", "--circle", "-96.797", "32.7767", "100").strip()
    flask("dummies", "drive", "Testcar", ROUTE)
    listed = {one["id"]: one for one in json.loads(flask("rules", "list", car, "--json"))}
    assert listed[rule]["boundaries"] == ["vehicleSpeed from 10"]
    assert listed[place]["boundaries"] == ["within 100 m of 32.77670 -96.79700"]
    events = json.loads(flask("events", "list", car, "--type", "rule-*", "--json"))
    assert {event["object_id"] for event in events} == {rule, place}
    for one in (rule, place):
        flask("rules", "delete", one)
    assert flask("rules", "list", car).splitlines()[-1] == "0 rules"


LISTS = {
    "devices": ("devices", "list"),
    "rules of a device": ("rules", "list"),
    "rules": ("rules", "list"),
    "dummies": ("dummies", "list"),
    "routes": ("dummies", "routes"),
}


@pytest.mark.parametrize("name", LISTS)
def test_all_forms_of_a_list_hold_the_same(name, flask, car):
    command = (*LISTS[name], *((car,) if name == "rules of a device" else ()))
    rules = [flask("rules", "create", car, f"moving {n}", "--parameter", "rpm", "--min", "9") for n in "ab"]
    document = json.loads(flask(*command, "--json"))
    lines = [json.loads(line) for line in flask(*command, "--jsonl").splitlines()]
    rows = list(csv.DictReader(io.StringIO(flask(*command, "--csv"))))
    assert document == lines
    assert len(document) == len(rows) > 0
    assert [row["id"] for row in rows] == [one["id"] for one in document]
    assert flask(*command).splitlines()[-1].split()[0] == f"{len(document):,}"
    assert json.loads(flask(*command, "--limit", "1", "--json")) == document[:1]
    assert "Choose one" in flask(*command, "--json", "--csv", status=2)
    for rule in rules:
        flask("rules", "delete", rule.strip())


def test_a_run_is_left_and_stopped(flask, car):
    flask("dummies", "drive", "Testcar", ROUTE, "--repeat", "--no-watch", "--vin", "VV0123456789ABCDE")
    flask("dummies", "stop", "Testcar")
    assert "Testcar" in flask("dummies", "list")


def test_routes_are_listed(flask):
    routes = json.loads(flask("dummies", "routes", "--json"))
    assert len(routes) >= 9
    assert ROUTE in flask("dummies", "routes")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("dummies", "drive", "nobody", ROUTE), 1, "There are: Testcar"),
        (("dummies", "drive", "Testcar", "nowhere"), 1, "dummies routes"),
        (("dummies", "drive", "Testcar", ROUTE, "--vin", "short"), 1, "Error"),
        (("dummies", "stop", "nobody"), 1, "No virtual device"),
        (("rules", "create", "x", "name"), 2, "Give --parameter or --circle"),
        (("rules", "create", "x", "name", "--parameter", "rpm"), 2, "needs --min or --max"),
        (("rules", "delete", "x"), 1, "Error"),
        (("rules", "list", "x"), 1, "Error"),
    ],
)
def test_what_goes_wrong_is_said(arguments, status, said, flask, car):
    assert said in flask(*arguments, status=status)
