"""The app's devices: those added at run time, followed by the seeded ones without those removed.

Devices of special accounts can be found here by driver, id or rank. They are in no list of the app.
"""

import re
import threading
from collections.abc import Iterator
from itertools import islice

from sandbox.world.clock import Clock
from sandbox.world.devices import FIRST_PRIVATE_RANK, FIRST_VIRTUAL_RANK, Device, SeededDevices, ranks_of
from sandbox.world.private_devices import PrivateDevices
from sandbox.world.seeds import Seed
from sandbox.world.special_accounts import NO_SPECIAL_ACCOUNTS, SpecialAccounts

MOST_ADDED = 10_000
# Case ids seen in the docs and in vinli-cli are VNL999 and, for virtual devices, VV4G86Z.
CASE_ID = re.compile(r"[A-Z0-9]{5,10}", re.ASCII)


class FleetFull(Exception):
    """MOST_ADDED devices were added at run time; the sandbox keeps no more."""


class Fleet:
    """All devices that the app may see, newest first. Safe to use from several threads."""

    def __init__(
        self, seed: Seed, size: int, clock: Clock, accounts: SpecialAccounts = NO_SPECIAL_ACCOUNTS
    ) -> None:
        self._seed = seed
        self._size = size
        self._clock = clock
        self._seeded = SeededDevices(seed)
        self._private = PrivateDevices(seed, accounts)
        self._lock = threading.RLock()
        self._added: dict[str, Device] = {}
        self._removed: set[int] = set()

    def total(self) -> int:
        """Return how many devices the app has."""
        with self._lock:
            return len(self._added) + self._size - len(self._removed)

    def page(self, offset: int, limit: int, newest_first: bool = True) -> list[Device]:
        """Return up to ``limit`` devices starting at place ``offset``. The time needed depends on ``limit`` alone."""
        with self._lock:
            if newest_first:
                return list(islice(self._from(offset), limit))
            end = max(0, self.total() - offset)
            start = max(0, end - limit)
            return list(islice(self._from(start), end - start))[::-1]

    def of_driver(self, number: int) -> list[Device]:
        """Return a driver's devices, newest first."""
        with self._lock:
            added = [device for device in reversed(self._added.values()) if device.owner == number]
            seeded = [self._seeded.at(rank) for rank in ranks_of(number) if self._has(rank)]
        return [*added, *seeded, *self._private.of_driver(number)]

    def find(self, device_id: str) -> Device | None:
        """Return the device with this id, or None."""
        with self._lock:
            if device_id in self._added:
                return self._added[device_id]
        rank = self._seeded.rank(device_id)
        return None if rank is None else self.at(rank)

    def at(self, rank: int) -> Device | None:
        """Return the seeded or private device at ``rank``. None when there is no such device or it was removed."""
        if rank >= FIRST_VIRTUAL_RANK:
            with self._lock:
                return next((one for one in self._added.values() if one.rank == rank), None)
        if rank >= FIRST_PRIVATE_RANK:
            return self._private.at(rank)
        with self._lock:
            return self._seeded.at(rank) if self._has(rank) else None

    def add(self, device_id: str, name: str | None, owner: int | None, virtual: int | None = None) -> Device:
        """Add a device as the newest, or return the existing one with this id. ``virtual`` is the number of a dummy.

        ``owner`` gets an existing device that nobody has, as a dummy's is until somebody adds it by its case. Raises
        FleetFull when MOST_ADDED devices have been added at run time.
        """
        with self._lock:
            known = self.find(device_id)
            if known is not None:
                return self._owned(known, owner)
            if len(self._added) >= MOST_ADDED:
                raise FleetFull
            rank = None if virtual is None else FIRST_VIRTUAL_RANK + virtual
            chip_id = "VV" + self._seed.digest("chip " + device_id, 5).hex().upper()
            device = Device(device_id, name, chip_id, self._clock.now_ms(), rank, owner)
            self._added[device_id] = device
            return device

    def _owned(self, device: Device, owner: int | None) -> Device:
        if device.owner is None and owner is not None and device.id in self._added:
            device = self._added[device.id] = device._replace(owner=owner)
        return device

    def remove(self, device: Device) -> None:
        """Remove a device from the app."""
        with self._lock:
            if device.rank is None or device.is_virtual:
                self._added.pop(device.id, None)
            else:
                self._removed.add(device.rank)

    def id_for_case(self, case_id: str) -> str:
        """Return the id of the device whose case has this number."""
        return self._seed.uuid("case " + case_id)

    def _has(self, rank: int) -> bool:
        return rank < self._size and rank not in self._removed

    def _from(self, offset: int) -> Iterator[Device]:
        yield from islice(reversed(self._added.values()), offset, None)
        rank = max(0, offset - len(self._added))
        for removed in sorted(self._removed):
            if removed > rank:
                break
            rank += 1
        for candidate in range(rank, self._size):
            if candidate not in self._removed:
                yield self._seeded.at(candidate)
