"""Text from outside for a page: invisible characters are escaped, secrets are shortened, long text is cut."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from domain.text.escapes import escaped
from providers.http import strict_json

MOST = 2000
_HEAD = 4
_LONGEST_JWT = 8192


def visible(text: str, most: int = MOST) -> str:
    """Return a text with control, invisible and direction characters as escapes, cut after ``most`` characters."""
    shown = escaped(text[:most])
    return f"{shown}… ({len(text):,} characters in all)" if len(text) > most else shown


def shortened(secret: str) -> str:
    """Return enough of a secret to tell it from another one, but too little to use it."""
    if len(secret) < 4 * _HEAD:
        return f"[hidden, {len(secret)} characters]" if secret else "[empty]"
    return f"{visible(secret[:_HEAD])}… ({len(secret)} characters)"


def jwt_parts(token: str) -> tuple[str, str] | None:
    """Return a JSON Web Token's header and claims as indented JSON; None if it is not one (RFC 7519 section 3).

    Nothing is verified. The result is only for people to read.
    """
    pieces = token.split(".") if len(token) <= _LONGEST_JWT else []
    if len(pieces) != 3:
        return None
    try:
        header, claims = (_json_of(piece) for piece in pieces[:2])
    except (ValueError, binascii.Error):
        return None
    return header, claims


def _json_of(piece: str) -> str:
    value: Any = strict_json.loads(base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4)))
    if not isinstance(value, dict):
        raise ValueError("not an object")
    lines = json.dumps(value, indent=2, ensure_ascii=False).split("\n")
    return "\n".join(visible(line) for line in lines)
