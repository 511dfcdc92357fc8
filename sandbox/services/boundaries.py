"""The boundaries of a rule, read from a request (docs rule-services/boundaries, until 2024).

The docs do not say how Vinli refuses a wrong one. Here it is 400.
"""

import math
import uuid

from sandbox.api.errors import ApiError
from sandbox.world.parameters import DECIMAL
from sandbox.world.rules import Boundary, Parametric, Polygon, Position, Radius, Ring

MOST_BOUNDARIES = 20
MOST_POINTS = 500
LARGEST_RADIUS_M = 20_040_000  # half of the way around the earth


def read_boundaries(value: object) -> tuple[Boundary, ...]:
    """Return the boundaries in a body; raises ApiError 400. At most one may be geographic."""
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_BOUNDARIES:
        raise ApiError(400, f'"boundaries" must be a list of 1 to {MOST_BOUNDARIES} boundaries')
    boundaries = tuple(_read(one) for one in value)
    if sum(not isinstance(one, Parametric) for one in boundaries) > 1:
        raise ApiError(400, "A rule has at most one boundary of the types radius and polygon")
    return boundaries


def _read(value: object) -> Boundary:
    if isinstance(value, dict):
        if value.get("type") == "parametric":
            return _parametric(value)
        if value.get("type") == "radius":
            return _radius(value)
        if value.get("type") == "polygon":
            return Polygon(str(uuid.uuid4()), read_rings(value.get("coordinates")))
    raise ApiError(400, 'A boundary needs a "type": parametric, radius or polygon')


def _parametric(value: dict[str, object]) -> Parametric:
    parameter = value.get("parameter")
    if not isinstance(parameter, str) or parameter not in DECIMAL:
        raise ApiError(400, '"parameter" must be the key of a parameter with numbers as values')
    low, high = read_limits(value)
    return Parametric(str(uuid.uuid4()), parameter, low, high)


def read_limits(value: dict[str, object]) -> tuple[float | None, float | None]:
    """Return ``min`` and ``max``, of which one may be missing; raises ApiError 400."""
    low, high = value.get("min"), value.get("max")
    wrong = any(limit is not None and _number(limit) is None for limit in (low, high))
    limits = _number(low), _number(high)
    if wrong or limits == (None, None):
        raise ApiError(400, 'A parametric boundary needs a number as "min", "max" or both')
    if limits[0] is not None and limits[1] is not None and limits[0] > limits[1]:
        raise ApiError(400, '"min" must not be greater than "max"')
    return limits


def _radius(value: dict[str, object]) -> Radius:
    position = _position([value.get("lon"), value.get("lat")])
    metres = _number(value.get("radius"))
    if position is None or metres is None or not 0 < metres <= LARGEST_RADIUS_M:
        raise ApiError(400, 'A radius boundary needs "lon", "lat" and a "radius" in metres')
    return Radius(str(uuid.uuid4()), *position, metres)


def read_rings(value: object) -> tuple[Ring, ...]:
    """Return the rings of a polygon as in GeoJSON, each closed; raises ApiError 400."""
    rings = [_ring(ring) for ring in value] if isinstance(value, list) and len(value) <= MOST_POINTS else []
    if not rings or sum(map(len, rings)) > MOST_POINTS:
        raise ApiError(400, f'"coordinates" must be a list of rings, of {MOST_POINTS} positions in all')
    return tuple(rings)


def _ring(value: object) -> Ring:
    positions = [_position(one) for one in value] if isinstance(value, list) else []
    ring = tuple(one for one in positions if one is not None)
    if len(ring) < 4 or len(ring) < len(positions) or ring[0] != ring[-1]:
        raise ApiError(400, "A ring needs at least four positions [lon, lat], the last one like the first")
    return ring


def _position(value: object) -> Position | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    lon, lat = _number(value[0]), _number(value[1])
    if lon is None or lat is None or abs(lon) > 180 or abs(lat) > 90:
        return None
    return lon, lat


def _number(value: object) -> float | None:
    """Return a finite number, None for anything else. JSON as Python reads it also has NaN and endless integers."""
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > 1e15:
        return None
    return value if math.isfinite(value) else None
