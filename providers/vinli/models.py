"""What Vinli's services return, under our names. `from_json` is where the wire's names are spelled.

Every `from_json` ignores what it does not know and raises ValueError for what is missing or of the wrong kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

import msgspec
from msgspec.structs import force_setattr

_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_UUID = re.compile(_CANONICAL_UUID.pattern, re.ASCII | re.IGNORECASE)
_MAX_TEXT = 200

T = TypeVar("T")


def is_uuid(value: str) -> bool:
    """Say whether a text is a UUID in the usual form (RFC 9562, section 4), in either case."""
    return _UUID.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class User:
    """The person a token speaks for (auth service, users/_current)."""

    id: str
    email: str
    first_name: str | None
    last_name: str | None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        fields = _object(value)
        return cls(
            id=_required(_text(fields, "id"), "id"),
            email=_required(_text(fields, "email"), "email"),
            first_name=_text(fields, "firstName"),
            last_name=_text(fields, "lastName"),
        )


class Device(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={"chip_id": "chipId", "created_at": "createdAt", "is_virtual": "virtual"},
):
    """A Vinli device (docs platform-services/device-service). `created_at` is UTC.

    Declared for msgspec, which reads a page of a hundred from its JSON text in a tenth of the time that dictionaries
    in between take. It ignores what is not declared, of a key that comes twice it takes the last, and times have to
    be whole (RFC 3339): a bare date is refused.
    """

    id: str
    name: str | None = None
    chip_id: str
    created_at: datetime
    is_virtual: bool | None = False

    def __post_init__(self) -> None:
        """Put what is right but not in our form into it; raises ValueError, which msgspec makes its own."""
        if not _CANONICAL_UUID.fullmatch(self.id):
            if not is_uuid(self.id):
                raise ValueError("id is not a UUID")
            force_setattr(self, "id", self.id.lower())
        name = self.name or ""
        if "\0" in name or "\0" in self.chip_id:
            raise ValueError("a text holds NUL")
        if len(name) > _MAX_TEXT or len(self.chip_id) > _MAX_TEXT:
            force_setattr(self, "name", name[:_MAX_TEXT] or None)
            force_setattr(self, "chip_id", self.chip_id[:_MAX_TEXT])
        if self.is_virtual is None:
            force_setattr(self, "is_virtual", False)
        if self.created_at.tzinfo is not UTC:
            force_setattr(self, "created_at", _in_utc(self.created_at, "createdAt"))

    @classmethod
    def from_json(cls, value: Any) -> Self:
        try:
            return msgspec.convert(value, cls)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle that a device was plugged into (docs platform-services/vehicle-service); at first only its VIN
    is known. `year` is a text on the wire and stays one; times are UTC."""

    id: str
    vin: str | None
    make: str | None
    model: str | None
    year: str | None
    trim: str | None
    created_at: datetime | None
    last_startup: datetime | None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        fields = _object(value)
        return cls(
            id=_uuid(fields, "id"),
            vin=_text(fields, "vin"),
            make=_text(fields, "make"),
            model=_text(fields, "model"),
            year=_text(fields, "year"),
            trim=_text(fields, "trim"),
            created_at=_instant(fields, "createdAt"),
            last_startup=_instant(fields, "lastStartup"),
        )


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _required(value: T | None, name: str) -> T:
    if value is None:
        raise ValueError(f"{name} is missing")
    return value


def _uuid(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not is_uuid(value):
        raise ValueError(f"{name} is not a UUID")
    return value.lower()


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    """Return a text for people, cut where it is longer than anyone reads."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"{name} is not a text")
    return value[:_MAX_TEXT]


def _instant(fields: Mapping[str, Any], name: str) -> datetime | None:
    """Return an ISO 8601 time in UTC."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"{name} is not a time")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{name} is not a time") from None
    return moment if moment.tzinfo is UTC else _in_utc(moment, name)


def _in_utc(moment: datetime, name: str) -> datetime:
    """Return an instant in UTC; one without a zone is taken to be in UTC already."""
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError(f"{name} is not a time") from None
