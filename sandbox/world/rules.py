"""Rules: conditions on what a device or a vehicle reports (docs rule-services/rules, rule-services/boundaries, 2024).

A rule is covered when all its boundaries hold. It is evaluated for every message that arrives after it was made.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

EARTH_RADIUS_M = 6_371_008.8
Position = tuple[float, float]  # longitude, latitude
Ring = tuple[Position, ...]


@dataclass(frozen=True)
class Parametric:
    """Holds while a parameter is between ``low`` and ``high``, both included; None means without limit."""

    id: str
    parameter: str
    low: float | None
    high: float | None

    def holds(self, known: Mapping[str, object]) -> bool | None:
        """Tell whether it holds, None while the parameter is not known."""
        value = known.get(self.parameter)
        if not isinstance(value, int | float) or isinstance(value, bool):
            return None
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)


@dataclass(frozen=True)
class Radius:
    """Holds within ``metres`` of a point."""

    id: str
    lon: float
    lat: float
    metres: float

    def holds(self, known: Mapping[str, object]) -> bool | None:
        """Tell whether it holds, None while the position is not known."""
        position = position_of(known)
        return None if position is None else distance_m((self.lon, self.lat), position) <= self.metres


@dataclass(frozen=True)
class Polygon:
    """Holds within a polygon as in GeoJSON: the first ring is the outline, all others are holes (RFC 7946)."""

    id: str
    rings: tuple[Ring, ...]

    def holds(self, known: Mapping[str, object]) -> bool | None:
        """Tell whether it holds, None while the position is not known."""
        position = position_of(known)
        return None if position is None else is_inside(self.rings, position)


Boundary = Parametric | Radius | Polygon


@dataclass(frozen=True)
class Rule:
    """A rule of a device, or of a vehicle when ``vehicle_id`` is set. A rule never changes.

    ``device_id`` is the device that reports for the vehicle in that case.
    """

    id: str
    name: str
    device_id: str
    vehicle_id: str | None
    boundaries: tuple[Boundary, ...]
    created_ms: int


class Evaluation:
    """How far the evaluation of one rule has come. ``covered`` is None while the rule is unevaluated.

    A message carries only the parameters that changed (docs telemetry-services/device-messages). So the last value of
    each one that the rule needs is kept. The docs do not say what Vinli does before all are known; here a rule is
    evaluated as soon as the values known decide it.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.covered: bool | None = None
        named = {boundary.parameter for boundary in rule.boundaries if isinstance(boundary, Parametric)}
        self._needed = named | {"location"}
        self._known: dict[str, object] = {}

    def take(self, data: Mapping[str, object]) -> bool | None:
        """Evaluate the rule with a message; return whether it was entered or left, None when neither happened.

        The first evaluation always counts as one of the two (docs event-services/events, ``firstEval``).
        """
        self._known |= {name: value for name, value in data.items() if name in self._needed}
        now = self._decide()
        if now is None or now == self.covered:
            return None
        self.covered = now
        return now

    def _decide(self) -> bool | None:
        results = [boundary.holds(self._known) for boundary in self.rule.boundaries]
        if False in results:
            return False
        return None if None in results else True


def position_of(data: Mapping[str, object]) -> Position | None:
    """Return the position in a message's data (a GeoJSON Point), or None."""
    location = data.get("location")
    point = location.get("coordinates") if isinstance(location, Mapping) else None
    return (point[0], point[1]) if isinstance(point, list | tuple) and len(point) >= 2 else None


def distance_m(one: Position, other: Position) -> float:
    """Return the distance of two positions on a sphere, in metres."""
    lon1, lat1, lon2, lat2 = map(math.radians, (*one, *other))
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


def is_inside(rings: tuple[Ring, ...], position: Position) -> bool:
    """Tell whether a position is inside a polygon: a ray from it crosses the rings an odd number of times."""
    lon, lat = position
    crossings = 0
    for ring in rings:
        for (lon1, lat1), (lon2, lat2) in pairwise(ring):
            if (lat1 > lat) != (lat2 > lat) and lon < lon1 + (lat - lat1) / (lat2 - lat1) * (lon2 - lon1):
                crossings += 1
    return crossings % 2 == 1
