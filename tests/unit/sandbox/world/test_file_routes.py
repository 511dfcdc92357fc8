"""Routes of files: what is read of GPX and GeoJSON, and how a virtual device drives along it."""

from __future__ import annotations

import itertools
import json
import math

import pytest

from sandbox.world.driving.drives import Drive
from sandbox.world.driving.file_routes import RouteFileError, read_route, run_route
from sandbox.world.town.map import METRES_PER_DEGREE

# Along a street of Berlin, far from the sandbox's town, with a turn in it.
LINE = [(13.400, 52.520), (13.404, 52.520), (13.408, 52.521), (13.408, 52.524)]


def gpx(points, *, name="", kind=("trk", "trkseg", "trkpt"), times=()):
    rows = "".join(
        f'<{kind[2]} lon="{lon}" lat="{lat}">{f"<time>{times[number]}</time>" if times else ""}</{kind[2]}>'
        for number, (lon, lat) in enumerate(points)
    )
    segment = f"<{kind[1]}>{rows}</{kind[1]}>" if kind[1] else rows
    head = f"<name>{name}</name>" if name else ""
    body = f"<{kind[0]}>{head}{segment}</{kind[0]}>"
    return f'<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1">{body}</gpx>'


FORMS = {
    "a track": gpx(LINE),
    "a route": gpx(LINE, kind=("rte", "", "rtept")),
    "a geometry": json.dumps({"type": "LineString", "coordinates": LINE}),
    "a feature": json.dumps(
        {"type": "Feature", "properties": None, "geometry": {"type": "LineString", "coordinates": LINE}}
    ),
    "a collection": json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "geometry": {"type": "Point", "coordinates": LINE[0]}},
                {
                    "type": "Feature",
                    "geometry": {"type": "LineString", "coordinates": [[*one, 34.0] for one in LINE]},
                },
            ],
        }
    ),
    "several lines": json.dumps({"type": "MultiLineString", "coordinates": [LINE[:2], LINE[2:]]}),
    "a byte order mark": "\ufeff" + json.dumps({"type": "LineString", "coordinates": LINE}),
}


def read(tmp_path, text, name="drive.gpx"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_route(str(path))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_line(form, tmp_path):
    route = read(tmp_path, FORMS[form])
    assert [(lon, lat) for lon, lat, _ in route.points] == LINE
    assert route.name == "drive"


def test_the_name_in_the_file_counts_and_the_id_depends_on_the_content_alone(tmp_path):
    named = read(tmp_path, gpx(LINE, name="To work"))
    assert named.name == "To work"
    assert run_route(named).id == run_route(read(tmp_path, gpx(LINE, name="To work"), "other.gpx")).id
    assert run_route(named).id != run_route(read(tmp_path, gpx(LINE[:3], name="To work"))).id


WRONG = {
    "nothing": b"",
    "a picture": bytes(range(256)),
    "a page": b"<html><body>no</body></html>",
    "a list": b"[1, 2]",
    "no line": json.dumps({"type": "Point", "coordinates": [1, 2]}).encode(),
    "broken JSON": b'{"type": "LineString", "coordinates": [[1,',
    "deep JSON": b'{"features":' * 100_000,
    "one point": gpx(LINE[:1]).encode(),
    "one place": gpx([LINE[0]] * 9).encode(),
    "words": json.dumps({"type": "LineString", "coordinates": [["a", "b"], ["c", "d"]]}).encode(),
    "no number": json.dumps({"type": "LineString", "coordinates": [[float("nan"), 1], [2, 3]]}).encode(),
    "out of the world": json.dumps({"type": "LineString", "coordinates": [[0, 91], [0, 0]]}).encode(),
    "too long": json.dumps({"type": "LineString", "coordinates": [[0, 0], [90, 0]]}).encode(),
    "too many": json.dumps({"type": "LineString", "coordinates": [[0, 0]] * 60_000}).encode(),
    "a point without a place": gpx(LINE).replace('lon="13.4"', "").encode(),
    "a document type": b"<!DOCTYPE gpx [<!ENTITY a 'b'>]>" + gpx(LINE).encode(),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_route_is_said(name, tmp_path):
    with pytest.raises(RouteFileError) as error:
        read(tmp_path, WRONG[name])
    assert str(error.value).startswith(f"{tmp_path / 'drive.gpx'} ")


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(RouteFileError, match="cannot be read"):
        read_route(str(tmp_path / "missing.gpx"))


def metres(one, other):
    east = (other[0] - one[0]) * METRES_PER_DEGREE * math.cos(math.radians(one[1]))
    return math.hypot(east, (other[1] - one[1]) * METRES_PER_DEGREE)


def drive_of(route):
    return Drive(
        vehicle=1,
        day=0,
        ordinal=0,
        start_ms=1_000_000,
        duration_ms=route.duration_ms,
        junctions=route.junctions,
        pace=1.0,
        salt=7,
        sends=route.messages,
    )


def test_a_car_drives_along_the_line_from_end_to_end(tmp_path):
    route = run_route(read(tmp_path, FORMS["a track"]))
    length = sum(metres(one, other) for one, other in itertools.pairwise(LINE))
    assert route.gps_m == pytest.approx(length, rel=0.01)
    samples = drive_of(route).samples()
    positions = [one.position for one in samples if one.position is not None]
    assert metres(positions[0], LINE[0]) < 30
    assert metres(positions[-1], LINE[-1]) < 30
    assert max(one.speed for one in samples) * 3.6 <= 51
    driven = sum(metres(one, other) for one, other in itertools.pairwise(positions))
    assert driven == pytest.approx(length, rel=0.2)


def test_the_times_of_a_track_say_how_fast_it_was(tmp_path):
    slow = [f"2026-06-01T12:{minute:02d}:00Z" for minute in (0, 2, 4, 6)]
    route = run_route(read(tmp_path, gpx(LINE, times=slow)))
    assert route.duration_ms >= 6 * 60_000
    assert max(one.speed for one in drive_of(route).samples()) * 3.6 < 20
    odd = ["2026-06-01T12:00:00Z", "yesterday", "2026-06-01T11:00:00Z", ""]
    assert run_route(read(tmp_path, gpx(LINE, times=odd))).duration_ms > 0
