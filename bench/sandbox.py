"""Measure the sandbox: its start with few and many devices, and the pages of its cars' histories."""

from __future__ import annotations

import statistics
from time import perf_counter

import requests

from bench.figures import Series
from bench.report import Row, compared, counted
from tests.support.sandbox_process import SandboxProcess

FEW, MANY = 3, 100_000
STARTS = 7
MOST_FIRST_MS = 50.0
MOST_AGAIN_MS = 10.0
AGAIN = 60
LISTS = (
    "messages",
    "locations",
    "snapshots?fields=coolantTemp",
    "events",
    "trips",
    "report_cards",
    "collisions",
)


def measure() -> list[Row]:
    """Compare starts in turns, then look at first pages of cars that nobody has asked for."""
    few, many = [], []
    for _ in range(STARTS):
        few.append(_start(FEW))
        many.append(_start(MANY))
    rows = [
        compared(
            f"start with {MANY:,} devices, against {FEW}",
            Series(tuple(many)),
            Series(tuple(few)),
            at_most=1.1,
        )
    ]
    with SandboxProcess("--quiet", "--devices", MANY) as sandbox:
        rows += _pages(sandbox)
    return rows


def _start(devices: int) -> float:
    started = perf_counter()
    with SandboxProcess("--quiet", "--devices", devices):
        return perf_counter() - started


def _pages(sandbox: SandboxProcess) -> list[Row]:
    with requests.Session() as session:
        session.trust_env = False
        session.auth = sandbox.app

        def seconds(path: str) -> float:
            started = perf_counter()
            answer = session.get(f"{sandbox.origin}/api/v1{path}", timeout=30)
            answer.raise_for_status()
            return perf_counter() - started

        found = session.get(f"{sandbox.origin}/api/v1/devices?limit=100&offset=50000", timeout=30).json()
        ids = [device["id"] for device in found["devices"]]
        rows = []
        for number, name in enumerate(LISTS):
            # Each list of other cars, so that nothing of them was computed before.
            first = [seconds(f"/devices/{one}/{name}") for one in ids[number * 12 : number * 12 + 12]]
            middle = 1000 * statistics.median(first)
            rows.append(
                counted(
                    f"a first page of {name.partition('?')[0]} of a car nobody asked for",
                    f"{middle:.1f} ms (at most {1000 * max(first):.1f})",
                    "",
                    f"under {MOST_FIRST_MS:g} ms",
                    is_met=middle < MOST_FIRST_MS,
                )
            )
        path = f"/devices/{ids[0]}/messages?limit=20"
        seconds(path)
        again, light = zip(*((seconds(path), seconds("/codes?limit=1")) for _ in range(AGAIN)), strict=True)
        middle = 1000 * statistics.median(again)
        rows += [
            compared(
                "a page of messages of a computed drive, against a light answer", Series(again), Series(light)
            ),
            counted(
                "a page of messages of a computed drive",
                f"{middle:.1f} ms",
                "",
                f"under {MOST_AGAIN_MS:g} ms",
                is_met=middle < MOST_AGAIN_MS,
            ),
        ]
        return rows
