"""Dates as Vinli writes and reads them (docs general/pagination).

Written: ISO 8601 with exactly three decimals and Z. The Android SDK (android-net-v2) parses nothing else.
Read: ISO 8601 with Z or a numeric offset, a date without time, or Unix milliseconds.
"""

import re
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (naive on purpose: all times are UTC, and it prints faster)
LATEST_MS = 253402300799999  # the last millisecond of the year 9999
# ``datetime.fromisoformat`` takes any character between date and time, and before an offset.
ISO = re.compile(r"[0-9W-]+(?:[T ][0-9:.,]+(?:Z|[+-][0-9:]+)?)?", re.ASCII | re.IGNORECASE)
MILLISECONDS = re.compile(r"-?[0-9]{1,15}", re.ASCII)


def iso(milliseconds: int) -> str:
    """Return a time given in Unix milliseconds as text, such as ``2014-09-07T17:32:57.893Z``."""
    return (EPOCH + timedelta(milliseconds=milliseconds)).isoformat(timespec="milliseconds") + "Z"


def parse_ms(text: str) -> int:
    """Return the time in ``text`` as Unix milliseconds. Without an offset it is UTC.

    Raises ValueError for a text in neither form, and for a time outside the years 1970 to 9999.
    """
    if MILLISECONDS.fullmatch(text):
        value = int(text)
    elif not ISO.fullmatch(text):
        raise ValueError("not in ISO 8601")
    else:
        moment = datetime.fromisoformat(text)
        value = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    if not 0 <= value <= LATEST_MS:
        raise ValueError(f"outside the years 1970 to 9999: {value}")
    return value
