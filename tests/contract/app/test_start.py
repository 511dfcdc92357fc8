"""Starting with settings that are missing or malformed: one message with every problem, and an end."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.app_process import ROOT, SECRET_KEY, app_variables, free_port

pytestmark = pytest.mark.contract

REQUIRED = ("SECRET_KEY", "VINLI_APP_ID", "VINLI_APP_SECRET", "VINLI_CLIENT_ID", "VINLI_CLIENT_SECRET")
BUILD = "import app; app.create_app()"
SECONDS = 60


def commands() -> dict[str, list[str]]:
    bind = f"127.0.0.1:{free_port()}"
    gunicorn = ["-m", "gunicorn", "--bind", bind]
    return {
        "flask": ["-m", "flask", "--app", "app", "devices", "list"],
        "python": ["-c", BUILD],
        "gunicorn": [*gunicorn, "--config", str(ROOT / "gunicorn.conf.py"), "app:create_app()"],
        "gunicorn, four workers": [
            *(*gunicorn, "--workers", "4"),
            *("--config", str(ROOT / "gunicorn.conf.py"), "app:create_app()"),
        ],
    }


def start(arguments, directory, **variables):
    """Run a command away from the checkout, so that no .env of a developer is read, and wait for its end."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def good_variables(**changes):
    return app_variables("http://127.0.0.1:8000") | {"STORE_URL": "sqlite:///store.sqlite3"} | changes


@pytest.mark.parametrize("command", commands())
def test_without_settings_every_command_ends_with_one_message(command, tmp_path):
    done = start(commands()[command], tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert said.count("cannot start") == 1
    for name in REQUIRED:
        assert said.count(f"  {name} ") == 1, said
    assert "Traceback" not in said
    assert "Booting worker" not in said


@pytest.mark.parametrize("command", ["flask", "python", "gunicorn"])
def test_every_problem_is_named_at_once_and_no_value_is_repeated(command, tmp_path):
    bad = {
        "SECRET_KEY": "short-but-secret",
        "PUBLIC_URL": "http://cars.example.com",
        "STORE_URL": "mysql://root:hunter2hunter2@db/x",
        "OPERATOR_PASSWORD": "pw-abc",
        "TRUSTED_PROXIES": "many",
        "VINLI_APP_ID": "c87d5be0-2e69-11e4-8c21-0800200c9a66",
        "VINLI_APP_SECRET": "HKLFFoSILb8VHFJD",
        "VINLI_AUTH_URL": "http://auth.vin.li",
        "VINLI_PLATFORM_URL": "https://user:sesame-open@platform.vin.li",
        "VINLI_CONCURRENCY": "0",
        "RATE_LIMIT_CONNECT": "often",
        "CORS_ORIGINS": "*",
        "CA_BUNDLE": "/nowhere/ca.pem",
        "AUTHLIB_INSECURE_TRANSPORT": "1",
    }
    done = start(commands()[command], tmp_path, **good_variables(**bad))
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert said.count("cannot start") == 1
    for name in bad:
        assert f"  {name} " in said
    for value in ("short-but-secret", "hunter2hunter2", "pw-abc", "HKLFFoSILb8VHFJD", "sesame-open"):
        assert value not in said


@pytest.mark.parametrize("name", ["SECRET_KEY", "VINLI_CLIENT_SECRET"])
def test_one_missing_setting_is_enough(name, tmp_path):
    variables = good_variables()
    del variables[name]
    done = start(["-c", BUILD], tmp_path, **variables)
    assert done.returncode != 0
    assert f"  {name} " in done.stderr
    assert "1 setting needs" in done.stderr


def test_secrets_may_come_from_files(tmp_path):
    variables = good_variables()
    for name in ("SECRET_KEY", "VINLI_APP_SECRET", "VINLI_CLIENT_SECRET", "OPERATOR_PASSWORD"):
        (tmp_path / name).write_text(variables.pop(name) + "\n")
        variables[f"{name}_FILE"] = str(tmp_path / name)
    assert start(["-c", BUILD], tmp_path, **variables).returncode == 0


def test_the_debugger_is_refused_on_a_public_address(tmp_path):
    variables = good_variables(PUBLIC_URL="https://cars.example.com", FLASK_DEBUG="1")
    done = start(["-c", BUILD], tmp_path, **variables)
    assert done.returncode != 0
    assert "FLASK_DEBUG" in done.stderr


WITHOUT_SANDBOX = """
import sys, app
built = app.create_app()
settings = built.extensions["vinli_connect"].settings
print(settings.vinli_auth_url, settings.vinli_platform_url, settings.sandbox_origin)
print([name for name in sys.modules if name.partition(".")[0] in {"sandbox", "tests"}])
"""


def test_the_application_knows_no_sandbox_and_never_falls_back_to_one(tmp_path):
    variables = good_variables()
    for name in ("VINLI_AUTH_URL", "VINLI_PLATFORM_URL"):
        del variables[name]
    done = start(["-c", WITHOUT_SANDBOX], tmp_path, **variables)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["https://auth.vin.li https://platform.vin.li None", "[]"]


def test_building_the_application_connects_to_nothing_and_writes_nothing(tmp_path):
    quiet = "import socket\ndef refuse(*_): raise SystemExit('connected')\nsocket.socket.connect = refuse\n"
    done = start(["-c", quiet + BUILD], tmp_path, **good_variables())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_a_rotated_key_keeps_drivers_connected(local_site, vinli, tmp_path):
    store = f"sqlite:///{tmp_path}/kept.sqlite3"
    old = local_site(vinli.origin, STORE_URL=store)
    new = local_site(
        vinli.origin, STORE_URL=store, SECRET_KEY="a-newer-key-" + "n" * 32, SECRET_KEY_FALLBACKS=SECRET_KEY
    )
    foreign = local_site(vinli.origin, STORE_URL=store, SECRET_KEY="another-key-" + "z" * 32)
    with old.browser() as before, new.browser() as after, foreign.browser() as stranger:
        _, callback = before.attempt()
        _, late_callback = before.attempt()
        assert before.get(f"{callback}&code=x").status_code == 302
        for browser in (after, stranger):
            browser.session.cookies = before.session.cookies.copy()
        assert after.get("/garage").status_code == 200
        assert after.get(f"{late_callback}&code=x").status_code == 302, (
            "begun before, ended after the rotation"
        )
        assert stranger.get("/garage").status_code == 401
