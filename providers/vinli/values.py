"""The base of the values of all Vinli services. They are msgspec structs with our names.

A value ignores undeclared fields. A declared field with an unreadable value counts as absent, unless the value is
needed. `rename` holds the names on the wire.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Self, TypeVar

import msgspec
from msgspec.structs import force_setattr

from providers.records import in_utc, readable_fields

T = TypeVar("T")

Kind = Literal["devices", "vehicles"]
# Longitude and latitude in degrees.
Position = tuple[float, float]

CANONICAL_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_UUID = re.compile(CANONICAL_UUID.pattern, re.ASCII | re.IGNORECASE)
# Texts are cut at this many characters.
MAX_TEXT = 200


def is_uuid(value: str) -> bool:
    """Say whether a text is a UUID in the usual form (RFC 9562, section 4), in upper or lower case."""
    return _UUID.fullmatch(value) is not None


class Value(msgspec.Struct, frozen=True):
    """A value of a Vinli service. Texts have at most 200 characters, times are in UTC."""

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read a JSON value. Raises ValueError if it is no object, or if a field that is needed cannot be read."""
        try:
            return msgspec.convert(value, cls)
        except msgspec.ValidationError as error:
            if not isinstance(value, dict):
                raise ValueError(str(error)) from None
        readable, _ = readable_fields(cls, value)
        try:
            return msgspec.convert(readable, cls)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, str) and len(value) > MAX_TEXT:
                force_setattr(self, name, value[:MAX_TEXT])
            elif isinstance(value, datetime) and value.tzinfo is not UTC:
                force_setattr(self, name, in_utc(value, name))


def canonical_uuid(value: str) -> str:
    """Return a UUID in lower case. Raises ValueError if the text is not a UUID."""
    if not is_uuid(value):
        raise ValueError("id is not a UUID")
    return value.lower()


class Fields:
    """Read the fields of a JSON object one by one. A field that cannot be read counts as missing.

    Raises ValueError if the value is no object.
    """

    def __init__(self, value: Any) -> None:
        if not isinstance(value, dict):
            raise ValueError("a record that is no object")
        self.value: dict[str, Any] = value

    def text(self, name: str, most: int = MAX_TEXT) -> str | None:
        """Return a text, cut at `most` characters; a number as text; None without one."""
        value = self.value.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)
        return value[:most] if isinstance(value, str) and value else None

    def number(self, name: str) -> float | None:
        """Return a finite number, also if it came as a text; None without one."""
        value = self.value.get(name)
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e300:
            return None
        return float(value)

    def whole(self, name: str) -> int | None:
        """Return a number as an integer; None without one."""
        value = self.number(name)
        return None if value is None else round(value)

    def flag(self, name: str) -> bool | None:
        """Return a truth value; None without one."""
        value = self.value.get(name)
        return value if isinstance(value, bool) else None

    def moment(self, name: str) -> datetime | None:
        """Return an instant in UTC: ISO 8601 or Unix milliseconds; None without one."""
        try:
            return moment_of(self.value.get(name))
        except ValueError:
            return None

    def inner(self, name: str) -> Fields:
        """Return the fields of an object inside, none of them if there is no object."""
        value = self.value.get(name)
        return Fields(value if isinstance(value, dict) else {})

    def needed(self, value: T | None, name: str) -> T:
        """Return a value. Raises ValueError if it is missing."""
        if value is None:
            raise ValueError(f"{name} is missing or cannot be read")
        return value


def moment_of(value: Any) -> datetime:
    """Return a time in UTC: ISO 8601, or Unix milliseconds as in old messages. Raises ValueError."""
    if type(value) is str:
        try:
            moment = msgspec.convert(value, datetime)
        except msgspec.ValidationError:
            pass  # Unix milliseconds as a text, or none
        else:
            return in_utc(moment, "time")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("a time that is none")
    try:
        return datetime.fromtimestamp(float(value) / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError("a time that cannot be read") from error


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
