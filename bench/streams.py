"""Measure reading a list by time in parts, against following its ``prior`` links."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import requests

from bench.figures import Series
from bench.report import Row, compared, counted
from bench.stream_server import NEWEST_MS
from providers.http.auth import BasicAuth
from providers.http.transport import Transport
from providers.vinli.telemetry import TelemetryClient
from providers.vinli.values import device

LATENCY_MS = 30
CONCURRENCY = 16
DEVICE = "7f0e8d1c-0000-4000-8000-000000000001"
AUTH = ("app", "secret")
TRIP, LONG, HUGE = 2_160, 100_000, 500_000
MOST_GROWTH_MB = 30
TRIP_LATENCIES = 5
NEWEST = datetime.fromtimestamp(NEWEST_MS / 1000, UTC)


def measure() -> list[Row]:
    """Compare a trip of three hours and a long history, and look at the memory of a very long one."""
    rows: list[Row] = []
    with _server(TRIP, "even", LATENCY_MS) as origin, _server(TRIP, "even", 0) as quick:
        rows += _trip(origin, quick)
    with _server(LONG, "drives", LATENCY_MS) as origin:
        ours, count = _ours(origin)
        baseline, followed = _prior(origin)
        rows.append(
            compared(
                f"{LONG:,} messages, against following prior",
                Series((ours,)),
                Series((baseline,)),
                times_faster=10,
            )
        )
        rows.append(_complete(f"{LONG:,} messages, each once", count, followed))
    with _server(HUGE, "drives", 0) as origin:
        told = subprocess.run(
            [sys.executable, "-m", "bench.streams", origin], capture_output=True, text=True, check=True
        )
        found = json.loads(told.stdout)
        rows.append(
            counted(
                f"{HUGE:,} messages, growth of the memory",
                f"{found['growth_mb']:.1f} MB",
                f"{found['before_mb']:.1f} MB",
                f"under {MOST_GROWTH_MB} MB",
                is_met=found["growth_mb"] < MOST_GROWTH_MB and found["count"] == HUGE,
            )
        )
    return rows


def _trip(origin: str, quick: str, rounds: int = 15) -> list[Row]:
    """Measure in turns: ours, the same without latency, and following `prior`."""
    turns = [(_ours(origin), _ours(quick), _prior(origin)) for _ in range(1 + rounds)][1:]
    ours, transfer, prior = (Series(tuple(turn[place][0] for turn in turns)) for place in range(3))
    expected = Series(tuple(TRIP_LATENCIES * LATENCY_MS / 1000 + one for one in transfer.values))
    name = f"{TRIP:,} messages of one trip"
    return [
        compared(f"{name}, against {TRIP_LATENCIES} latencies and transfer", ours, expected, at_most=1.0),
        compared(f"{name}, against following prior", ours, prior, times_faster=4),
        _complete(f"{name}, each once", turns[-1][0][1], turns[-1][2][1]),
    ]


def _complete(what: str, ours: list[str], baseline: list[str]) -> Row:
    return counted(what, f"{len(ours):,}", f"{len(baseline):,}", "equal", is_met=ours == baseline)


def _ours(origin: str) -> tuple[float, list[str]]:
    """Return the seconds of a reading, connections included, and the ids that came."""
    transport = Transport(pool_size=CONCURRENCY)
    transport.allow(origin)
    telemetry = TelemetryClient(transport, origin, CONCURRENCY)
    try:
        started = perf_counter()
        found = [one.id for one in telemetry.messages(BasicAuth(*AUTH), device(DEVICE), until=NEWEST)]
        return perf_counter() - started, found
    finally:
        transport.close()


def _prior(origin: str) -> tuple[float, list[str]]:
    """Return the seconds of following `prior` at limit 100 with a session that stays connected, and the ids."""
    url = f"{origin}/api/v1/devices/{DEVICE}/messages"
    found: list[str] = []
    with requests.Session() as session:
        session.trust_env = False
        session.auth = AUTH
        started = perf_counter()
        following: str | None = "?limit=100"
        while following:
            page = session.get(url + following, timeout=30).json()
            found += [message["id"] for message in page["messages"]]
            following = page["meta"]["pagination"]["links"].get("prior")
        return perf_counter() - started, found


@contextmanager
def _server(count: int, shape: str, latency_ms: int) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.stream_server", str(count), shape, str(latency_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("the server has no output")
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def _megabytes(field: str) -> float:
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"/proc/self/status says nothing of {field}")
    return int(found[1]) / 1024


def grow(origin: str) -> None:
    """Read the whole list once, keep nothing, and print how much memory this process took for it."""
    transport = Transport(pool_size=CONCURRENCY)
    transport.allow(origin)
    telemetry = TelemetryClient(transport, origin, CONCURRENCY)
    listing = telemetry.messages(BasicAuth(*AUTH), device(DEVICE), until=NEWEST)
    before, count = _megabytes("VmRSS"), 0
    for _ in listing:
        count += 1
    print(json.dumps({"before_mb": before, "growth_mb": _megabytes("VmHWM") - before, "count": count}))
    transport.close()


if __name__ == "__main__":
    grow(sys.argv[1])
