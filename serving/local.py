"""`make run`: the app on this machine, and also the sandbox unless Vinli credentials are set.

This program starts both and imports neither. It generates settings for a local run (a secret key, an operator
password) and keeps them in ``instance/``, so that sessions survive a restart.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import IO, Any
from urllib.parse import urlsplit

from dotenv import dotenv_values

from settings import VINLI_SERVICES

INSTANCE = Path("instance")
SETTINGS_FILE = INSTANCE / "local.env"
SANDBOX_LOG = INSTANCE / "sandbox.log"
CREDENTIALS = ("VINLI_APP_ID", "VINLI_APP_SECRET", "VINLI_CLIENT_ID", "VINLI_CLIENT_SECRET")
START_SECONDS = 30


class CannotStart(Exception):
    """The local run cannot start. The message tells a person why."""


class Programs:
    """The programs started here. All of them end together."""

    def __init__(self) -> None:
        self._running: list[tuple[str, subprocess.Popen[str]]] = []

    def start(
        self,
        name: str,
        arguments: list[str],
        environment: Mapping[str, str],
        *,
        stdout: int | None = None,
        stderr: IO[str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start a Python module as a program. Its output goes to this terminal unless the arguments redirect it."""
        program = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", *arguments],
            env=dict(environment),
            stdout=stdout,
            stderr=stderr,
            text=True,
            # Signals of the terminal reach this program only, which then ends the others in order.
            start_new_session=True,
        )
        self._running.append((name, program))
        return program

    def wait(self) -> int:
        """Wait until one of the programs ends by itself; return its exit status."""
        while True:
            for name, program in self._running:
                if program.poll() is not None:
                    print(f"The {name} has ended (status {program.returncode}).", file=sys.stderr)
                    return program.returncode or 1
            time.sleep(0.3)

    def end(self) -> None:
        """End the programs that still run, the app before its sandbox. Terminate first, kill if that fails."""
        for _name, program in reversed(self._running):
            if program.poll() is None:
                program.terminate()
            try:
                program.wait(timeout=10)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()


def main() -> int:
    """Run until Ctrl-C, until the terminal is closed, or until one of the programs ends."""
    environment = {**{k: v for k, v in dotenv_values(".env", interpolate=False).items() if v}, **os.environ}
    programs = Programs()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        print(
            "\n".join(["", *start_all(programs, environment), "", "  Ctrl-C ends all of it.", ""]), flush=True
        )
        return programs.wait()
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        programs.end()


def start_all(programs: Programs, environment: dict[str, str]) -> list[str]:
    """Start the programs and return the lines to print about them. Raises CannotStart."""
    port = environment.get("PORT", "8000")
    made = kept_secrets() | {"PUBLIC_URL": f"http://127.0.0.1:{port}"}
    made = {name: value for name, value in made.items() if not is_set(environment, name)}
    environment.update(made)
    require_matching_port(environment["PUBLIC_URL"], port)
    require_free_port("PORT", port)
    lines: list[str] = []
    if not any(is_set(environment, name) for name in CREDENTIALS):
        about = run_sandbox(programs, environment, port)
        made |= sandbox_settings(about) | partner_settings(about, environment)
        lines = [
            f"  Sandbox driver   {about['driver_email']}",
            f"  Password         {about['driver_password']}",
            f"  Sandbox          {about['origin']}   (its log: {SANDBOX_LOG})",
        ]
    environment.update(made)
    keep(made)
    app = programs.start("app", ["gunicorn", "--bind", f"127.0.0.1:{port}", "app:create_app()"], environment)
    wait_until_ready(f"http://127.0.0.1:{port}/healthz", app)
    return [
        f"  Vinli Connect    {environment['PUBLIC_URL']}",
        *lines,
        f"  Operator         {operator_link(environment)}   (works once)",
        f"  Workbench        {environment['PUBLIC_URL']}/workbench   (for the operator)",
        f"  Command line     .venv/bin/flask -e {SETTINGS_FILE} --app app devices list",
    ]


