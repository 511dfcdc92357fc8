"""The motion of one drive: speed and way at any time, in closed form.

A car accelerates, keeps the limit and brakes before turns, stop signs and red lights. A drive lasts as long as its plan
says: what is left over is spent waiting, most of it at the red lights.
"""

import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import NamedTuple

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
    # The numbers of the legs that are tunnels.
    tunnels: tuple[int, ...] = ()


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
    tunnels = tuple(number for number, leg in enumerate(legs) if leg.street.is_tunnel)
    return Way(tuple(legs), length, sum(leg.has_light for leg in legs), tunnels)


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


class Phase(NamedTuple):
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

    def at(self, t: float) -> tuple[float, float, float]:
        """Return way in metres, speed in m/s and acceleration in m/s^2."""
        phase = self._phases[bisect_right(self._starts, t) - 1]
        passed = t - phase.t
        speed = phase.speed + phase.change * passed
        return phase.way_m + (phase.speed + speed) / 2 * passed, max(speed, 0.0), phase.change

    def walk(self, moments: Sequence[float]) -> Iterator[tuple[float, float, float]]:
        """Yield what ``at`` returns for many instants, which grow."""
        phases, starts, number, last = self._phases, self._starts, 0, len(self._phases) - 1
        for t in moments:
            while number < last and starts[number + 1] <= t:
                number += 1
            start, way_m, begun, change = phases[number]
            passed = t - start
            speed = begun + change * passed
            yield way_m + (begun + speed) / 2 * passed, max(speed, 0.0), change

    def hard(self, until: float) -> tuple[int, int]:
        """Return how many hard accelerations and hard brakings began in the first seconds."""
        begun = [phase.change for phase in self._phases if phase.t <= until]
        up, down = HARD_ACCELERATION - 0.01, 0.01 - HARD_BRAKING
        return sum(change >= up for change in begun), sum(change <= down for change in begun)


@lru_cache(8192)
def _least_seconds(junctions: tuple[str, ...], pace: float) -> tuple[float, int]:
    """Return the seconds of a drive that finds all lights green, and the number of lights."""
    lights = way_through(junctions).lights
    free = sum(_leg_seconds(junctions, pace, (False,) * lights)[0])
    return free + START_SECONDS + END_SECONDS + 4.0, lights


