"""Read what can be read of records that are not as documented.

One odd record or character must not hide the others. Fields are those of a msgspec struct, by their names on the wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

# Stands for a character that could not be read.
REPLACEMENT = "\ufffd"

S = TypeVar("S", bound=msgspec.Struct)


def read_record(kind: type[S], value: Any) -> S:
    """Return a record with the fields that can be read. All fields of `kind` must have defaults."""
    readable, _ = readable_fields(kind, value if isinstance(value, dict) else {})
    return msgspec.convert(readable, kind)


def readable_fields(
    kind: type[msgspec.Struct], value: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the declared fields that can be read, by their names on the wire, and the names of the others.

    A number in place of a text is read as text. A text whose characters were replaced is kept, and its name is among
    the others.
    """
    readable: dict[str, Any] = {}
    odd: list[str] = []
    for about in msgspec.structs.fields(kind):
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


def in_utc(moment: datetime, name: str) -> datetime:
    """Return an instant in UTC. One without a zone counts as UTC. Raises ValueError if the result is out of range."""
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError(f"{name} is not a time") from None
