"""Time that survives a clock being set: how long something is still good, told by the time since the machine started.

Processes of one machine share that scale; it goes on while the machine sleeps, and nobody sets it. Another machine, or
this one after a restart, has to go by the wall clock.
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
    """An instant on both scales: seconds since the machine of `boot` started, and Unix seconds."""

    boot: str
    steady: float
    wall: float

    def to_json(self) -> dict[str, Any]:
        return {"boot": self.boot, "steady": self.steady, "wall": self.wall}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Raises KeyError, TypeError or ValueError for what `to_json` did not make."""
        return cls(str(value["boot"]), float(value["steady"]), float(value["wall"]))


class Clock:
    """Both scales; a test has its own."""

    def __init__(self) -> None:
        self.boot = _boot_id()

    def steady(self) -> float:
        """Return the seconds since the machine started, those asleep included where the system counts them."""
        return time.clock_gettime(_STEADY)

    def wall(self) -> float:
        """Return Unix seconds."""
        return time.time()

    def after(self, seconds: float) -> Moment:
        """Return the moment that is so many seconds away."""
        return Moment(self.boot, self.steady() + seconds, self.wall() + seconds)

    def until(self, moment: Moment) -> float:
        """Return the seconds to a moment, negative once it has passed."""
        if moment.boot == self.boot:
            return moment.steady - self.steady()
        return moment.wall - self.wall()


_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _boot_id() -> str:
    """Return what names this run of the machine, or of this process where the system does not say."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return secrets.token_hex(16)