def planned_seconds(junctions: tuple[str, ...], pace: float, luck: float) -> float:
    """Return the seconds of a drive; ``luck`` from 0 (all goes well) to 1. Always enough for red lights."""
    least, lights = _least_seconds(junctions, pace)
    return least + lights * (LIGHT_SECONDS + 22.0 * luck)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a drive is where: which lights are red and how long, and the seconds of standing at the start."""

    red: tuple[bool, ...]
    waits: tuple[float, ...]
    start: float


def motion_of(junctions: tuple[str, ...], pace: float, seconds: float, salt: int, hard: int) -> Motion:
    """Return the motion of a drive that lasts ``seconds``.

    The bits of ``salt`` say which lights are red, those of ``hard`` on which legs the driver is in a hurry.
    """
    return Motion(
        _phases(way_through(junctions), pace, _schedule(junctions, pace, seconds, salt, hard), hard)
    )


def leg_moments(junctions: tuple[str, ...], pace: float, seconds: float, salt: int, hard: int) -> list[float]:
    """Return the seconds after which each leg of a drive begins, and at last those of the arrival.

    It is the same as asking the motion, and much faster.
    """
    schedule = _schedule(junctions, pace, seconds, salt, hard)
    durations = _durations(junctions, pace, schedule.red, hard)
    found, t, light = [schedule.start], schedule.start, 0
    for leg, duration in zip(way_through(junctions).legs, durations, strict=True):
        t += duration
        if leg.has_light:
            t += schedule.waits[light]
            light += 1
        found.append(t)
    return found


def _schedule(junctions: tuple[str, ...], pace: float, seconds: float, salt: int, hard: int) -> Schedule:
    """Return the schedule by which a drive lasts ``seconds``: what is left over is spent at the red lights."""
    red = tuple(bool(salt >> number % 60 & 1) for number in range(way_through(junctions).lights))
    rest = seconds - sum(_durations(junctions, pace, red, hard)) - START_SECONDS - END_SECONDS
    weights = [1 + (salt >> number % 50 & 7) if is_red else 0 for number, is_red in enumerate(red)]
    total = sum(weights)
    waits = tuple(rest * weight / total if total else 0.0 for weight in weights)
    return Schedule(red, waits, START_SECONDS + (0.0 if any(red) else rest))


def _durations(junctions: tuple[str, ...], pace: float, red: tuple[bool, ...], hard: int) -> list[float]:
    """Return the seconds of each leg without the waiting at its light."""
    calm, hurried = _leg_seconds(junctions, pace, red)
    if not hard:
        return list(calm)
    return [
        quick if hard >> number % 60 & 1 else slow
        for number, (slow, quick) in enumerate(zip(calm, hurried, strict=True))
    ]


@lru_cache(8192)
def _leg_seconds(
    junctions: tuple[str, ...], pace: float, red: tuple[bool, ...]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the seconds of each leg, for a calm driver and for one in a hurry."""
    way = way_through(junctions)
    speeds = _node_speeds(way, pace, red)
    calm: list[float] = []
    hurried: list[float] = []
    for number, leg in enumerate(way.legs):
        stop = STOP_SECONDS if leg.stops and number + 1 < len(way.legs) else 0.0
        for found, is_hard in ((calm, False), (hurried, True)):
            course = _course(leg, pace, speeds[number], speeds[number + 1], is_hard)
            found.append(course.rising + course.cruising + course.falling + stop)
    return tuple(calm), tuple(hurried)


class _Course(NamedTuple):
    """A leg in seconds and metres: rising to the speed ``top``, cruising, and falling."""

    top: float
    rising: float
    rising_m: float
    cruising: float
    cruising_m: float
    falling: float


def _course(leg: Leg, pace: float, entry: float, leaving: float, is_hard: bool) -> _Course:
    up, down = (HARD_ACCELERATION, HARD_BRAKING) if is_hard else (ACCELERATION, BRAKING)
    top = min(
        leg.limit_ms * pace,
        sqrt((2 * up * down * leg.length_m + down * entry**2 + up * leaving**2) / (up + down)),
    )
    rising = max(top - entry, 0.0) / up
    rising_m = (entry + top) / 2 * rising
    falling = max(top - leaving, 0.0) / down
    cruising_m = max(leg.length_m - rising_m - (top + leaving) / 2 * falling, 0.0)
    return _Course(top, rising, rising_m, cruising_m / top if cruising_m > 0 else 0.0, cruising_m, falling)


def _phases(way: Way, pace: float, schedule: Schedule, hard: int) -> list[Phase]:
    """Return the phases of a drive. The last one is the standing at its end."""
    speeds = _node_speeds(way, pace, schedule.red)
    phases = [Phase(0.0, 0.0, 0.0, 0.0)] if schedule.start else []
    t, light = schedule.start, 0
    for number, leg in enumerate(way.legs):
        is_hard = bool(hard >> number % 60 & 1)
        up, down = (HARD_ACCELERATION, HARD_BRAKING) if is_hard else (ACCELERATION, BRAKING)
        course = _course(leg, pace, speeds[number], speeds[number + 1], is_hard)
        if course.rising > 0:
            phases.append(Phase(t, leg.starts_m, speeds[number], up))
            t += course.rising
        if course.cruising_m > 0:
            phases.append(Phase(t, leg.starts_m + course.rising_m, course.top, 0.0))
            t += course.cruising
        if course.falling > 0:
            phases.append(Phase(t, leg.starts_m + course.rising_m + course.cruising_m, course.top, -down))
            t += course.falling
        wait = STOP_SECONDS if leg.stops and number + 1 < len(way.legs) else 0.0
        if leg.has_light:
            wait += schedule.waits[light]
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
