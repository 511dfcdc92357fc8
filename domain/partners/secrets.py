"""The secrets that a page about a partner must hide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from providers.errors import NoToken
from providers.partners.partner import Partner
from settings import Settings


def secrets_of(settings: Settings, partner: Partner) -> list[str]:
    """Return what a page about this partner must hide: all secret settings and the partner's valid tokens."""
    secret_fields = [about.name for about in fields(settings) if about.metadata["secret"]]
    values = [getattr(settings, name) for name in secret_fields]
    texts = [text for value in values for text in (value if isinstance(value, tuple) else (value,)) if text]
    return [*texts, *_tokens(partner)]


def _tokens(partner: Partner) -> Iterator[str]:
    for role in partner.roles.values():
        # Only a valid token is asked for, because asking for it then makes no request.
        if role.source is None or role.source.state().valid_until is None:
            continue
        try:
            yield role.source.token().value
        except NoToken:
            continue
