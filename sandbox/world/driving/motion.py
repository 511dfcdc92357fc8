"""The motion of one drive: speed and way at any time, in closed form.

A car accelerates, keeps the limit and brakes before turns, stop signs and red lights. A drive lasts as long as its plan
says: what is left over is spent waiting, most of it at the red lights.
"""

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

from sandbox.world.town.routes import Leg, route

# Metres per second squared.
ACCELERATION, BRAKING = 1.6, 2.0
HARD_ACCELERATION, HARD_BRAKING = 3.4, 4.6
STOP_SECONDS = 2.0
# Seconds that a red light can cost at most, apart from the waiting there.
LIGHT_SECONDS = 9.0
START_SECONDS, END_SECONDS = 5.0, 3.0


@dataclass(frozen=True, slots=True)
class Way:
    """The streets of a drive, from junction to junction, without stopping the engine at the ones between."""

    legs: tuple[Leg, ...]
    length_m: float
    lights: int

    def leg_at(self, way_m: float) -> Leg:
        """Return the leg in which a place lies, given by the metres from the start."""
        low, high = 0, len(self.legs) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self.legs[middle].starts_m <= way_m:
                low = middle
            else:
                high = middle - 1
        return self.legs[low]


# Ways that lead through no town of ours, by their names.
NAMED_WAYS: dict[str, Way] = {}


@lru_cache(4096)
def way_through(junctions: tuple[str, ...]) -> Way:
    """Return the way through two or more junctions, or the way that has a name of its own."""
    if len(junctions) == 1:
        return NAMED_WAYS[junctions[0]]
    legs: list[Leg] = []
    length = 0.0
    for start, end in itertools.pairwise(junctions):
        part = route(start, end)
        legs += [_moved(leg, length) for leg in part.legs]
        length += part.length_m
    return Way(tuple(legs), length, sum(leg.has_light for leg in legs))


def _moved(leg: Leg, by_m: float) -> Leg:
    return Leg(
        leg.street,
        leg.starts_m + by_m,
        leg.length_m,
        leg.limit_ms,
        leg.exit_ms,
        leg.has_light,
        leg.stops,
        leg.x,
        leg.y,
        leg.across,
        leg.up,
    )


@dataclass(frozen=True, slots=True)
class Phase:
    """From ``t`` seconds on the car, at ``way_m`` with ``speed`` m/s, changes its speed by ``change`` m/s^2."""

    t: float
    way_m: float
    speed: float
    change: float


class Motion:
    """Where the car is and how fast, by the seconds since the start."""

    def __init__(self, phases: Sequence[Phase]) -> None:
        self._phases = phases
        self._starts = [phase.t for phase in phases]
        self._ways = [phase.way_m for phase in phases]

    def at(self, t: float) -> tuple[float, float, float]:
        """Return way in metres, speed in m/s and acceleration in m/s^2."""
        phase = self._phases[bisect_right(self._starts, t) - 1]
        passed = t - phase.t
        speed = phase.speed + phase.change * passed
        return phase.way_m + (phase.speed + speed) / 2 * passed, max(speed, 0.0), phase.change

    def seconds_to(self, way_m: float) -> float:
        """Return the seconds after which a place is reached, given by the metres from the start."""
        phase = self._phases[max(0, bisect_right(self._ways, way_m) - 1)]
        left = max(0.0, way_m - phase.way_m)
        if abs(phase.change) < 1e-9:
            return phase.t + (left / phase.speed if phase.speed > 0 else 0.0)
        root = sqrt(max(0.0, phase.speed**2 + 2 * phase.change * left))
        return phase.t + (root - phase.speed) / phase.change

    def hard(self, until: float) -> tuple[int, int]:
        """Return how many hard accelerations and hard brakings began in the first seconds."""
        begun = [phase.change for phase in self._phases if phase.t <= until]
        up, down = HARD_ACCELERATION - 0.01, 0.01 - HARD_BRAKING
        return sum(change >= up for change in begun), sum(change <= down for change in begun)


@lru_cache(8192)
def free_seconds(junctions: tuple[str, ...], pace: float) -> float:
    """Return the seconds of a drive that finds all lights green, without waiting at its ends."""
    way = way_through(junctions)
    phases = _phases(way, pace, (False,) * way.lights, (0.0,) * way.lights, 0, 0.0)
    return phases[-1].t


