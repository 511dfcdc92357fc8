"""The seeded devices, computed from their place in the list: newest first, only the latest looked at are kept.

A hundred thousand devices therefore start as fast as three and take little memory.
"""

from functools import lru_cache
from typing import NamedTuple

from sandbox.world.catalogue import ADJECTIVES, NOUNS
from sandbox.world.seeds import NumberedIds, Seed

FIRST_DRIVER_CARS = 3
NEWEST_MS = 1_781_423_531_306  # 2026-06-14T07:52:11.306Z
HOUR_MS = 3_600_000
# Ages of the two named drivers' devices in hours. Every further device is up to 12 minutes older than the one before.
SEEDED_AGES = (0, 1_127, 4_561, 4_902)
SPACING_MS = HOUR_MS // 5
MOST_KEPT = 16_384  # some 10 MB
# Above any fleet: places of devices that belong to one driver alone (``sandbox.world.private_devices``).
FIRST_PRIVATE_RANK = 143 * 100_000


class Device(NamedTuple):
    """A Vinli device.

    ``rank`` is its place among the seeded ones, None for one added at run time. ``owner`` is the number of the driver
    it belongs to, None when the app added it for nobody in particular.
    """

    id: str
    name: str | None
    chip_id: str
    created_ms: int
    rank: int | None
    owner: int | None

    @property
    def is_private(self) -> bool:
        """Whether it belongs to its driver alone, and is none of the app's."""
        return self.rank is not None and self.rank >= FIRST_PRIVATE_RANK


class SeededDevices:
    """Turns ranks into devices and back; a rank is any number from 0."""

    def __init__(self, seed: Seed) -> None:
        self._seed = seed
        self._ids = NumberedIds(seed, "devices")
        self.at = lru_cache(MOST_KEPT)(self._made)  # rank: int -> Device

    def _made(self, rank: int) -> Device:
        """Return the device at ``rank``."""
        facts = self._seed.digest(f"device {rank}", 16)
        chip_id = "VV" + facts[:5].hex().upper()
        return Device(
            self._ids.of(rank), _name(rank, facts), chip_id, _created_ms(rank, facts), rank, owner_of(rank)
        )

    def rank(self, device_id: str) -> int | None:
        """Return the rank that an id was made of, or None."""
        return self._ids.number(device_id)


def owner_of(rank: int) -> int:
    """Return the number of the driver whom the device at ``rank`` belongs to: 3 for the first, then 1 each."""
    return max(0, rank - FIRST_DRIVER_CARS + 1)


def ranks_of(driver: int) -> range:
    """Return the ranks of a driver's seeded devices."""
    if driver == 0:
        return range(FIRST_DRIVER_CARS)
    return range(driver + FIRST_DRIVER_CARS - 1, driver + FIRST_DRIVER_CARS)


def _name(rank: int, facts: bytes) -> str | None:
    """Return a name. The first driver has not named the third device: ``name`` may be null (docs)."""
    if rank == 0:
        return "Mystery Machine"
    if rank == FIRST_DRIVER_CARS - 1:
        return None
    return name_of(facts)


def name_of(facts: bytes) -> str:
    """Return the name that a device of these facts (at least 7 bytes) was given."""
    return f"{ADJECTIVES[facts[5] % len(ADJECTIVES)]} {NOUNS[facts[6] % len(NOUNS)]}"


def _created_ms(rank: int, facts: bytes) -> int:
    jitter = int.from_bytes(facts[7:10])
    if rank < len(SEEDED_AGES):
        return NEWEST_MS - SEEDED_AGES[rank] * HOUR_MS - (jitter % HOUR_MS if rank else 0)
    oldest_of_the_named = NEWEST_MS - (SEEDED_AGES[-1] + 1) * HOUR_MS
    return oldest_of_the_named - (rank - len(SEEDED_AGES)) * SPACING_MS - jitter % SPACING_MS
