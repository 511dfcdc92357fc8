"""`make run`: the app on this machine, and also the sandbox unless Vinli credentials are set.

This program starts both and imports neither. It generates settings for a local run (a secret key, an operator
password) and keeps them in ``instance/``, so that sessions survive a restart. Several runs on different ports do not
disturb each other: each has a file of settings of its own, written after a successful start.
"""

from __future__ import annotations

import io
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
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import IO, Any
from urllib.parse import urlsplit

from settings import VINLI_SERVICES, SettingsError
from settings.environment import read_dotenv

INSTANCE = Path("instance")
SECRETS_FILE = INSTANCE / "secrets.env"
USUAL_PORT, USUAL_SANDBOX_PORT = "8000", "9000"
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
    programs = Programs()
    for number in (signal.SIGTERM, signal.SIGHUP):
        # nohup starts a program with SIGHUP ignored, and that stays so.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupt)
    try:
        lines = start_all(programs, {**read_dotenv(".env"), **os.environ})
        announce("\n".join(["", *lines, "", "  Ctrl-C ends all of it.", ""]))
        return programs.wait()
    except (CannotStart, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        programs.end()


def announce(text: str) -> None:
    """Print a text in the terminal's own encoding. Raises CannotStart if it cannot be written."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        print(text, flush=True)
    except OSError as error:
        # What is still buffered would fail once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise CannotStart(f"The output could not be written: {error.strerror}.") from None


def start_all(programs: Programs, environment: dict[str, str]) -> list[str]:
    """Start the programs and return the lines to print about them. Raises CannotStart."""
    port = port_of(environment, "PORT", USUAL_PORT)
    made = kept_secrets() | {"PUBLIC_URL": f"http://127.0.0.1:{port}"}
    made = {name: value for name, value in made.items() if not is_set(environment, name)}
    environment.update(made)
    require_matching_port(environment["PUBLIC_URL"], port)
    require_free_port("PORT", port)
    settings_file = file_of_port("local.env", port, USUAL_PORT)
    lines: list[str] = []
    if not any(is_set(environment, name) for name in CREDENTIALS):
        about = run_sandbox(programs, environment, port)
        made |= sandbox_settings(about) | partner_settings(about, environment)
        lines = [
            f"  Sandbox driver   {about['driver_email']}",
            f"  Password         {about['driver_password']}",
            f"  Sandbox          {about['origin']}   (its log: {sandbox_log(environment)})",
        ]
    environment.update(made)
    app = programs.start("app", ["gunicorn", "--bind", f"127.0.0.1:{port}", "app:create_app()"], environment)
    wait_until_ready(f"http://127.0.0.1:{port}/healthz", app)
    keep(settings_file, made)
    return [
        f"  Vinli Connect    {environment['PUBLIC_URL']}",
        *lines,
        f"  Operator         {operator_link(environment)}   (works once)",
        f"  Workbench        {environment['PUBLIC_URL']}/workbench   (for the operator)",
        f"  Command line     .venv/bin/flask -e {settings_file} --app app devices list",
    ]


def run_sandbox(programs: Programs, environment: Mapping[str, str], app_port: str) -> dict[str, Any]:
    """Start the sandbox and return the values of its JSON line."""
    port = port_of(environment, "SANDBOX_PORT", USUAL_SANDBOX_PORT)
    if port == app_port:
        raise CannotStart(f"PORT and SANDBOX_PORT are both {port}; they must differ.")
    require_free_port("SANDBOX_PORT", port)
    public_url = environment["PUBLIC_URL"]
    callbacks = ["--redirect-uri", f"{public_url}/connect/callback"]
    callbacks += ["--implicit-redirect-uri", f"{public_url}/implicit/callback"]
    callbacks += ["--workbench-redirect-uri", f"{public_url}/workbench/catch"]
    arguments = ["sandbox", "--port", port, "--json", *callbacks]
    log_path = sandbox_log(environment)
    with log_path.open("w", encoding="utf-8") as log:
        program = programs.start("sandbox", arguments, environment, stdout=subprocess.PIPE, stderr=log)
    first_line = program.stdout.readline() if program.stdout else ""
    if not first_line:
        raise CannotStart(f"The sandbox did not start:\n{log_path.read_text(encoding='utf-8')}")
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


def port_of(environment: Mapping[str, str], variable: str, usual: str) -> str:
    """Return the port that a variable names. Raises CannotStart if it is not one."""
    port = environment.get(variable, "").strip() or usual
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise CannotStart(f"{variable}={port[:40]} is not a port number from 1 to 65535.")
    return str(int(port))


def file_of_port(name: str, port: str, usual: str) -> Path:
    """Return the file of the run on a port. The usual port has the plain name."""
    path = INSTANCE / name
    return path if port == usual else path.with_stem(f"{path.stem}-{port}")


def sandbox_log(environment: Mapping[str, str]) -> Path:
    """Return the file of the sandbox's log."""
    port = port_of(environment, "SANDBOX_PORT", USUAL_SANDBOX_PORT)
    return file_of_port("sandbox.log", port, USUAL_SANDBOX_PORT)


def kept_secrets() -> dict[str, str]:
    """Return this machine's secret key and operator password: those of the first run, which all runs share.

    They share the store too, whose entries the key encrypts.
    """
    INSTANCE.mkdir(mode=0o700, exist_ok=True)
    before = read_dotenv(INSTANCE / "local.env")
    made = {
        "SECRET_KEY": before.get("SECRET_KEY") or secrets.token_hex(32),
        "OPERATOR_PASSWORD": before.get("OPERATOR_PASSWORD") or secrets.token_urlsafe(15),
    }
    with suppress(FileExistsError):
        # A run that starts at the same time may be the first. Linking shows the file only when it is complete.
        draft = INSTANCE / f"secrets-{os.getpid()}.new"
        write(draft, "# The key and the password of `make run`. Delete this file for new ones.", made)
        try:
            os.link(draft, SECRETS_FILE)
        finally:
            draft.unlink()
    return made | {name: value for name, value in read_dotenv(SECRETS_FILE).items() if value}


def keep(path: Path, made: Mapping[str, str]) -> None:
    """Store the generated settings for the command line."""
    draft = path.with_suffix(".new")
    heading = "# Written by `make run`. What the environment and .env said is not in here."
    write(draft, heading, kept_secrets() | dict(made))
    draft.replace(path)


def write(path: Path, heading: str, values: Mapping[str, str]) -> None:
    """Write a file of variables that only its owner can read."""
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as lines:
        lines.write(f"{heading}\n")
        lines.writelines(f"{name}={value}\n" for name, value in values.items())


def is_set(environment: Mapping[str, str], name: str) -> bool:
    """Say whether a setting comes from the environment, ``.env`` or a file of its own."""
    return bool(environment.get(name) or environment.get(f"{name}_FILE"))


def require_matching_port(public_url: str, port: str) -> None:
    """Raise CannotStart if PUBLIC_URL names this machine but another port, because the app would refuse requests."""
    try:
        parts = urlsplit(public_url)
        public_port = str(parts.port or 80)
    except ValueError:
        return  # the app names this problem, with all others
    if parts.hostname in {"127.0.0.1", "localhost", "::1"} and public_port != port:
        raise CannotStart(
            f"PUBLIC_URL is {public_url}, but PORT is {port}. Set both alike, or leave one out."
        )


def require_free_port(variable: str, port: str) -> None:
    """Raise CannotStart if the port is in use. The message names the variable that changes the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except OSError as error:
            other = int(port) + 1 if int(port) < 65535 else int(port) - 1
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
