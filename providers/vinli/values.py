"""What the values of all of Vinli's services share: declared for msgspec, under our names.

A value ignores what it does not declare and raises ValueError for what is missing or of the wrong kind. The names of
the wire are in its `rename`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Self

import msgspec
from msgspec.structs import force_setattr

CANONICAL_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_UUID = re.compile(CANONICAL_UUID.pattern, re.ASCII | re.IGNORECASE)
# Texts are cut here: nobody reads more.
MAX_TEXT = 200


def is_uuid(value: str) -> bool:
    """Say whether a text is a UUID in the usual form (RFC 9562, section 4), in either case."""
    return _UUID.fullmatch(value) is not None


class Value(msgspec.Struct, frozen=True):
    """A value of one of Vinli's services: texts of 200 characters at most, times in UTC."""

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read a JSON value. Raises ValueError."""
        try:
            return msgspec.convert(value, cls)
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
    """Return a UUID in lower case. Raises ValueError for what is none."""
    if not is_uuid(value):
        raise ValueError("id is not a UUID")
    return value.lower()


def in_utc(moment: datetime, name: str) -> datetime:
    """Return an instant in UTC; one without a zone is taken to be in UTC already. Raises ValueError."""
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError(f"{name} is not a time") from None
