"""Hides secrets in what a partner answered before it is shown: an answer may repeat what was sent."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from urllib.parse import quote, quote_plus

from providers.errors import NoToken
from providers.partners.partner import Partner
from settings import Settings

HIDDEN = "[hidden]"
# Shorter than this is no secret, and hiding it would eat words.
MIN_LENGTH = 6

_JWT = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_AUTHORIZATION = re.compile(r"(?i)\b(basic|bearer)\s+[A-Za-z0-9+/=._~-]{8,}")
_SECRET_FIELD = re.compile(
    r"(?i)([\"'](?:access_?token|id_?token|refresh_?token|token|client_?secret|secret_?hash|password|secret|x-api-key"
    r"|api_?key)[\"']\s*:\s*)(?:\"(?:[^\"\\]|\\.)*\"|'[^']*')"
)


def hide(text: str, secrets: Iterable[str]) -> str:
    """Return a text without these secrets, in any spelling, and without what looks like a token."""
    for form in sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    text = _SECRET_FIELD.sub(rf'\1"{HIDDEN}"', text)
    text = _AUTHORIZATION.sub(rf"\1 {HIDDEN}", text)
    return _JWT.sub(HIDDEN, text)


def secrets_of(settings: Settings, partner: Partner) -> list[str]:
    """Return what must not be seen on a page about this partner: all secret settings, and its tokens of now."""
    secret_fields = [about.name for about in fields(settings) if about.metadata["secret"]]
    values = [getattr(settings, name) for name in secret_fields]
    texts = [text for value in values for text in (value if isinstance(value, tuple) else (value,)) if text]
    return [*texts, *_tokens(partner)]


def _tokens(partner: Partner) -> Iterator[str]:
    for role in partner.roles.values():
        # A token that is valid now is at hand, and asking for it fetches none.
        if role.source is None or role.source.state().valid_until is None:
            continue
        try:
            yield role.source.token().value
        except NoToken:
            continue


def _forms(secret: str) -> Iterator[str]:
    """Yield how a secret may be spelled: as it is, in URLs, in JSON, in base64."""
    if len(secret) < MIN_LENGTH:
        return
    plain = secret.encode()
    yield from (secret, quote(secret, safe=""), quote_plus(secret))
    yield secret.replace("\\", "\\\\").replace('"', '\\"')
    for before in range(3):
        # What stands before it (a user name and a colon, in Basic) shifts it, and blurs the letters at its ends.
        whole = (before + len(plain)) // 3 * 4
        inner = base64.b64encode(b"\0" * before + plain).decode()[(0, 2, 3)[before] : whole]
        if len(inner) >= MIN_LENGTH:
            yield from (inner, inner.replace("+", "-").replace("/", "_"))