def planned_seconds(junctions: tuple[str, ...], pace: float, luck: float) -> float:
    """Return the seconds of a drive; ``luck`` from 0 (all goes well) to 1. Always enough for red lights."""
    lights = way_through(junctions).lights
    return (
        free_seconds(junctions, pace)
        + START_SECONDS
        + END_SECONDS
        + 4.0
        + lights * (LIGHT_SECONDS + 22.0 * luck)
    )


def motion_of(junctions: tuple[str, ...], pace: float, seconds: float, salt: int, hard: int) -> Motion:
    """Return the motion of a drive that lasts ``seconds``.

    The bits of ``salt`` say which lights are red, those of ``hard`` on which legs the driver is in a hurry.
    """
    way = way_through(junctions)
    red = tuple(bool(salt >> number % 60 & 1) for number in range(way.lights))
    moving = _phases(way, pace, red, (0.0,) * way.lights, hard, 0.0)[-1].t
    rest = seconds - moving - START_SECONDS - END_SECONDS
    reds = sum(red)
    weights = [1 + (salt >> number % 50 & 7) if is_red else 0 for number, is_red in enumerate(red)]
    total = sum(weights)
    waits = tuple(rest * weight / total if total else 0.0 for weight in weights)
    start = START_SECONDS + (0.0 if reds else rest)
    phases = _phases(way, pace, red, waits, hard, start)
    return Motion(phases)


def _phases(
    way: Way, pace: float, red: Sequence[bool], waits: Sequence[float], hard: int, start: float
) -> list[Phase]:
    """Return the phases of a drive. The last one is the standing at its end."""
    speeds = _node_speeds(way, pace, red)
    phases = [Phase(0.0, 0.0, 0.0, 0.0)] if start else []
    t, light = start, 0
    for number, leg in enumerate(way.legs):
        is_hard = bool(hard >> number % 60 & 1)
        up, down = (HARD_ACCELERATION, HARD_BRAKING) if is_hard else (ACCELERATION, BRAKING)
        entry, leaving = speeds[number], speeds[number + 1]
        top = min(
            leg.limit_ms * pace,
            sqrt((2 * up * down * leg.length_m + down * entry**2 + up * leaving**2) / (up + down)),
        )
        rising = max(top - entry, 0.0) / up
        rising_m = (entry + top) / 2 * rising
        falling = max(top - leaving, 0.0) / down
        falling_m = (top + leaving) / 2 * falling
        cruise_m = max(leg.length_m - rising_m - falling_m, 0.0)
        if rising > 0:
            phases.append(Phase(t, leg.starts_m, entry, up))
            t += rising
        if cruise_m > 0:
            phases.append(Phase(t, leg.starts_m + rising_m, top, 0.0))
            t += cruise_m / top
        if falling > 0:
            phases.append(Phase(t, leg.starts_m + rising_m + cruise_m, top, -down))
            t += falling
        wait = STOP_SECONDS if leg.stops and number + 1 < len(way.legs) else 0.0
        if leg.has_light:
            wait += waits[light]
            light += 1
        if wait > 0:
            phases.append(Phase(t, leg.starts_m + leg.length_m, 0.0, 0.0))
            t += wait
    phases.append(Phase(t, way.length_m, 0.0, 0.0))
    return phases


def _node_speeds(way: Way, pace: float, red: Sequence[bool]) -> list[float]:
    """Return the speed at the start, at each junction and at the end, so that normal braking is enough."""
    speeds, light = [0.0], 0
    for leg in way.legs:
        speed = 0.0 if leg.stops else min(leg.exit_ms, leg.limit_ms * pace)
        if leg.has_light:
            speed = 0.0 if red[light] else speed
            light += 1
        speeds.append(speed)
    for number, leg in enumerate(way.legs):
        speeds[number + 1] = min(
            speeds[number + 1], sqrt(speeds[number] ** 2 + 2 * ACCELERATION * leg.length_m)
        )
    for number in range(len(way.legs) - 1, -1, -1):
        reachable = sqrt(speeds[number + 1] ** 2 + 2 * BRAKING * way.legs[number].length_m)
        speeds[number] = min(speeds[number], reachable)
    return speeds
