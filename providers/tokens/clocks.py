"""A clock that does not change if the wall clock is set: it measures the time since the machine started.

All processes of a machine share this scale. It continues while the machine sleeps, and nobody sets it. Another machine,
or this one after a restart, uses the wall clock instead.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # Linux, random(4)


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant on both scales: `steady` in seconds since the boot named `boot`, and `wall` in Unix seconds."""

    boot: str
    steady: float
    wall: float

    def to_json(self) -> dict[str, Any]:
        return {"boot": self.boot, "steady": self.steady, "wall": self.wall}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read the value of `to_json`. Raises KeyError, TypeError or ValueError for any other value."""
        return cls(str(value["boot"]), float(value["steady"]), float(value["wall"]))


class Clock:
    """The steady scale and the wall clock. A test can replace it."""

    def __init__(self) -> None:
        self.boot = _boot_id()

    def steady(self) -> float:
        """Return the seconds since the machine started. They include time asleep if the system counts it."""
        return time.clock_gettime(_STEADY)

    def wall(self) -> float:
        """Return Unix seconds."""
        return time.time()

    def after(self, seconds: float) -> Moment:
        """Return the moment `seconds` from now."""
        return Moment(self.boot, self.steady() + seconds, self.wall() + seconds)

    def until(self, moment: Moment) -> float:
        """Return the seconds until a moment, negative once it has passed."""
        if moment.boot == self.boot:
            return moment.steady - self.steady()
        return moment.wall - self.wall()


_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _boot_id() -> str:
    """Return the id of this boot of the machine, or an id of this process if the system has none."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return secrets.token_hex(16)