def run_sandbox(programs: Programs, environment: Mapping[str, str], app_port: str) -> dict[str, Any]:
    """Start the sandbox and return the values of its JSON line."""
    port = environment.get("SANDBOX_PORT", "9000")
    if port == app_port:
        raise CannotStart(f"PORT and SANDBOX_PORT are both {port}; they must differ.")
    require_free_port("SANDBOX_PORT", port)
    public_url = environment["PUBLIC_URL"]
    callbacks = ["--redirect-uri", f"{public_url}/connect/callback"]
    callbacks += ["--implicit-redirect-uri", f"{public_url}/implicit/callback"]
    callbacks += ["--workbench-redirect-uri", f"{public_url}/workbench/catch"]
    arguments = ["sandbox", "--port", port, "--json", *callbacks]
    with SANDBOX_LOG.open("w", encoding="utf-8") as log:
        program = programs.start("sandbox", arguments, environment, stdout=subprocess.PIPE, stderr=log)
    first_line = program.stdout.readline() if program.stdout else ""
    if not first_line:
        raise CannotStart(f"The sandbox did not start:\n{SANDBOX_LOG.read_text(encoding='utf-8')}")
    about: dict[str, Any] = json.loads(first_line)
    return about


def sandbox_settings(about: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that make the app talk to the sandbox."""
    return {
        "VINLI_APP_ID": about["app_id"],
        "VINLI_APP_SECRET": about["app_secret"],
        "VINLI_CLIENT_ID": about["client_id"],
        "VINLI_CLIENT_SECRET": about["client_secret"],
        "VINLI_WEB_CLIENT_ID": about["web_client_id"],
        "VINLI_WORKBENCH_CLIENT_ID": about["workbench_client_id"],
        "VINLI_WORKBENCH_CLIENT_SECRET": about["workbench_client_secret"],
        **{f"VINLI_{service.upper()}_URL": about["origin"] for service in VINLI_SERVICES},
    }


def partner_settings(about: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the sandbox's partners, except partners of which any variable is set."""
    given = {name.partition("_")[0] for name in environment if environment[name]}
    variables: dict[str, str] = about.get("partners", {})
    return {name: value for name, value in variables.items() if name.partition("_")[0] not in given}


def operator_link(environment: Mapping[str, str]) -> str:
    """Get a one-click sign-in link from the app's command line."""
    made = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "operator", "link"],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise CannotStart(made.stderr)
    return made.stdout.strip()


def kept_secrets() -> dict[str, str]:
    """Return this machine's secret key and operator password: those of the last run, or new ones."""
    INSTANCE.mkdir(mode=0o700, exist_ok=True)
    kept = dotenv_values(SETTINGS_FILE, interpolate=False)
    return {
        "SECRET_KEY": kept.get("SECRET_KEY") or secrets.token_hex(32),
        "OPERATOR_PASSWORD": kept.get("OPERATOR_PASSWORD") or secrets.token_urlsafe(15),
    }


def keep(made: Mapping[str, str]) -> None:
    """Store the generated settings for the next run and for the command line."""
    draft = SETTINGS_FILE.with_suffix(".new")
    with os.fdopen(
        os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write("# Written by `make run`. What the environment and .env say goes before.\n")
        file.writelines(f"{name}={value}\n" for name, value in (kept_secrets() | dict(made)).items())
    draft.replace(SETTINGS_FILE)


def is_set(environment: Mapping[str, str], name: str) -> bool:
    """Say whether a setting comes from the environment, ``.env`` or a file of its own."""
    return bool(environment.get(name) or environment.get(f"{name}_FILE"))


def require_matching_port(public_url: str, port: str) -> None:
    """Raise CannotStart if PUBLIC_URL names this machine but another port, because the app would refuse requests."""
    parts = urlsplit(public_url)
    if parts.hostname in {"127.0.0.1", "localhost", "::1"} and str(parts.port or 80) != port:
        raise CannotStart(
            f"PUBLIC_URL is {public_url}, but PORT is {port}. Set both alike, or leave one out."
        )


def require_free_port(variable: str, port: str) -> None:
    """Raise CannotStart if the port is in use. The message names the variable that changes the port."""
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise CannotStart(f"{variable}={port} is not a port number.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except OSError as error:
            other = int(port) + 1
            raise CannotStart(
                f"Port {port} is in use ({error.strerror}). Choose another: {variable}={other} make run"
            ) from None


def wait_until_ready(url: str, program: subprocess.Popen[str]) -> None:
    """Wait until the app responds. Raises CannotStart if it ends or does not respond (its log says why)."""
    deadline = time.monotonic() + START_SECONDS
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        if program.poll() is not None:
            raise CannotStart("The app did not start; see above.")
        try:
            direct.open(url, timeout=1).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise CannotStart("The app does not answer.")


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Handle SIGTERM and SIGHUP like Ctrl-C."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
