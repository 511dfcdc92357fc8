"""Check the fields of a token endpoint's response (RFC 6749, section 5.1)."""

from __future__ import annotations

import re
from typing import Any

MAX_LIFETIME = 30 * 24 * 3600
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
_DIGITS = re.compile(r"[0-9]{1,20}")


def checked_token(value: Any, name: str) -> str:
    """Return a token. Raises ValueError unless it is 1 to 8192 visible ASCII characters."""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise ValueError(f"{name} is missing or not 1 to 8192 visible ASCII characters")
    return value


def checked_lifetime(value: Any) -> int | None:
    """Return `expires_in` in seconds, at most MAX_LIFETIME; None if it is missing.

    Raises ValueError unless it is a positive whole number, as a number or a text.
    """
    if value is None:
        return None
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("expires_in is not a whole number")
    if value <= 0:
        raise ValueError("expires_in is not in the future")
    return min(value, MAX_LIFETIME)
