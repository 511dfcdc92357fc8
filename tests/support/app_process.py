"""The application as a separate process, served as in production, for contract and browser tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
SECRET_KEY = "test-key-6d1f0c5e8b7a49d2a3c4b5e6f7081920"
OPERATOR_PASSWORD = "operators-own-password"
START_SECONDS = 30


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class AppProcess:
    """gunicorn with the application. A context manager that leaves no process behind.

    ``origin`` is its address, ``log()`` its output so far. ``kill()`` sends SIGKILL to all its processes, ``start()``
    starts it again on the same port with the same store.
    """

    def __init__(
        self, sandbox: dict[str, str] | None = None, *, port: int | None = None, **variables: str
    ) -> None:
        self.port = port or free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self._directory = tempfile.TemporaryDirectory(prefix="vinli-connect-test-")
        self.directory = Path(self._directory.name)
        self.store_path = self.directory / "instance" / "store.sqlite3"
        self.log_path = self.directory / "app.log"
        self.variables = app_variables(self.origin, sandbox) | {
            "STORE_URL": f"sqlite:////{str(self.store_path).lstrip('/')}",
            **variables,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str]:
        """Return the environment of the process: ours without the application's settings, and its own variables."""
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return inherited | self.variables

    def start(self) -> AppProcess:
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}", "app:create_app()"],
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def kill(self) -> None:
        """Kill the server and its workers with SIGKILL."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """Terminate the server; kill it if it does not end."""
        self._signal(signal.SIGTERM)

    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        group = self._process.pid
        try:
            os.killpg(group, number)
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(group, signal.SIGKILL)
            self._process.wait(timeout=15)
        except ProcessLookupError:
            self._process.wait(timeout=15)
        self._process = None

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise AssertionError(f"the app ended at start:\n{self.log()}")
            try:
                requests.get(f"{self.origin}/healthz", timeout=2)
            except requests.RequestException:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"the app does not answer:\n{self.log()}")

    def __enter__(self) -> AppProcess:
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *exc_info: object) -> None:
        self.stop()
        self._directory.cleanup()


HISTORY_SERVICES = tuple("TELEMETRY EVENTS RULES TRIPS DIAGNOSTIC SAFETY BEHAVIORAL DISTANCE DUMMIES".split())


def app_variables(origin: str, sandbox: dict[str, str] | None = None) -> dict[str, str]:
    """Return the variables of an application at ``origin`` that uses a sandbox (given by its JSON line)."""
    about = sandbox or {}
    upstream = about.get("origin", "http://127.0.0.1:9")
    workbench = ("workbench_client_id", "workbench_client_secret")
    return {
        **{f"VINLI_{name.upper()}": about[name] for name in workbench if about.get(name)},
        "PUBLIC_URL": origin,
        "SECRET_KEY": SECRET_KEY,
        "OPERATOR_PASSWORD": OPERATOR_PASSWORD,
        "VINLI_APP_ID": about.get("app_id", "3f9f2f06-1111-4222-8333-abcdefabcdef"),
        "VINLI_APP_SECRET": about.get("app_secret", "the-app-secret"),
        "VINLI_CLIENT_ID": about.get("client_id", "the-client-id"),
        "VINLI_CLIENT_SECRET": about.get("client_secret", "the-client-secret"),
        "VINLI_WEB_CLIENT_ID": about.get("web_client_id", "the-web-client-id"),
        "VINLI_AUTH_URL": upstream,
        "VINLI_PLATFORM_URL": upstream,
        **{f"VINLI_{service}_URL": upstream for service in HISTORY_SERVICES},
        "RATE_LIMIT_CONNECT": "100000/minute",
        "RATE_LIMIT_SIGN_IN": "1000/minute",
    }
