"""The vehicles that devices are plugged into, computed from the rank of the device.

Most devices have one vehicle. Some moved from one vehicle to another, some were never plugged in, and of some vehicles
only the VIN is known. The docs allow all of these (platform-services/vehicle-service).
"""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.world.catalogue import CATALOGUE, CarModel
from sandbox.world.devices import SEEDED_AGES, Device
from sandbox.world.fleet import Fleet
from sandbox.world.hostile_names import with_hostile_names
from sandbox.world.seeds import NumberedIds, Seed
from sandbox.world.special_accounts import NO_SPECIAL_ACCOUNTS, SpecialAccounts
from sandbox.world.vins import MODEL_CODES, build_vin

MOST_PER_DEVICE = 2
# Of one virtual device.
MOST_VIRTUAL = 20
FIRST_VIRTUAL_NUMBER = 400_000_000
SECOND_DEVICE = 1
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle with the device in it. ``model``, ``year`` and ``trim`` are None while only the VIN is known."""

    id: str
    number: int
    device_id: str
    vin: str
    model: CarModel | None
    year: int | None
    trim: str | None
    created_ms: int


class Vehicles:
    """Finds vehicles by device or by id."""

    def __init__(self, seed: Seed, fleet: Fleet, accounts: SpecialAccounts = NO_SPECIAL_ACCOUNTS) -> None:
        self._seed = seed
        self._fleet = fleet
        self._accounts = accounts
        self._ids = NumberedIds(seed, "vehicles")
        self._virtual: dict[str, list[Vehicle]] = {}

    def of_device(self, device: Device) -> list[Vehicle]:
        """Return the vehicles that the device was plugged into, newest first."""
        if device.is_virtual:
            return self._virtual.get(device.id, [])[::-1]
        if device.rank is None:
            return []
        return [self._vehicle(device, device.rank, age) for age in range(count_at(device.rank))]

    def find(self, vehicle_id: str) -> Vehicle | None:
        """Return the vehicle with this id. None when there is none, or when its device was removed from the fleet."""
        virtual = next((one for many in self._virtual.values() for one in many if one.id == vehicle_id), None)
        number = self._ids.number(vehicle_id)
        if virtual is not None or number is None:
            return virtual
        rank, age = divmod(number, MOST_PER_DEVICE)
        device = self._fleet.at(rank)
        return self._vehicle(device, rank, age) if device and age < count_at(rank) else None

    def plug_in(self, device: Device, vin: str, at_ms: int) -> Vehicle:
        """Return the vehicle with this VIN in which a virtual device is from now on."""
        known = self._virtual.setdefault(device.id, [])
        vehicle = next((one for one in known if one.vin == vin), None)
        if vehicle is None:
            number = FIRST_VIRTUAL_NUMBER + sum(map(len, self._virtual.values()))
            vehicle_id = self._seed.uuid(f"virtual vehicle {device.id} {vin}")
            vehicle = Vehicle(vehicle_id, number, device.id, vin, None, None, None, at_ms)
        self._virtual[device.id] = [*(one for one in known if one is not vehicle), vehicle][-MOST_VIRTUAL:]
        return vehicle

    def unplug(self, device: Device) -> None:
        """Forget the vehicles of a virtual device."""
        self._virtual.pop(device.id, None)

    def _vehicle(self, device: Device, rank: int, age: int) -> Vehicle:
        """Return a vehicle of the device: 0 is the current one, 1 the one before."""
        number = rank * MOST_PER_DEVICE + age

        def draw(label: str, below: int) -> int:
            return self._seed.number(f"vehicle {number} {label}", below)

        kind = CATALOGUE[draw("model", len(CATALOGUE))]
        if device.owner is not None and self._accounts.has_hostile_names(device.owner):
            kind = with_hostile_names(kind, number)
        year = kind.years[0] + draw("year", kind.years[1] - kind.years[0] + 1)
        is_known = not has_vin_only(rank)
        moves = count_at(rank) - 1 - age
        return Vehicle(
            id=self._ids.of(number),
            number=number,
            device_id=device.id,
            vin=_vin(kind, year, draw),
            model=kind if is_known else None,
            year=year if is_known else None,
            trim=kind.trims[draw("trim", len(kind.trims))] if is_known else None,
            created_ms=device.created_ms + (3 + draw("met", 20)) * MINUTE_MS + moves * 20 * DAY_MS,
        )


def count_at(rank: int) -> int:
    """Return how many vehicles the device at ``rank`` has been plugged into."""
    if rank < len(SEEDED_AGES):
        return 2 if rank == SECOND_DEVICE else 1
    return {3: 2, 7: 0}.get(rank % 11, 1)


def has_vin_only(rank: int) -> bool:
    """Tell whether only the VIN is known of the vehicles of the device at ``rank``."""
    return rank >= len(SEEDED_AGES) and rank % 13 == 5


def _vin(kind: CarModel, year: int, draw: Callable[[str, int], int]) -> str:
    plant = MODEL_CODES[draw("plant", len(MODEL_CODES))]
    return build_vin(kind.manufacturer, kind.description, year, plant, draw("serial", 1_000_000))
