"""The odometers of vehicles, estimated from readings and drives, and the triggers that fire on the way.

Between readings an odometer grows by the metres driven (docs distance-services/distance-api).
"""

import threading
import uuid
from collections import OrderedDict
from typing import NamedTuple

from sandbox.world.devices import Device
from sandbox.world.driving.habits import DAY_MS, day_start_ms
from sandbox.world.driving.ids import Place, PlaceIds
from sandbox.world.fleet import Fleet
from sandbox.world.journal import Journal, Source
from sandbox.world.odometers import Odometers, Reading, Trigger
from sandbox.world.seeds import Seed
from sandbox.world.vehicles import Vehicle, Vehicles

MOST_FIRINGS = 5_000
# The seeded reading of a vehicle was made so many days after its first one.
FIRST_READING_DAYS = 2


class Firing(NamedTuple):
    """The event of a trigger, with the odometer in metres; ``number`` counts those of the trigger from 1."""

    id: str
    timestamp_ms: int
    device_id: str
    vehicle_id: str | None
    trigger: Trigger
    number: int
    odometer_m: float

    @property
    def event_type(self) -> str:
        """The type, as a Happening has it."""
        return "distance-trigger"

    @property
    def object_id(self) -> str:
        """The trigger's id."""
        return self.trigger.id

    @property
    def object_type(self) -> str:
        """The kind of what the event is about."""
        return "odometer-trigger"


class Estimates:
    """Estimates odometers, and keeps the newest MOST_FIRINGS events of triggers. Safe to use from several threads."""

    def __init__(
        self, seed: Seed, fleet: Fleet, vehicles: Vehicles, journal: Journal, odometers: Odometers
    ) -> None:
        self._fleet = fleet
        self._vehicles = vehicles
        self._journal = journal
        self._odometers = odometers
        self._reading_ids = PlaceIds(seed, "odometers")
        self._lock = threading.RLock()
        self._firings: OrderedDict[str, Firing] = OrderedDict()
        # How often each trigger has fired, and when it did last.
        self._fired: dict[str, tuple[int, int]] = {}

    # --- readings

    def readings(self, source: Source) -> list[Reading]:
        """Return the readings of a vehicle, oldest first."""
        if source.vehicle is None:
            return []
        now = source.history.now_ms()
        seeded = self._seeded(source, source.vehicle)
        is_there = (
            seeded is not None and seeded.date_ms <= now and not self._odometers.is_forgotten(seeded.id)
        )
        made = self._odometers.readings(source.vehicle.id)
        found = [seeded, *made] if seeded is not None and is_there else made
        return sorted(found, key=lambda one: one.date_ms)

    def find_reading(self, reading_id: str) -> Reading | None:
        """Return the reading with this id, seeded or made at run time."""
        made = self._odometers.reading(reading_id)
        if made is not None:
            return made
        place = self._reading_ids.place(reading_id)
        device = self._fleet.at(place.rank) if place else None
        vehicles = self._vehicles.of_device(device) if device else []
        if place is None or place.item >= len(vehicles):
            return None
        source = self._journal.of_vehicle(vehicles[place.item])
        found = self.readings(source) if source else []
        return next((one for one in found if one.id == reading_id), None)

    def last_reading(self, source: Source, at_ms: int) -> Reading | None:
        """Return the last reading up to an instant."""
        found = [one for one in self.readings(source) if one.date_ms <= at_ms]
        return found[-1] if found else None

    def odometer_m(self, source: Source, at_ms: int) -> float:
        """Return the odometer of a vehicle: its last reading, and the metres driven since."""
        if source.vehicle is None:
            raise ValueError("a device has no odometer")
        true = self._journal.odometer_m(source, source.vehicle, at_ms)
        last = self.last_reading(source, at_ms)
        if last is None:
            return true
        return last.metres + true - self._journal.odometer_m(source, source.vehicle, last.date_ms)

    def _seeded(self, source: Source, vehicle: Vehicle) -> Reading | None:
        """Return the reading with which the history of a vehicle begins; None for a virtual device's."""
        tenure = next((one for one in source.history.tenures if one.vehicle.id == vehicle.id), None)
        if tenure is None or source.device.rank is None:
            return None
        first = max(tenure.first_day, source.history.first_day)
        date_ms = day_start_ms(first) + FIRST_READING_DAYS * DAY_MS
        true = self._journal.odometer_m(source, vehicle, date_ms)
        ids = [one.id for one in self._vehicles.of_device(source.device)]
        reading_id = self._reading_ids.of(Place(source.device.rank, 0, 0, ids.index(vehicle.id)))
        return Reading(reading_id, vehicle.id, float(round(true, -3)), date_ms)

    # --- triggers

    def firings(
        self, device: Device, after_ms: int, up_to_ms: int, vehicle_id: str | None = None
    ) -> list[Firing]:
        """Return the events of the triggers of a device, or of one of its vehicles, in a period, oldest first."""
        for vehicle in self._vehicles.of_device(device):
            for trigger in self._odometers.triggers(vehicle.id):
                self.count_firings(trigger)
        with self._lock:
            found = [
                one
                for one in self._firings.values()
                if one.device_id == device.id
                and vehicle_id in (None, one.vehicle_id)
                and after_ms < one.timestamp_ms <= up_to_ms
            ]
        return sorted(found, key=lambda one: one.timestamp_ms)

    def find_firing(self, event_id: str) -> Firing | None:
        """Return the event of a trigger with this id."""
        with self._lock:
            return self._firings.get(event_id)

    def count_firings(self, trigger: Trigger) -> int:
        """Return how often a trigger has fired, and keep its new events."""
        vehicle = self._vehicles.find(trigger.vehicle_id)
        source = self._journal.of_vehicle(vehicle) if vehicle else None
        with self._lock:
            count, last_ms = self._fired.get(trigger.id, (0, trigger.made_ms))
            if source is None:
                return count
            now = source.history.now_ms()
            reached = trigger.firings(self.odometer_m(source, now))
            # After a small distance and a long drive there are too many to tell of: the newest ones are told.
            for number in range(max(count + 1, reached - MOST_FIRINGS + 1), reached + 1):
                last_ms = self._instant(source, trigger.goal(number), last_ms, now)
                self._keep(source, trigger, number, last_ms)
            count = max(count, reached)
            self._fired[trigger.id] = count, last_ms
            return count

    def forget(self, trigger: Trigger) -> None:
        """Forget how often a deleted trigger has fired. Its events stay."""
        with self._lock:
            self._fired.pop(trigger.id, None)

    def _keep(self, source: Source, trigger: Trigger, number: int, at_ms: int) -> None:
        firing = Firing(
            str(uuid.uuid5(uuid.UUID(trigger.id), str(number))),
            at_ms,
            source.device.id,
            trigger.vehicle_id,
            trigger,
            number,
            self.odometer_m(source, at_ms),
        )
        self._firings[firing.id] = firing
        if len(self._firings) > MOST_FIRINGS:
            self._firings.popitem(last=False)

    def _instant(self, source: Source, goal_m: float, after_ms: int, up_to_ms: int) -> int:
        """Return the first instant of a period at which the odometer has reached a goal."""
        low, high = after_ms, up_to_ms
        while high - low > 1:
            middle = (low + high) // 2
            if self.odometer_m(source, middle) >= goal_m:
                high = middle
            else:
                low = middle
        return high
