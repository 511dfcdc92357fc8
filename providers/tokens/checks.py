"""Read the fields of a token endpoint's response (RFC 6749, section 5.1).

The access token and its type decide whether the response can be used. An optional field that cannot be read counts as
absent, because the token is good without it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection
from typing import Any

# A hundred years. No sum of a lifetime and a time overflows below it.
LONGEST_LIFETIME = 3_155_760_000
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
_MOST_CHARACTERS = 8192
_NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")
_MOST_SHOWN = 40
_KINDS = {bool: "a truth value", int: "a number", float: "a number", list: "a list", dict: "an object"}


def checked_token(value: Any, name: str) -> str:
    """Return a token. Raises ValueError that names the fault, unless it is 1 to 8192 visible ASCII characters."""
    if isinstance(value, str) and _TOKEN.fullmatch(value):
        return value
    raise ValueError(f"{name} {_fault_of_token(value)}")


def optional_token(value: Any) -> str | None:
    """Return a token, None if there is none that could be sent."""
    return value if isinstance(value, str) and _TOKEN.fullmatch(value) else None


def stated_lifetime(value: Any) -> int | None:
    """Return `expires_in` in seconds, at most a hundred years; None if it is not a positive number.

    Servers also send it as text and with a fraction. Some send 0 for a token that does not expire.
    """
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not value > 0:
        return None
    return math.ceil(min(value, LONGEST_LIFETIME))


def told_scope(value: Any) -> str | None:
    """Return the scope as text; some servers send a list. None if it is neither."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " ".join(value)
    return value if isinstance(value, str) else None


def check_token_type(value: Any, accepted: Collection[str], *, is_needed: bool = False) -> None:
    """Raise ValueError unless a token type is one of the accepted ones, in lower case.

    A missing or empty type passes unless it is needed.
    """
    if isinstance(value, str) and not value.strip():
        value = None
    if value is None and not is_needed:
        return
    if not isinstance(value, str) or value.strip().lower() not in accepted:
        raise ValueError(f"token_type is {_shown(value)}, not {' or '.join(sorted(accepted))}")


def _fault_of_token(value: Any) -> str:
    """Say what is wrong with a token, without a part of it."""
    if value is None:
        return "is missing"
    if not isinstance(value, str):
        return f"is {_KINDS.get(type(value), 'no text')}, not a text"
    if not value:
        return "is empty"
    if len(value) > _MOST_CHARACTERS:
        return f"has {len(value)} characters, more than {_MOST_CHARACTERS}"
    return "holds characters other than visible ASCII"


def _shown(value: Any) -> str:
    """Return a short value as JSON text, or the kind of a long one."""
    if value is None:
        return "missing"
    text = json.dumps(value)
    return text if len(text) <= _MOST_SHOWN else f"a text of {len(text)} characters"
