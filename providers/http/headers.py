"""Read the headers of responses. They come from servers of any kind, so one that cannot be read counts as absent."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER = 86_400.0
_LONGEST_DATE = 100
# A year has eight digits of seconds.
_LONGEST_AGE = 8
_LONGEST_CHALLENGES = 4096
_PART = re.compile(r"""([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s",=]+))?""")


def http_date(value: str | None) -> datetime | None:
    """Return a date (RFC 9110, section 5.6.7) as an instant in UTC, None for anything that is not one."""
    if not value or len(value) > _LONGEST_DATE:
        return None
    try:
        moment = parsedate_to_datetime(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    # Numbers of many digits overflow, and parsedate_to_datetime leaks other errors for odd texts.
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def retry_after_seconds(value: str | None, now: float) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110, section 10.2.3): a number or an HTTP date.

    None if it is neither. `now` is a Unix time. A past date counts as 0, more than a day as one day.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:10]), MAX_RETRY_AFTER)
    moment = http_date(value)
    return None if moment is None else min(max(moment.timestamp() - now, 0.0), MAX_RETRY_AFTER)


def age_seconds(value: str | None) -> int:
    """Return the seconds of an Age header (RFC 9111, section 5.1), 0 if it is missing or not a number.

    Of several values the first counts.
    """
    first = (value or "").partition(",")[0].strip()
    return int(first) if first.isascii() and first.isdigit() and len(first) <= _LONGEST_AGE else 0


def challenges_in(header: str | None) -> list[tuple[str, dict[str, str]]]:
    """Return the schemes, in lower case, each with its parameters. What cannot be read is skipped.

    Several header lines arrive here as one, with commas between them.
    """
    found: list[tuple[str, dict[str, str]]] = []
    for name, value in _PART.findall((header or "")[:_LONGEST_CHALLENGES]):
        if not value:
            found.append((name.lower(), {}))
        elif found:
            found[-1][1].setdefault(name.lower(), _unquoted(value))
    return found


def bearer_error(header: str | None) -> str | None:
    """Return the error of a Bearer challenge (RFC 6750, section 3), None without one."""
    errors = (parameters.get("error") for scheme, parameters in challenges_in(header) if scheme == "bearer")
    return next((error for error in errors if error), None)


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
