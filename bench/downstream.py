"""The application as its users use it: the operator's CSV over HTTP, and the command line."""

from __future__ import annotations

import csv
import http.client
import io
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.support.app_process import OPERATOR_PASSWORD, ROOT, AppProcess

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Download:
    """A CSV that was read completely. Seconds count from sending the request."""

    first_row: float
    total: float
    body: bytes

    def rows(self) -> list[tuple[str, ...]]:
        """Return the rows without the header."""
        return parsed(self.body.decode())


class Operator:
    """An operator's browser, signed in. Each download has its own connection, which is opened before."""

    def __init__(self, app: AppProcess) -> None:
        self._port = app.port
        with requests.Session() as session:
            session.trust_env = False
            form = session.get(f"{app.origin}/operator", timeout=10).text
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
            fields = {"csrf_token": token[1] if token else "", "password": OPERATOR_PASSWORD}
            # The page after the sign-in reads devices, which must not happen before a first reading.
            answer = session.post(f"{app.origin}/operator", fields, timeout=10, allow_redirects=False)
            if answer.status_code != 303:
                raise RuntimeError(f"the operator's sign-in was answered {answer.status_code}")
            self._cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in session.cookies)

    def download(self) -> Download:
        """Fetch /operator/devices.csv."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        connection.connect()
        try:
            return self._timed(connection)
        finally:
            connection.close()

    def _timed(self, connection: http.client.HTTPConnection) -> Download:
        started = time.perf_counter()
        connection.request("GET", "/operator/devices.csv", headers={"Cookie": self._cookie})
        response = connection.getresponse()
        body, first_row = bytearray(), 0.0
        while piece := response.read1(65536):
            body += piece
            if not first_row and body.count(b"\n") > 1:
                first_row = time.perf_counter() - started
        total = time.perf_counter() - started
        if response.status != 200:
            raise RuntimeError(f"/operator/devices.csv was answered {response.status}")
        return Download(first_row, total, bytes(body))


def run_command(app: AppProcess, *arguments: str) -> tuple[float, str]:
    """Run ``flask --app app`` with the app's settings; return its seconds and its standard output."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *arguments],
        cwd=ROOT,
        env=app.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - started, done.stdout.decode()


def parsed(text: str) -> list[tuple[str, ...]]:
    """Return the rows of a CSV without its header."""
    return [tuple(row) for row in csv.reader(io.StringIO(text, newline=""))][1:]


def expected_row(device: dict[str, Any]) -> tuple[str, ...]:
    """Return the expected CSV row of a device on the wire."""
    virtual = "true" if device["virtual"] else "false"
    return (device["id"], device["name"] or "", device["chipId"], device["createdAt"], virtual)


class Memory:
    """The resident memory of the application's worker process, in MB, from /proc."""

    def __init__(self, app: AppProcess) -> None:
        self._status = Path(f"/proc/{_worker(app.port)}/status")

    def now(self) -> float:
        return self._field("VmRSS")

    def peak(self) -> float:
        """Return the highest value so far."""
        return self._field("VmHWM")

    def _field(self, name: str) -> float:
        kilobytes = re.search(rf"^{name}:\s+(\d+) kB$", self._status.read_text(), re.MULTILINE)
        if kilobytes is None:
            raise RuntimeError(f"{self._status} says nothing of {name}")
        return int(kilobytes[1]) * 1024 / MEGABYTE


def _worker(port: int) -> int:
    """Return the process id of the one worker of the gunicorn that this process started on a port."""
    for master in _children("self"):
        if f"127.0.0.1:{port}" in Path(f"/proc/{master}/cmdline").read_text().split("\0"):
            (worker,) = _children(str(master))
            return worker
    raise RuntimeError(f"no gunicorn on port {port}")


def _children(process: str) -> list[int]:
    lists = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for children in lists for child in children.read_text().split()]
