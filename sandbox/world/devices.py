"""The seeded devices. Each is computed from its rank, which is its place in the list, newest first.

Only the devices used last are cached. A sandbox with a hundred thousand devices therefore starts as fast as one with
three and needs little memory.
"""

from functools import lru_cache
from typing import NamedTuple

from sandbox.world.catalogue import ADJECTIVES, NOUNS
from sandbox.world.seeds import NumberedIds, Seed

FIRST_DRIVER_CARS = 3
NEWEST_MS = 1_749_887_531_306  # 2025-06-14T07:52:11.306Z, so that the first car too has a year of history
HOUR_MS = 3_600_000
# Ages in hours of the devices of the two named drivers. Each further device is up to 12 minutes older than the last.
SEEDED_AGES = (0, 1_127, 4_561, 4_902)
SPACING_MS = HOUR_MS // 5
MOST_KEPT = 16_384  # some 10 MB
# Above any fleet: places of devices that belong to one driver alone (``sandbox.world.private_devices``).
FIRST_PRIVATE_RANK = 143 * 100_000
# Above those: places of the devices of dummies.
FIRST_VIRTUAL_RANK = 200_000_000


class Device(NamedTuple):
    """A Vinli device.

    ``rank`` is its place among the seeded devices, None for a device added at run time. ``owner`` is the number of its
    driver, None when the app added the device without a driver.
    """

    id: str
    name: str | None
    chip_id: str
    created_ms: int
    rank: int | None
    owner: int | None

    @property
    def is_private(self) -> bool:
        """Whether only its driver sees it, and the app does not."""
        return self.rank is not None and FIRST_PRIVATE_RANK <= self.rank < FIRST_VIRTUAL_RANK

    @property
    def is_virtual(self) -> bool:
        """Whether it is the device of a dummy (docs virtual-vinli)."""
        return self.rank is not None and self.rank >= FIRST_VIRTUAL_RANK


class SeededDevices:
    """Finds devices by rank (any number from 0) and ranks by device id."""

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
        """Return the rank of the device with this id, or None when no rank has this id."""
        return self._ids.number(device_id)


def owner_of(rank: int) -> int:
    """Return the number of the driver who owns the device at ``rank``. Driver 0 has three devices, all others one."""
    return max(0, rank - FIRST_DRIVER_CARS + 1)


def ranks_of(driver: int) -> range:
    """Return the ranks of a driver's seeded devices."""
    if driver == 0:
        return range(FIRST_DRIVER_CARS)
    return range(driver + FIRST_DRIVER_CARS - 1, driver + FIRST_DRIVER_CARS)


def _name(rank: int, facts: bytes) -> str | None:
    """Return a name. The third device of the first driver has none, since ``name`` may be null (docs)."""
    if rank == 0:
        return "Mystery Machine"
    if rank == FIRST_DRIVER_CARS - 1:
        return None
    return name_of(facts)


def name_of(facts: bytes) -> str:
    """Return a name chosen by the bytes 5 and 6 of ``facts``."""
    return f"{ADJECTIVES[facts[5] % len(ADJECTIVES)]} {NOUNS[facts[6] % len(NOUNS)]}"


def _created_ms(rank: int, facts: bytes) -> int:
    jitter = int.from_bytes(facts[7:10])
    if rank < len(SEEDED_AGES):
        return NEWEST_MS - SEEDED_AGES[rank] * HOUR_MS - (jitter % HOUR_MS if rank else 0)
    oldest_of_the_named = NEWEST_MS - (SEEDED_AGES[-1] + 1) * HOUR_MS
    return oldest_of_the_named - (rank - len(SEEDED_AGES)) * SPACING_MS - jitter % SPACING_MS
