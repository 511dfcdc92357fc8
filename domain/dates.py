"""Instants in time as text."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

TIMES = msgspec.json.Encoder()


def iso(moment: datetime | None) -> str:
    """Return an instant as ISO 8601 in UTC with milliseconds and Z, as Vinli writes it; "" for None."""
    if moment is None:
        return ""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    # This takes a fifth of the time of isoformat, which counts in long lists.
    # The encoder returns "2026-01-02T03:04:05.678000Z", quotes included.
    text = TIMES.encode(in_utc).decode()
    return f"{text[1:24]}Z" if in_utc.microsecond else f"{text[1:20]}.000Z"
