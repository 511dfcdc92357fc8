"""The base of the values of all Vinli services. They are msgspec structs with our names.

A value ignores undeclared fields. A declared field with an unreadable value counts as absent, unless the value is
needed. `rename` holds the names on the wire.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Self

import msgspec
from msgspec.structs import force_setattr

from providers.records import in_utc, readable_fields

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
