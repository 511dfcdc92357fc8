"""What the commands print, into terminals and files of any kind."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest

from cli.layout import columns
from tests.support.app_process import ROOT, AppProcess
from tests.support.fake_vinli import DEVICES, FakeVinli, device, device_page

pytestmark = pytest.mark.contract

NAME = "Zoë’s 車 🚗"
COMMANDS = {
    "table": ("devices", "list"),
    "json": ("devices", "list", "--json"),
    "csv": ("devices", "list", "--csv"),
    "show": ("devices", "show", "7f0e8d1c-0000-4000-8000-000000000001"),
    "doctor": ("doctor",),
    "link": ("operator", "link"),
    "partners": ("partners", "list"),
}
OF_CLICK = {"help": ("--help",), "doctor help": ("doctor", "--help"), "routes": ("routes",)}


@pytest.fixture(scope="module")
def run():
    vinli = FakeVinli()
    vinli.answers[DEVICES] = device_page([device(1, name=NAME)], limit=100)
    vinli.answers[f"{DEVICES}/7f0e8d1c-0000-4000-8000-000000000001"] = None
    app = AppProcess({"origin": vinli.origin})

    def run(command, *options, shell="", **variables):
        line = [sys.executable, "-m", "flask", "--app", "app", *(COMMANDS | OF_CLICK)[command], *options]
        if shell:
            line = ["bash", "-c", f'"$@" {shell}', "bash", *line]
        environment = app.environment() | variables
        return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False)

    yield run
    vinli.close()
    app._directory.cleanup()


@pytest.mark.parametrize(
    ("encoding", "command"),
    [("ascii", name) for name in COMMANDS]
    + [("latin-1", "table"), ("cp1252", "table"), ("cp1252", "doctor")],
)
def test_any_encoding_is_printed_into(encoding, command, run):
    done = run(command, PYTHONIOENCODING=encoding)
    assert b"Traceback" not in done.stderr
    assert done.stdout
    assert done.returncode == (1 if command == "doctor" else 0)


def test_what_programs_read_is_utf_8_everywhere(run):
    for encoding in ("ascii", "cp1252"):
        assert json.loads(run("json", PYTHONIOENCODING=encoding).stdout)[0]["name"] == NAME
        rows = csv.DictReader(io.StringIO(run("csv", PYTHONIOENCODING=encoding).stdout.decode()))
        assert next(rows)["name"] == NAME


@pytest.mark.parametrize(
    ("shell", "command"), [("> /dev/full", name) for name in COMMANDS] + [(">&-", "table"), (">&-", "doctor")]
)
def test_an_output_that_takes_nothing_is_no_finding(shell, command, run):
    done = run(command, shell=shell)
    assert done.returncode == 74
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert b"could not be written" in done.stderr


@pytest.mark.parametrize("command", ["table", "show", "doctor", "partners"])
@pytest.mark.parametrize("width", [40, 80])
def test_lines_fit_the_terminal(width, command, run):
    lines = run(command, COLUMNS=str(width)).stdout.decode().splitlines()
    assert lines
    # Only a word that is longer than a line, such as an address, reaches over it.
    too_long = [line for line in lines if columns(line) > width and len(line.split()) > 1]
    assert too_long == []


def test_a_table_fits_80_columns_where_nothing_tells_the_width(run):
    assert max(map(columns, run("table").stdout.decode().splitlines())) <= 80


@pytest.mark.parametrize("command", ["json", "show", "doctor", "partners"])
def test_json_is_the_whole_output(command, run):
    options = () if command == "json" else ("--json",)
    assert json.loads(run(command, *options).stdout)


@pytest.mark.parametrize("command", ["help", "doctor help", "routes"])
def test_what_click_prints_is_no_finding_either(command, run):
    done = run(command, shell="> /dev/full")
    assert done.returncode == 74
    assert b"Traceback" not in done.stderr
    assert b"could not be written: No space left on device" in done.stderr


def test_an_argument_that_is_no_text_does_not_break_the_json(run):
    done = run("doctor", "--json", "-H", b"Host: \xff.test")
    assert done.returncode == 1
    assert json.loads(done.stdout)["findings"]


@pytest.mark.parametrize("command", ["json", "doctor"])
def test_a_reader_that_leaves_ends_a_command_quietly(command, run):
    done = run(command, shell="| true; exit ${PIPESTATUS[0]}")
    assert done.returncode in {0, 1, 141}
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.parametrize("module", [("sandbox", "--port", "0"), ("serving.local",)])
def test_the_other_programs_say_it_too(module, tmp_path):
    line = ["bash", "-c", '"$@" > /dev/full', "bash", sys.executable, "-m", *module]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PORT": "abc"}
    done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False)
    assert done.returncode in {1, 2}
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"\n") == 1
