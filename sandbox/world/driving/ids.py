"""UUIDs that name a place in the history of a device, so that finding it needs no table."""

from hashlib import blake2b
from typing import NamedTuple

from sandbox.world.seeds import Seed

_RANK_BITS, _DAY_BITS, _DRIVE_BITS, _ITEM_BITS = 28, 15, 6, 15
_PAYLOAD_BITS = _RANK_BITS + _DAY_BITS + _DRIVE_BITS + _ITEM_BITS
_PROOF_BITS = 122 - _PAYLOAD_BITS


class Place(NamedTuple):
    """A device by its rank, a day, the drive of that day and an item of that drive, each counted from 0."""

    rank: int
    day: int
    drive: int
    item: int


class PlaceIds:
    """UUIDs (version 4 in form, RFC 9562 section 5.4) of one kind of item.

    64 of the 122 free bits are the place, hidden by a keyed hash of the other 58 bits, which are a keyed hash of the
    place. So invented ids are recognised.
    """

    def __init__(self, seed: Seed, kind: str) -> None:
        self._key = seed.digest("places of " + kind, 32)

    def of(self, place: Place) -> str:
        """Return the id of a place."""
        payload = (
            ((place.rank << _DAY_BITS | place.day) << _DRIVE_BITS | place.drive) << _ITEM_BITS
        ) | place.item
        proof = self._hash(payload, b"proof") >> (64 - _PROOF_BITS)
        bits = (payload ^ self._hash(proof, b"mask")) << _PROOF_BITS | proof
        # The version stands after 48 bits, the variant after 12 more.
        text = f"{bits >> 74:012x}4{bits >> 62 & 0xFFF:03x}{8 | bits >> 60 & 3:x}{bits & (1 << 60) - 1:015x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def place(self, text: str) -> Place | None:
        """Return the place that an id names; None if it is no id of this kind."""
        try:
            digits = text.replace("-", "")
            bits = int(digits[:12], 16) << 74 | int(digits[13:16], 16) << 62
            bits |= (int(digits[16], 16) & 3) << 60 | int(digits[17:32], 16)
        except (ValueError, IndexError):
            return None
        proof = bits & (1 << _PROOF_BITS) - 1
        payload = bits >> _PROOF_BITS ^ self._hash(proof, b"mask")
        item = payload & (1 << _ITEM_BITS) - 1
        drive = payload >> _ITEM_BITS & (1 << _DRIVE_BITS) - 1
        day = payload >> _ITEM_BITS + _DRIVE_BITS & (1 << _DAY_BITS) - 1
        place = Place(payload >> _ITEM_BITS + _DRIVE_BITS + _DAY_BITS, day, drive, item)
        return place if self.of(place) == text else None

    def _hash(self, number: int, person: bytes) -> int:
        return int.from_bytes(
            blake2b(number.to_bytes(8), key=self._key, digest_size=8, person=person).digest()
        )
