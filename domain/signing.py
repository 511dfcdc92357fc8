"""Signed values that leave the server: ``state``, CSRF tokens, the one-click operator link.

Each purpose has its own salt, so a value signed for one purpose is invalid for another. The newest key signs; older
keys (``SECRET_KEY_FALLBACKS``) still verify.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from itsdangerous import BadData, URLSafeTimedSerializer


class Signer:
    """Sign short texts together with the time of signing (itsdangerous, HMAC-SHA256)."""

    def __init__(self, secret_key: str, fallbacks: Sequence[str] = ()) -> None:
        # itsdangerous signs with the last key of the list and tries all of them to verify.
        self._keys = [*reversed(fallbacks), secret_key]

    def sign(self, text: str, purpose: str) -> str:
        """Return ``text`` signed for one purpose; the result is safe in URLs and cookies."""
        return str(self._serializer(purpose).dumps(text))

    def read(self, signed: str, purpose: str) -> tuple[str, float] | None:
        """Return the text and the Unix time of signing; None if it was not signed here for ``purpose``."""
        try:
            text, signed_at = self._serializer(purpose).loads(signed, return_timestamp=True)
        except (BadData, UnicodeError):
            return None
        return (text, signed_at.timestamp()) if isinstance(text, str) else None

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self._keys, salt=f"vinli-connect.{purpose}", signer_kwargs={"digest_method": hashlib.sha256}
        )
