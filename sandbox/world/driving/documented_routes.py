"""The routes of virtual devices: the nine that the docs list, drawn anew, and some of our own town.

docs virtual-vinli/routes gives ids, names, lengths and durations of the nine; their ways are loops of our own.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.world.driving.motion import NAMED_WAYS, Way, planned_seconds, way_through
from sandbox.world.town.map import CENTRE_LAT, CENTRE_LON, METRES_PER_DEGREE, Street
from sandbox.world.town.routes import Leg

LEGS = 14
DALLAS, LAS_VEGAS = (-96.7970, 32.7767), (-115.1537, 36.1316)


@dataclass(frozen=True, slots=True)
class RunRoute:
    """A route: lengths in metres, by positions and by speed, and the milliseconds of one run in real time."""

    id: str
    name: str
    description: str
    messages: int
    locations: int
    gps_m: float
    speed_m: float
    duration_ms: int
    junctions: tuple[str, ...]


_DOCUMENTED = (
    ("8e90cf47-c6c1-486d-9ba8-194f569c7309", "DFW - Back Home", 28, 28, 387.85, 446.427, 86843),
    ("a9f09ad2-05d6-4b8d-b218-2e65a3229e8e", "DFW - Circle the Block", 43, 43, 588.761, 625.607, 135665),
    ("64803498-cc0d-4724-99ef-e0d32d527670", "DFW - Downtown Route 1", 139, 120, 4506.49, 8904.45, 499277),
    ("7e582c36-281c-4551-b54a-0a49cadcb665", "DFW - Downtown Route 2", 88, 88, 1718.89, 1808.95, 1615955),
    ("502361fb-a5aa-46c4-a565-064b7bea2ba1", "DFW - Home Loop 1 of 3", 39, 39, 381.036, 383.402, 123626),
    ("072ef6be-688c-4116-bbcf-dd046531b648", "DFW - Home Loop 2 of 3", 38, 38, 702.972, 701.821, 119370),
    ("377d7edc-ba9f-4d4c-a898-7c955f8d4eb6", "DFW - Home Loop 3 of 3", 23, 23, 416.802, 436.012, 73684),
    ("3914d927-efae-43e8-9a00-5bffb1cae110", "LAS - CES 1", 200, 200, 13165.6, 8558.36, 600001),
    ("170820b0-fc2d-4ee6-aacd-88011d542545", "Med Route - DFW", 277, 260, 9357.61, 9596.56, 957793),
)
_OWN = (
    ("5b1f0a53-6c0e-4c5e-9a4b-0f3f6a1d7c01", "Marlow - To work", ("a5", "c3")),
    ("5b1f0a53-6c0e-4c5e-9a4b-0f3f6a1d7c02", "Marlow - Round the town", ("a1", "f1", "f5", "a5", "a1")),
    ("5b1f0a53-6c0e-4c5e-9a4b-0f3f6a1d7c03", "Marlow - To Fairview and back", ("d3", "plaza", "d3")),
)


def _loop(name: str, length_m: float, duration_ms: int, place: tuple[float, float]) -> Way:
    """Return a closed way of this length: a bent circle, which begins at a place."""
    lon, lat = place
    x = (lon - CENTRE_LON) * METRES_PER_DEGREE * math.cos(math.radians(CENTRE_LAT))
    y = (lat - CENTRE_LAT) * METRES_PER_DEGREE
    shape = [
        (
            math.cos(angle) * (1 + 0.25 * math.sin(3 * angle)),
            math.sin(angle) * (1 + 0.2 * math.cos(2 * angle)),
        )
        for angle in (2 * math.pi * number / LEGS for number in range(LEGS + 1))
    ]
    sides = [math.dist(one, other) for one, other in itertools.pairwise(shape)]
    scale = length_m / sum(sides)
    # Fast enough that time is left for standing at lights.
    limit = max(7.0, 2.4 * length_m / (duration_ms / 1000))
    legs, way = [], 0.0
    for number, side in enumerate(sides):
        (ax, ay), (bx, by) = shape[number], shape[number + 1]
        is_last = number == LEGS - 1
        legs.append(
            Leg(
                Street(name, "", "", round(limit * 3.6)),
                way,
                side * scale,
                limit,
                0.0 if is_last else limit * 0.8,
                has_light=not is_last and number % 4 == 2,
                stops=is_last,
                x=x + (ax - shape[0][0]) * scale,
                y=y + (ay - shape[0][1]) * scale,
                across=(bx - ax) / side,
                up=(by - ay) / side,
            )
        )
        way += side * scale
    return Way(tuple(legs), way, sum(leg.has_light for leg in legs))


def _routes() -> Sequence[RunRoute]:
    found = []
    for route_id, name, messages, locations, gps_m, speed_m, duration_ms in _DOCUMENTED:
        NAMED_WAYS[name] = _loop(name, gps_m, duration_ms, LAS_VEGAS if name.startswith("LAS") else DALLAS)
        text = f"{gps_m / 1000:.1f} km, drawn for the sandbox"
        found.append(
            RunRoute(route_id, name, text, messages, locations, gps_m, speed_m, duration_ms, (name,))
        )
    for route_id, name, junctions in _OWN:
        duration_ms = round(planned_seconds(junctions, 1.0, 0.3) * 1000)
        length = round(way_through(junctions).length_m, 3)
        count = -(-duration_ms // 5000) + 1
        text = f"{length / 1000:.1f} km in the sandbox's own town"
        found.append(RunRoute(route_id, name, text, count, count, length, length, duration_ms, junctions))
    return tuple(found)


ROUTES = _routes()
