"""The app's devices, newest first, computed from their place in that order.

Nothing is kept for a seeded device but its removal, so a hundred thousand start as fast as three and take no memory.
Devices that were added while the sandbox runs are few and are kept.
"""

import re
import threading
from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from sandbox.catalogue import ADJECTIVES, NOUNS
from sandbox.clock import Clock
from sandbox.seeds import NumberedIds, Seed

FIRST_DRIVER_CARS = 3
NEWEST_MS = 1_781_423_531_306  # 2026-06-14T07:52:11.306Z
HOUR_MS = 3_600_000
# Ages of the two named drivers' devices, in hours; every further one is up to 12 minutes older than the one before.
SEEDED_AGES = (0, 1_127, 4_561, 4_902)
SPACING_MS = HOUR_MS // 5
MOST_ADDED = 10_000
CASE_ID = re.compile(r"[A-Z0-9]{5,10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Device:
    """A Vinli device. ``rank`` is its place in the seeded order, None for one added at run time;
    ``owner`` the number of the driver it belongs to, None when no sign-in account owns it."""

    id: str
    name: str | None
    chip_id: str
    created_ms: int
    rank: int | None
    owner: int | None


class FleetFull(Exception):
    """More devices were added at run time than the sandbox keeps."""


class Fleet:
    """Every device that the app may see."""

    def __init__(self, seed: Seed, size: int, clock: Clock) -> None:
        self._seed = seed
        self._size = size
        self._clock = clock
        self._ids = NumberedIds(seed, "devices")
        self._lock = threading.Lock()
        self._added: list[Device] = []
        self._removed: list[int] = []

    def total(self) -> int:
        """Return how many devices the app has."""
        return len(self._added) + self._size - len(self._removed)

    def page(self, offset: int, limit: int, newest_first: bool = True) -> list[Device]:
        """Return up to ``limit`` devices from place ``offset``; the cost depends on ``limit`` alone."""
        with self._lock:
            if newest_first:
                return list(islice(self._from(offset), limit))
            start = max(0, self.total() - offset - limit)
            return list(islice(self._from(start), max(0, self.total() - offset - start)))[::-1]

    def of_driver(self, number: int) -> list[Device]:
        """Return a driver's devices, newest first."""
        with self._lock:
            added = [device for device in self._added if device.owner == number]
            ranks = [rank for rank in ranks_of(number) if rank < self._size and rank not in self._removed]
        return added + [self._seeded(rank) for rank in ranks]

    def find(self, device_id: str) -> Device | None:
        """Return the device with this id, or None."""
        with self._lock:
            added = next((device for device in self._added if device.id == device_id), None)
        if added is not None:
            return added
        rank = self._ids.number(device_id)
        return None if rank is None else self.at(rank)

    def at(self, rank: int) -> Device | None:
        """Return the seeded device at ``rank``, or None when there is none or it was removed."""
        with self._lock:
            is_there = rank < self._size and rank not in self._removed
        return self._seeded(rank) if is_there else None

    def add(self, device_id: str, name: str | None, owner: int | None) -> Device:
        """Add a device in front of all, or return the one that is there.

        Raises FleetFull when more were added at run time than the sandbox keeps.
        """
        known = self.find(device_id)
        if known is not None:
            return known
        chip_id = _chip_id(self._seed, device_id)
        device = Device(device_id, name, chip_id, self._clock.now_ms(), None, owner)
        with self._lock:
            if len(self._added) >= MOST_ADDED:
                raise FleetFull
            self._added.insert(0, device)
        return device

    def remove(self, device: Device) -> None:
        """Take a device out of the app."""
        with self._lock:
            if device.rank is None:
                self._added = [kept for kept in self._added if kept.id != device.id]
            elif device.rank not in self._removed:
                insort(self._removed, device.rank)

    def id_for_case(self, case_id: str) -> str:
        """Return the id of the device in a case with this number (``VNL999``)."""
        return self._seed.uuid("case " + case_id)

    def _from(self, offset: int) -> Iterator[Device]:
        yield from self._added[offset:]
        rank = max(0, offset - len(self._added))
        for removed in self._removed:
            if removed > rank:
                break
            rank += 1
        for candidate in range(rank, self._size):
            if candidate not in self._removed:
                yield self._seeded(candidate)

    def _seeded(self, rank: int) -> Device:
        facts = self._seed.digest(f"device {rank}", 16)
        return Device(
            id=self._ids.of(rank),
            name=_name(rank, facts),
            chip_id="VV" + facts[:5].hex().upper(),
            created_ms=_created_ms(rank, facts),
            rank=rank,
            owner=owner_of(rank),
        )


def owner_of(rank: int) -> int:
    """Return the number of the driver whom the device at ``rank`` belongs to: 3 for the first, then 1 each."""
    return max(0, rank - FIRST_DRIVER_CARS + 1)


def ranks_of(number: int) -> range:
    """Return the places of a driver's seeded devices, newest first."""
    if number == 0:
        return range(FIRST_DRIVER_CARS)
    return range(number + FIRST_DRIVER_CARS - 1, number + FIRST_DRIVER_CARS)


def _name(rank: int, facts: bytes) -> str | None:
    """Return a name. The first driver has not named the third device: clients must cope with null (docs)."""
    if rank == 0:
        return "Mystery Machine"
    if rank == FIRST_DRIVER_CARS - 1:
        return None
    return f"{ADJECTIVES[facts[5] % len(ADJECTIVES)]} {NOUNS[facts[6] % len(NOUNS)]}"


def _created_ms(rank: int, facts: bytes) -> int:
    if rank < len(SEEDED_AGES):
        return NEWEST_MS - SEEDED_AGES[rank] * HOUR_MS - int.from_bytes(facts[7:10]) % HOUR_MS * (rank > 0)
    oldest_named = NEWEST_MS - (SEEDED_AGES[-1] + 1) * HOUR_MS
    place = rank - len(SEEDED_AGES)
    return oldest_named - place * SPACING_MS - int.from_bytes(facts[7:10]) % SPACING_MS


def _chip_id(seed: Seed, device_id: str) -> str:
    return "VV" + seed.digest("chip " + device_id, 5).hex().upper()
