"""Whose data is asked for, and places on the earth, as all of Vinli's services give them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["devices", "vehicles"]
# Longitude and latitude in degrees.
Position = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Subject:
    """A device or a vehicle, by its id."""

    kind: Kind
    id: str


def device(device_id: str) -> Subject:
    """Return a device as the subject of a list."""
    return Subject("devices", device_id)


def vehicle(vehicle_id: str) -> Subject:
    """Return a vehicle as the subject of a list."""
    return Subject("vehicles", vehicle_id)


def position_of(value: Any) -> Position | None:
    """Return longitude and latitude from any of the shapes that Vinli's documents and clients show; None for others.

    A GeoJSON Point or Feature, `{longitude, latitude}`, `{lon, lat}`, or `{coordinate: [lon, lat]}`.
    """
    if not isinstance(value, dict):
        return None
    pair = value.get("coordinates")
    if type(pair) is list and len(pair) == 2 and type(pair[0]) is float and type(pair[1]) is float:
        # By far the most, and read by the thousand.
        return (pair[0], pair[1]) if -180 <= pair[0] <= 180 and -90 <= pair[1] <= 90 else None
    if isinstance(value.get("geometry"), dict):
        return position_of(value["geometry"])
    pair = value.get("coordinate") if pair is None else pair
    if not isinstance(pair, list):
        pair = [value.get("longitude", value.get("lon")), value.get("latitude", value.get("lat"))]
    numbers = [float(one) for one in pair[:2] if isinstance(one, (int, float)) and not isinstance(one, bool)]
    if len(numbers) != 2 or not (-180 <= numbers[0] <= 180 and -90 <= numbers[1] <= 90):
        return None
    return numbers[0], numbers[1]
