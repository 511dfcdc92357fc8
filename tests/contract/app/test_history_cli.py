"""``flask --app app vehicles|trips|locations|messages|snapshots|events|codes`` against the sandbox."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import datetime

import gpxpy
import pytest

from cli.layout import columns
from tests.support.app_process import ROOT, AppProcess
from tests.support.commands import commands
from tests.support.sandbox_process import SandboxProcess

pytestmark = pytest.mark.contract

NOW = "2026-11-20T18:00:00Z"
WINDOW = ("--since", "2026-11-10T00:00:00Z", "--until", NOW)
LISTS = {
    "vehicles": (),
    "trips": WINDOW,
    "locations": ("--limit", "40", "--until", NOW),
    "messages": ("--limit", "40", "--until", NOW),
    "snapshots": ("--fields", "coolantTemp", "--limit", "40", "--until", NOW),
    "events": WINDOW,
    "codes": ("--until", NOW),
}


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess("--quiet", "--now", NOW) as process:
        yield process


@pytest.fixture(scope="module")
def process(sandbox):
    """Run a command as a process of its own, where what surrounds it counts."""
    app = AppProcess(sandbox.credentials)

    def run(*arguments, shell="", **variables):
        line = [sys.executable, "-m", "flask", "--app", "app", *arguments]
        if shell:
            line = ["bash", "-c", f'"$@" {shell}', "bash", *line]
        environment = app.environment() | variables
        done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False)
        assert b"Traceback" not in done.stderr, done.stderr
        return done

    yield run
    app._directory.cleanup()


@pytest.fixture(scope="module")
def flask(sandbox, tmp_path_factory):
    """Run a command in this process."""
    yield from commands(sandbox, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def first_device(flask):
    return json.loads(flask("devices", "list", "--json").stdout)[0]["id"]


@pytest.mark.parametrize("name", LISTS)
def test_all_forms_of_a_list_hold_the_same(name, flask):
    document = json.loads(flask(name, "list", *LISTS[name], "--json").stdout)
    lines = [json.loads(line) for line in flask(name, "list", *LISTS[name], "--jsonl").stdout.splitlines()]
    rows = list(csv.DictReader(io.StringIO(flask(name, "list", *LISTS[name], "--csv").stdout.decode())))
    assert document == lines
    assert len(document) == len(rows) > 0
    assert list(document[0]) == list(rows[0])
    table = flask(name, "list", *LISTS[name]).stdout.decode()
    assert table.splitlines()[-1].split()[0] == f"{len(document):,}"


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("width", [40, 80])
def test_tables_fit_the_terminal(name, width, flask):
    options = (
        LISTS[name]
        if "--limit" in LISTS[name]
        else (*LISTS[name], *(("--limit", "30") if name != "vehicles" else ()))
    )
    lines = flask(name, "list", *options, COLUMNS=str(width)).stdout.decode().splitlines()
    if width == 80:
        assert max(map(columns, lines)) <= 80
    else:
        assert not any(line.startswith("STARTED") for line in lines), "blocks in place of a table"


@pytest.mark.parametrize("form", ["--gpx", "--geojson", "--csv"])
def test_a_trip_is_exported(form, flask, first_device):
    trips = json.loads(flask("trips", "list", first_device, *WINDOW, "--json").stdout)
    trip = next(one for one in trips if one["status"] == "completed" and one["distance_m"] > 1000)
    text = flask("trips", "export", trip["id"], form).stdout.decode()
    if form == "--gpx":
        track = gpxpy.parse(text)
        bounds = track.get_time_bounds()
        assert bounds.start_time.isoformat()[:19] == trip["start"][:19]
        assert bounds.end_time.isoformat()[:19] == trip["stop"][:19]
        assert track.length_2d() == pytest.approx(trip["distance_m"], rel=0.1)
    elif form == "--geojson":
        feature = json.loads(text)
        assert feature["geometry"]["type"] == "LineString"
        assert len(feature["geometry"]["coordinates"]) == len(feature["properties"]["times"])
        assert feature["geometry"]["coordinates"][0] == trip["start_position"]
    else:
        rows = list(csv.DictReader(io.StringIO(text)))
        assert rows[0]["at"] == trip["start"]
        assert rows[-1]["at"] == trip["stop"]


def test_times_are_in_the_zone_that_is_asked_for(flask, first_device):
    trips = json.loads(flask("trips", "list", first_device, *WINDOW, "--limit", "1", "--json").stdout)
    start = datetime.fromisoformat(trips[0]["start"])
    for name, hours in (("UTC", 0), ("Asia/Tokyo", 9)):
        table = flask("trips", "list", first_device, *WINDOW, "--limit", "1", "--tz", name).stdout.decode()
        assert (
            f"{(start.hour + hours) % 24:02d}:{start.minute:02d}:{start.second:02d}" in table.splitlines()[1]
        )


def test_filters(flask, first_device):
    kinds = flask("events", "list", first_device, *WINDOW, "--type", "trip-*", "--jsonl").stdout.splitlines()
    assert {json.loads(line)["object_kind"] for line in kinds} == {"trip"}
    active = json.loads(flask("codes", "list", first_device, "--state", "active", "--json").stdout)
    assert all(code["stop"] is None for code in active)
    trips = json.loads(flask("trips", "list", first_device, *WINDOW, "--limit", "1", "--json").stdout)
    vehicle = trips[0]["vehicle_id"]
    by_vehicle = flask("trips", "list", "--vehicle", vehicle, *WINDOW, "--json").stdout
    assert by_vehicle == flask("trips", "list", first_device, *WINDOW, "--json").stdout


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("trips", "list", "--since", "someday"), 2, b"is no time"),
        (("trips", "list", "--tz", "Nowhere"), 2, b"no time zone"),
        (("trips", "list", "x", "--vehicle", "y"), 2, b"Choose one"),
        (("snapshots", "list"), 2, b"--fields"),
        (("trips", "show", "7f0e8d1c-0000-4000-8000-000000000001"), 1, b"Error"),
        (("trips", "export", "not-an-id"), 1, b"Error"),
        (("trips", "list", "7f0e8d1c-0000-4000-8000-000000000001"), 1, b"Error"),
    ],
)
def test_what_goes_wrong_is_said_with_its_status(arguments, status, said, flask):
    done = flask(*arguments)
    assert done.returncode == status
    assert said in done.stderr


def test_a_full_disk_and_a_reader_that_leaves(process):
    assert process("messages", "list", "--limit", "500", shell="> /dev/full").returncode == 74
    done = process("messages", "list", "--limit", "2000", "--jsonl", shell="| head -1; exit ${PIPESTATUS[0]}")
    assert done.returncode in {0, 141}
    assert done.stdout.count(b"\n") == 1


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_any_encoding(encoding, process):
    done = process("codes", "list", PYTHONIOENCODING=encoding)
    assert done.returncode == 0
