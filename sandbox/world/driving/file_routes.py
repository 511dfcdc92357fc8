"""Routes that a person brings in a file: the track or route of a GPX file, or a line of a GeoJSON file.

A virtual device drives along the line as along any other route. Where the file has times, it drives as fast as they say
and as slowly; without times it keeps to LIMIT_KMH.
"""

import json
import math
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from sandbox.world.driving.documented_routes import RunRoute
from sandbox.world.driving.motion import NAMED_WAYS, Way, planned_seconds
from sandbox.world.town.map import CENTRE_LAT, CENTRE_LON, METRES_PER_DEGREE, Street
from sandbox.world.town.routes import Leg, turning_speed

MOST_BYTES = 20_000_000
MOST_POINTS = 50_000
MOST_METRES = 3_000_000
# Points that are closer than this are one: positions that wander while a car stands are no way.
LEAST_LEG_M = 12.0
LIMIT_KMH = 50
SLOWEST_MS, FASTEST_MS = 3.0, 45.0
LONGEST_NAME = 100
EARTH_RADIUS_M = 6_371_008.8
# Of ids of such routes: the same file has the same id in every sandbox.
_NAMESPACE = uuid.UUID("5b1f0a53-6c0e-4c5e-9a4b-0f3f6a1d7c00")

Point = tuple[float, float, float | None]  # longitude, latitude, Unix seconds


class RouteFileError(ValueError):
    """A file holds no route that can be driven. The message names the file and says why."""


@dataclass(frozen=True)
class FileRoute:
    """A line of at least two points, and the name of the file or of the track in it."""

    name: str
    points: tuple[Point, ...]


def read_route(path: str) -> FileRoute:
    """Read a GPX or GeoJSON file. Raises RouteFileError."""
    try:
        return _read(Path(path))
    except RouteFileError as error:
        raise RouteFileError(f"{path} {error}") from None


def _read(path: Path) -> FileRoute:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise RouteFileError(f"is larger than {MOST_BYTES // 1_000_000} MB")
        content = path.read_bytes()
    except OSError as error:
        raise RouteFileError(f"cannot be read: {error.strerror}") from None
    is_json = content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    name, points = _geojson(content) if is_json else _gpx(content)
    found = FileRoute(name[:LONGEST_NAME] or path.stem[:LONGEST_NAME], _spaced(points))
    if len(found.points) < 2:
        raise RouteFileError("holds no track, route or line of two points or more")
    if sum(_metres(one, other) for one, other in pairwise(found.points)) > MOST_METRES:
        raise RouteFileError(f"is longer than {MOST_METRES // 1000} km")
    return found


def run_route(route: FileRoute) -> RunRoute:
    """Return the route as runs follow it, and keep its way by its id."""
    route_id = str(uuid.uuid5(_NAMESPACE, repr(route)))
    way = NAMED_WAYS[route_id] = _way(route)
    started, ended = route.points[0][2], route.points[-1][2]
    recorded = ended - started if started is not None and ended is not None else 0.0
    seconds = max(planned_seconds((route_id,), 1.0, 0.3), recorded)
    length, count = round(way.length_m, 3), math.ceil(seconds / 5) + 1
    text = f"{length / 1000:.1f} km, from a file"
    return RunRoute(
        route_id, route.name, text, count, count, length, length, round(seconds * 1000), (route_id,)
    )


def _way(route: FileRoute) -> Way:
    legs: list[Leg] = []
    starts_m = 0.0
    places = [_place(point) for point in route.points]
    for number, (one, other) in enumerate(pairwise(route.points)):
        length, limit = _metres(one, other), _limit(one, other)
        (ax, ay), (bx, by) = places[number], places[number + 1]
        is_last = number == len(places) - 2
        exit_ms = 0.0 if is_last else min(limit, turning_speed(_turn(places[number : number + 3])))
        legs.append(
            Leg(
                Street(route.name, "", "", round(limit * 3.6)),
                starts_m,
                length,
                limit,
                exit_ms,
                has_light=False,
                stops=is_last,
                x=ax,
                y=ay,
                # The town's metres are those of its latitude. A place is found by the true metres of the way.
                across=(bx - ax) / length,
                up=(by - ay) / length,
            )
        )
        starts_m += length
    return Way(tuple(legs), starts_m, 0)


