"""Times on the command line: what a person writes, and what is printed, in the time zone of the reader."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

_AGO = re.compile(r"(\d{1,5})\s*(s|sec|second|m|min|minute|h|hour|d|day|w|week|month|year)s?(?:\s+ago)?")
_SECONDS = {
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 7 * 86_400,
    "month": 30 * 86_400,
    "year": 365 * 86_400,
}
_NAMES = {"sec": "s", "second": "s", "min": "m", "minute": "m", "hour": "h", "day": "d", "week": "w"}
FORMS = "2026-06-01, 2026-06-01T12:00, 2026-06-01T12:00:00Z, Unix milliseconds, yesterday, or 2 days ago"


def zone_of(name: str | None) -> tzinfo | None:
    """Return a time zone by its name, None for the machine's own. Raises BadParameter."""
    if not name:
        return None
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise click.BadParameter(f"{name} is no time zone such as Europe/Berlin or UTC") from None


def read_time(text: str, now: datetime, zone: tzinfo | None) -> datetime:
    """Return the instant that a person means. Without a zone of its own it is in `zone`. Raises BadParameter."""
    words = " ".join(text.lower().split())
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"now": now, "today": today, "yesterday": today - timedelta(days=1)}
    if words in named:
        return named[words]
    if ago := _AGO.fullmatch(words):
        unit = _NAMES.get(ago[2], ago[2])
        return now - timedelta(seconds=int(ago[1]) * _SECONDS[unit])
    try:
        if re.fullmatch(r"\d{11,15}", words):
            return datetime.fromtimestamp(int(words) / 1000, UTC)
        moment = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{text!r} is no time; write {FORMS}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone).astimezone(zone)


def shown(moment: datetime | None, zone: tzinfo | None) -> str:
    """Return an instant for a person, to the second, in a zone."""
    return "" if moment is None else moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def zone_name(zone: tzinfo | None, now: datetime) -> str:
    """Return the name of a zone for the head of a column."""
    return str(zone) if zone is not None else now.astimezone().tzname() or "local"
