"""Deterministic values. The same seed always gives the same ids, secrets and data."""

import string
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

ALPHANUMERIC = string.ascii_letters + string.digits
T = TypeVar("T")


class Seed:
    """Makes values that depend on nothing but the seed and a label."""

    def __init__(self, seed: int) -> None:
        self._key = blake2b(b"vinli-sandbox-%d" % seed, digest_size=32).digest()

    def digest(self, label: str, size: int = 8) -> bytes:
        """Return ``size`` bytes (at most 64) for ``label``."""
        return blake2b(label.encode(), key=self._key, digest_size=size).digest()

    def number(self, label: str, below: int) -> int:
        """Return an integer from 0 to ``below`` - 1."""
        return int.from_bytes(self.digest(label)) % below

    def pick(self, label: str, choices: Sequence[T]) -> T:
        """Return one of ``choices``."""
        return choices[self.number(label, len(choices))]

    def text(self, label: str, length: int) -> str:
        """Return ``length`` (at most 64) letters and digits."""
        return "".join(ALPHANUMERIC[byte % len(ALPHANUMERIC)] for byte in self.digest(label, length))

    def uuid(self, label: str) -> str:
        """Return a UUID in lower case; vinli-cli (lib/fuzzy_find.js) accepts no other form."""
        digits = self.digest(label, 16).hex()
        return f"{digits[:8]}-{tail_of_uuid(digits[8:])}"


class NumberedIds:
    """UUIDs that contain a number, so that finding the number needs no table.

    The last 96 bits are a keyed hash of the number. The first 32 bits are the number, XORed with a keyed hash of the
    last 96. The ids of a hundred thousand devices therefore need no memory, and invented ids are recognised.
    """

    LARGEST = 2**32 - 1

    def __init__(self, seed: Seed, kind: str) -> None:
        self._key = seed.digest("ids of " + kind, 32)

    def of(self, number: int) -> str:
        """Return the id of ``number`` (0 to LARGEST)."""
        tail = tail_of_uuid(blake2b(b"%d" % number, key=self._key, digest_size=12).hexdigest())
        return f"{number ^ self._mask(tail):08x}-{tail}"

    def number(self, text: str) -> int | None:
        """Return the number in the id ``text``, or None when ``text`` is no id of this kind."""
        head, _, tail = text.partition("-")
        try:
            number = int(head, 16) ^ self._mask(tail)
        except ValueError:
            return None
        return number if 0 <= number <= self.LARGEST and self.of(number) == text else None

    def _mask(self, tail: str) -> int:
        return int.from_bytes(blake2b(tail.encode(), key=self._key, digest_size=4).digest())


def tail_of_uuid(digits: str) -> str:
    """Return 24 hexadecimal digits as the last four groups of a version 4 UUID (RFC 9562 section 5.4)."""
    return f"{digits[:4]}-4{digits[5:8]}-{'89ab'[int(digits[8], 16) % 4]}{digits[9:12]}-{digits[12:]}"
