"""Seal stored values with AES-256-GCM, under a key derived from SECRET_KEY.

A sealed value is `format (1 byte) | key id (4) | nonce (12) | ciphertext and tag`. The format, the key id and
the name that the value is bound to are authenticated, so a value that is copied to another name does not open.

Nonces are random. One key can safely seal 2**32 values (NIST SP 800-38D, section 8.3): 13 years at ten per second.
"""

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from store.base import StoreError

FORMAT = b"\x01"
KEY_ID_SIZE = 4
NONCE_SIZE = 12
TAG_SIZE = 16
HEADER_SIZE = len(FORMAT) + KEY_ID_SIZE


class Unreadable(StoreError):
    """Sealed bytes that no configured key opens: damaged, bound to another name, or sealed with a retired key."""


class Vault:
    """Seal with the key of `secret_key`; open with that key and the keys of `fallbacks` (older secrets)."""

    def __init__(self, secret_key: str, fallbacks: Sequence[str] = ()) -> None:
        derived = [
            _derive(secret.encode(), b"vinli-connect store key", 32) for secret in (secret_key, *fallbacks)
        ]
        key_ids = [_derive(key, b"vinli-connect store key id", KEY_ID_SIZE) for key in derived]
        self._header = FORMAT + key_ids[0]
        self._ciphers = {
            key_id: AESGCM(key) for key_id, key in reversed(list(zip(key_ids, derived, strict=True)))
        }

    def __repr__(self) -> str:
        return f"<Vault with {len(self._ciphers)} keys>"

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        """Encrypt `plain` so that it opens only under the same `bound_to`."""
        nonce = os.urandom(NONCE_SIZE)
        cipher = self._ciphers[self._header[len(FORMAT) :]]
        return self._header + nonce + cipher.encrypt(nonce, plain, self._header + bound_to.encode())

    def open(self, sealed: bytes, bound_to: str) -> bytes:
        """Decrypt a result of `seal`. Raises Unreadable; its message never contains any of the content."""
        if len(sealed) < HEADER_SIZE + NONCE_SIZE + TAG_SIZE or not sealed.startswith(FORMAT):
            raise Unreadable("not a sealed value")
        header, nonce, body = _split(sealed)
        cipher = self._ciphers.get(header[len(FORMAT) :])
        if cipher is None:
            raise Unreadable("sealed with a key that is not configured")
        try:
            return cipher.decrypt(nonce, body, header + bound_to.encode())
        except InvalidTag as error:
            raise Unreadable("damaged, or bound to another name") from error


def _derive(secret: bytes, label: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=label).derive(secret)


def _split(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    nonce_end = HEADER_SIZE + NONCE_SIZE
    return sealed[:HEADER_SIZE], sealed[HEADER_SIZE:nonce_end], sealed[nonce_end:]
