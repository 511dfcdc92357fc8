"""Routes through the town: the fastest way between two junctions, as lengths, limits and turns."""

import heapq
import math
from dataclasses import dataclass
from functools import lru_cache

from sandbox.world.town.map import FREE, JUNCTIONS, STOP, STREETS, Junction, Street

STRAIGHT, BEND, TURN = 20.0, 50.0, 85.0  # degrees
# Seconds that a light and a stop sign are worth to somebody who plans a way.
DELAYS = {"light": 18.0, STOP: 6.0, FREE: 0.0}


@dataclass(frozen=True, slots=True)
class Leg:
    """A street of a route. ``starts_m`` is the way before it; ``exit_ms`` the speed at which its end can be passed.

    ``has_light`` tells that there is a light at its end, ``stops`` that every car stops there.
    """

    street: Street
    starts_m: float
    length_m: float
    limit_ms: float
    exit_ms: float
    has_light: bool
    stops: bool
    x: float
    y: float
    across: float  # metres east for each metre of the way
    up: float


@dataclass(frozen=True, slots=True)
class Route:
    """A way from one junction to another."""

    start: str
    end: str
    legs: tuple[Leg, ...]
    length_m: float


@lru_cache(4096)
def route(start: str, end: str) -> Route:
    """Return the fastest route. Raises ValueError if the junctions are the same or there is no way."""
    steps = _steps(start, end)
    legs, way = [], 0.0
    for number, (street, is_forward) in enumerate(steps):
        following = steps[number + 1] if number + 1 < len(steps) else None
        leg = _leg(street, is_forward, way, following)
        legs.append(leg)
        way += leg.length_m
    return Route(start, end, tuple(legs), way)


def _steps(start: str, end: str) -> list[tuple[Street, bool]]:
    """Dijkstra by time."""
    if start == end:
        raise ValueError("a route leads somewhere else")
    best = {start: 0.0}
    came: dict[str, tuple[str, Street, bool]] = {}
    waiting = [(0.0, start)]
    while waiting:
        cost, here = heapq.heappop(waiting)
        if here == end:
            break
        for street, there, is_forward in _NEIGHBOURS[here]:
            new = cost + _length(street) / (street.limit_kmh / 3.6) + DELAYS[JUNCTIONS[there].control]
            if new < best.get(there, math.inf):
                best[there] = new
                came[there] = (here, street, is_forward)
                heapq.heappush(waiting, (new, there))
    if end not in came:
        raise ValueError(f"no way from {start} to {end}")
    steps: list[tuple[Street, bool]] = []
    while end != start:
        end, street, is_forward = came[end]
        steps.append((street, is_forward))
    return steps[::-1]


def _leg(street: Street, is_forward: bool, way: float, following: tuple[Street, bool] | None) -> Leg:
    first, last = _ends(street, is_forward)
    length = _length(street)
    across, up = (last.x - first.x) / length, (last.y - first.y) / length
    limit = street.limit_kmh / 3.6
    exit_ms = 0.0
    if following is not None:
        after = _ends(*following)
        angle = _angle((across, up), (after[1].x - after[0].x, after[1].y - after[0].y))
        exit_ms = min(limit, following[0].limit_kmh / 3.6, turning_speed(angle))
    return Leg(
        street,
        way,
        length,
        limit,
        exit_ms,
        has_light=following is not None and last.control == "light",
        stops=following is None or last.control == STOP,
        x=first.x,
        y=first.y,
        across=across,
        up=up,
    )


def turning_speed(angle: float) -> float:
    """Return the speed in m/s at which a turn of so many degrees can be passed."""
    return 25.0 if angle < STRAIGHT else 14.0 if angle < BEND else 7.0 if angle < TURN else 5.0


def _angle(one: tuple[float, float], other: tuple[float, float]) -> float:
    turn = math.degrees(math.atan2(one[1], one[0]) - math.atan2(other[1], other[0]))
    return abs((turn + 180) % 360 - 180)


def _ends(street: Street, is_forward: bool) -> tuple[Junction, Junction]:
    first, last = JUNCTIONS[street.start], JUNCTIONS[street.end]
    return (first, last) if is_forward else (last, first)


def _length(street: Street) -> float:
    first, last = JUNCTIONS[street.start], JUNCTIONS[street.end]
    return math.hypot(last.x - first.x, last.y - first.y)


def _neighbours() -> dict[str, list[tuple[Street, str, bool]]]:
    found: dict[str, list[tuple[Street, str, bool]]] = {name: [] for name in JUNCTIONS}
    for street in STREETS:
        found[street.start].append((street, street.end, True))
        if not street.is_one_way:
            found[street.end].append((street, street.start, False))
    return found


_NEIGHBOURS = _neighbours()
