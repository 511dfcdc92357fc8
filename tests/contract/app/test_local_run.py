"""`make run` on several ports: one run never disturbs another."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from tests.support.app_process import ROOT, free_port

pytestmark = pytest.mark.contract

SECONDS = 60


def command(directory, **variables):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables}
    options = {"cwd": directory, "env": environment, "text": True}
    return [sys.executable, "-m", "serving.local"], options


def heed_ctrl_c():
    """A shell starts what runs in its background with SIGINT ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def running(directory, port):
    arguments, options = command(directory, PORT=str(port), SANDBOX_PORT=str(free_port()))
    with (directory / f"{port}.log").open("w+") as log:
        program = subprocess.Popen(arguments, stdout=log, stderr=log, preexec_fn=heed_ctrl_c, **options)
        try:
            give_up_at = time.monotonic() + SECONDS
            while "Ctrl-C ends" not in (directory / f"{port}.log").read_text():
                assert program.poll() is None, (directory / f"{port}.log").read_text()
                assert time.monotonic() < give_up_at
                time.sleep(0.05)
            yield
        finally:
            program.send_signal(signal.SIGINT)
            try:
                program.wait(timeout=30)
            finally:
                program.kill()
                program.wait()


def fails(directory, **variables):
    ports = {name: str(free_port()) for name in ("PORT", "SANDBOX_PORT")}
    arguments, options = command(directory, **ports | variables)
    done = subprocess.run(arguments, capture_output=True, timeout=SECONDS, check=False, **options)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_runs_on_two_ports_have_a_file_each_and_a_failed_one_changes_nothing(tmp_path):
    (tmp_path / "gunicorn.conf.py").symlink_to(ROOT / "gunicorn.conf.py")
    one, two = free_port(), free_port()
    with running(tmp_path, one):
        files = {path.name: path.read_text() for path in (tmp_path / "instance").glob("local*.env")}
        assert files.keys() == {f"local-{one}.env"}
        assert "in use" in fails(tmp_path, PORT=str(one))
        assert "do not" not in fails(tmp_path, PORT=str(two), VINLI_APP_ID="half-a-configuration")
        assert {path.name: path.read_text() for path in (tmp_path / "instance").glob("local*.env")} == files
        with running(tmp_path, two):
            texts = [(tmp_path / "instance" / f"local-{port}.env").read_text() for port in (one, two)]
        assert texts[0] == files[f"local-{one}.env"]
        keys = {next(line for line in text.splitlines() if line.startswith("SECRET_KEY=")) for text in texts}
        assert len(keys) == 1, "the runs share one store"
    assert not list((tmp_path / "instance").glob("*.new"))


@pytest.mark.parametrize("port", ["abc", "99999", "0", "-1", "８０００", "80 80", "8000x"])
@pytest.mark.parametrize("variable", ["PORT", "SANDBOX_PORT"])
def test_a_port_that_is_none_is_one_line(variable, port, tmp_path):
    said = fails(tmp_path, **{variable: port})
    assert said.count("\n") == 1
    assert variable in said


def test_a_public_url_that_is_none_is_named_by_the_app(tmp_path):
    (tmp_path / "gunicorn.conf.py").symlink_to(ROOT / "gunicorn.conf.py")
    assert "PUBLIC_URL" in fails(tmp_path, PUBLIC_URL="http://127.0.0.1:abc")


def doctor(directory, **variables):
    """Run `make doctor` as the Makefile does; return the line that says whose settings these are, and the report."""
    arguments, options = command(directory, **variables)
    arguments = [*arguments[:2], "serving.doctor", "--json"]
    done = subprocess.run(arguments, capture_output=True, timeout=SECONDS, check=False, **options)
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[0], json.loads(done.stdout) if done.stdout else None


def test_the_doctor_judges_the_installation_that_is_meant(tmp_path):
    (tmp_path / "gunicorn.conf.py").symlink_to(ROOT / "gunicorn.conf.py")
    port = free_port()
    with running(tmp_path, port):
        said, report = doctor(tmp_path, PORT=str(port))
        assert said == f"Settings: of `make run`, in instance/local-{port}.env"
        assert [one["code"] for one in report["findings"] if one["standing"] == "problem"] == []
        (tmp_path / ".env").write_text(f"PORT={port}\n")
        assert doctor(tmp_path)[0] == said
        (tmp_path / ".env").write_text(
            f"PORT={port}\nVINLI_APP_ID=real-app\nVINLI_AUTH_URL=http://127.0.0.1:9\n"
        )
        said, report = doctor(tmp_path)
        assert said == "Settings: the environment and .env"
        assert report is None or [one for one in report["findings"] if one["standing"] == "problem"]
        assert doctor(tmp_path, PORT=str(free_port()))[0] == "Settings: the environment and .env"
    (tmp_path / ".env").unlink()
    assert doctor(tmp_path, PORT="abc")[0].startswith("PORT=abc")
