"""The base of the values of all Vinli services. They are msgspec structs with our names.

A value ignores undeclared fields. A declared field with an unreadable value counts as absent, unless the value is
needed. `rename` holds the names on the wire.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

import msgspec
from msgspec.structs import force_setattr

from providers.http.strict_json import REPLACEMENT

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


def readable_fields(cls: type[Value], value: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the declared fields that can be read, by their names on the wire, and the names of the others.

    A number in place of a text is read as text. A text whose characters were replaced is kept, and its name is among
    the others.
    """
    readable: dict[str, Any] = {}
    odd: list[str] = []
    for about in msgspec.structs.fields(cls):
        given = value.get(about.encode_name)
        if (
            isinstance(given, (int, float))
            and not isinstance(given, bool)
            and not _is_readable(given, about.type)
        ):
            given = str(given)
        if given is None:
            continue
        is_readable = _is_readable(given, about.type)
        if is_readable:
            readable[about.encode_name] = given
        if not is_readable or (isinstance(given, str) and REPLACEMENT in given):
            odd.append(about.encode_name)
    return readable, tuple(odd)


def _is_readable(value: Any, kind: Any) -> bool:
    try:
        read = msgspec.convert(value, kind)
        if isinstance(read, datetime):
            in_utc(read, "")
    except ValueError:  # msgspec.ValidationError is one
        return False
    return True


def canonical_uuid(value: str) -> str:
    """Return a UUID in lower case. Raises ValueError if the text is not a UUID."""
    if not is_uuid(value):
        raise ValueError("id is not a UUID")
    return value.lower()


def in_utc(moment: datetime, name: str) -> datetime:
    """Return an instant in UTC. One without a zone counts as UTC. Raises ValueError if the result is out of range."""
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError(f"{name} is not a time") from None
