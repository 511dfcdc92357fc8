"""Hide secrets in a partner's response before it is shown, because a response may repeat what was sent."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
# A shorter text is no secret, and hiding it would damage ordinary words.
MIN_LENGTH = 6

_JWT = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_AUTHORIZATION = re.compile(r"(?i)\b(basic|bearer)\s+[A-Za-z0-9+/=._~-]{8,}")
_SECRET_FIELD = re.compile(
    r"(?i)([\"'](?:access_?token|id_?token|refresh_?token|token|client_?secret|secret_?hash|password|secret|x-api-key"
    r"|api_?key)[\"']\s*:\s*)(?:\"(?:[^\"\\]|\\.)*\"|'[^']*')"
)


def hide(text: str, secrets: Iterable[str]) -> str:
    """Return a text without these secrets, in any encoding, and without anything that looks like a token."""
    for form in sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    text = _SECRET_FIELD.sub(rf'\1"{HIDDEN}"', text)
    text = _AUTHORIZATION.sub(rf"\1 {HIDDEN}", text)
    return _JWT.sub(HIDDEN, text)


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret in its possible encodings: plain, for URLs, for JSON, in base64."""
    if len(secret) < MIN_LENGTH:
        return
    plain = secret.encode()
    yield from (secret, quote(secret, safe=""), quote_plus(secret))
    yield secret.replace("\\", "\\\\").replace('"', '\\"')
    for before in range(3):
        # Text before the secret (in Basic: a user name and a colon) shifts its base64 and changes the characters at
        # both ends, so only the inner characters are compared.
        whole = (before + len(plain)) // 3 * 4
        inner = base64.b64encode(b"\0" * before + plain).decode()[(0, 2, 3)[before] : whole]
        if len(inner) >= MIN_LENGTH:
            yield from (inner, inner.replace("+", "-").replace("/", "_"))