def _limit(one: Point, other: Point) -> float:
    """Return the speed between two points in m/s."""
    if one[2] is None or other[2] is None or other[2] <= one[2]:
        return LIMIT_KMH / 3.6
    return min(FASTEST_MS, max(SLOWEST_MS, 1.1 * _metres(one, other) / (other[2] - one[2])))


def _turn(places: list[tuple[float, float]]) -> float:
    """Return the degrees of a turn through three places."""
    (ax, ay), (bx, by), (cx, cy) = places
    turn = math.degrees(math.atan2(cy - by, cx - bx) - math.atan2(by - ay, bx - ax))
    return abs((turn + 180) % 360 - 180)


def _place(point: Point) -> tuple[float, float]:
    lon, lat, _ = point
    x = (lon - CENTRE_LON) * METRES_PER_DEGREE * math.cos(math.radians(CENTRE_LAT))
    return x, (lat - CENTRE_LAT) * METRES_PER_DEGREE


def _metres(one: Point, other: Point) -> float:
    """Return the distance of two points on the sphere."""
    lat, to_lat = math.radians(one[1]), math.radians(other[1])
    half = math.sin((to_lat - lat) / 2) ** 2
    half += math.cos(lat) * math.cos(to_lat) * math.sin(math.radians(other[0] - one[0]) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, half)))


def _spaced(points: Iterator[Point]) -> tuple[Point, ...]:
    """Return the points without those that are closer than LEAST_LEG_M to the one before."""
    found: list[Point] = []
    for number, point in enumerate(points):
        if number >= MOST_POINTS:
            raise RouteFileError(f"has more than {MOST_POINTS:,} points")
        if not (abs(point[0]) <= 180 and abs(point[1]) <= 90):  # NaN is none of these
            raise RouteFileError("has a point that is no longitude and latitude")
        if not found or _metres(found[-1], point) >= LEAST_LEG_M:
            found.append(point)
    return tuple(found)


def _geojson(content: bytes) -> tuple[str, Iterator[Point]]:
    try:
        value = json.loads(content)
        name, line = _line_of(value)
        points = [(float(lon), float(lat), None) for lon, lat, *_ in line]
    except (ValueError, TypeError, KeyError, RecursionError, AttributeError):
        raise RouteFileError("is no GeoJSON with a LineString") from None
    return name, iter(points)


def _line_of(value: dict[str, object]) -> tuple[str, list[list[float]]]:
    """Return the first line of a GeoJSON object (RFC 7946) with the name in its properties."""
    features = value.get("features")
    if isinstance(features, list):
        for feature in features:
            try:
                return _line_of(feature)
            except ValueError:
                continue
        raise ValueError("no line")
    properties = value.get("properties")
    name = properties.get("name") if isinstance(properties, dict) else None
    geometry = value.get("geometry", value)
    if not isinstance(geometry, dict):
        raise ValueError("no geometry")
    line = geometry.get("coordinates")
    if geometry.get("type") == "MultiLineString" and isinstance(line, list):
        line = [point for part in line for point in part]
    elif geometry.get("type") != "LineString":
        raise ValueError("no line")
    if not isinstance(line, list):
        raise ValueError("no line")
    return name if isinstance(name, str) else "", line


def _gpx(content: bytes) -> tuple[str, Iterator[Point]]:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise RouteFileError("declares a document type, which GPX does not have")
    try:
        root = ET.fromstring(content)  # noqa: S314 (a document type, where the dangers are, was refused above)
    except (ET.ParseError, ValueError):
        raise RouteFileError("is neither GPX nor GeoJSON") from None
    for line, point in (("trk", "trkpt"), ("rte", "rtept")):
        found = next((one for one in root.iter() if _local(one) == line), None)
        if found is not None:
            name = next((one.text or "" for one in found if _local(one) == "name"), "")
            return name.strip(), (_gpx_point(one) for one in found.iter() if _local(one) == point)
    raise RouteFileError("holds no track and no route")


def _gpx_point(element: ET.Element) -> Point:
    try:
        lon, lat = float(element.attrib["lon"]), float(element.attrib["lat"])
    except (KeyError, ValueError):
        raise RouteFileError("has a point without lon and lat") from None
    text = next((one.text or "" for one in element if _local(one) == "time"), "")
    return lon, lat, _seconds(text.strip())


def _seconds(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _local(element: ET.Element) -> str:
    """Return the name of an element without its namespace."""
    return element.tag.rpartition("}")[2]
