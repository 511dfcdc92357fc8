"""The way of a trip as a file: GPX 1.1, GeoJSON (RFC 7946), or CSV."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from domain.cars.exports.cells import csv_cell
from domain.dates import iso

GPX = "http://www.topografix.com/GPX/1/1"


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a way. Longitude and latitude in degrees, the speed in km/h or None. `at` is aware."""

    at: datetime
    longitude: float
    latitude: float
    speed_kmh: float | None = None


def as_gpx(name: str, points: Sequence[Point]) -> str:
    """Return a GPX document with one track, oldest point first. Speeds are in m/s, as an extension of Garmin."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<gpx version="1.1" creator="Vinli Connect" xmlns={quoteattr(GPX)}>',
        f"  <trk>\n    <name>{escape(name)}</name>\n    <trkseg>",
    ]
    lines += [
        f'      <trkpt lat="{point.latitude:.6f}" lon="{point.longitude:.6f}"><time>{iso(point.at)}</time></trkpt>'
        for point in points
    ]
    lines += ["    </trkseg>", "  </trk>", "</gpx>", ""]
    return "\n".join(lines)


def as_geojson(name: str, points: Sequence[Point]) -> str:
    """Return a Feature with a LineString; times and speeds of its points stand in its properties."""
    feature = {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [[one.longitude, one.latitude] for one in points]},
        "properties": {
            "name": name,
            "times": [iso(one.at) for one in points],
            "speeds_kmh": [one.speed_kmh for one in points],
        },
    }
    return json.dumps(feature, ensure_ascii=False) + "\n"


def as_csv(points: Iterable[Point]) -> str:
    """Return a line for each point: time, longitude, latitude, speed in km/h."""
    rows = ["at,longitude,latitude,speed_kmh"]
    for one in points:
        speed = "" if one.speed_kmh is None else f"{one.speed_kmh:g}"
        rows.append(",".join(map(csv_cell, (iso(one.at),))) + f",{one.longitude},{one.latitude},{speed}")
    return "\r\n".join(rows) + "\r\n"
