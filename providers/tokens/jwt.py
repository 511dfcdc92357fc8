"""Read the claims of a JWT without verifying it (RFC 7519). Only its owner's server can say what it is worth."""

from __future__ import annotations

import base64
from typing import Any

from providers.http import strict_json


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims, an empty dictionary if the token is no JWT or cannot be read."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        body = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims = strict_json.loads_leniently(body, keys_once=True)
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
