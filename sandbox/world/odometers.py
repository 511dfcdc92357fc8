"""Odometer readings and triggers of vehicles that were made at run time."""

import threading
import uuid
from collections import OrderedDict
from dataclasses import dataclass

MOST_KEPT = 10_000


class TooMany(Exception):
    """MOST_KEPT readings or triggers were made at run time."""


class Conflict(Exception):
    """A reading contradicts another one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an odometer showed: metres at an instant."""

    id: str
    vehicle_id: str
    metres: float
    date_ms: int


@dataclass(frozen=True, slots=True)
class Trigger:
    """A distance that fires. ``base_m`` is the odometer when it was made, ``made_ms`` that instant."""

    id: str
    vehicle_id: str
    kind: str
    threshold_m: float
    base_m: float
    made_ms: int

    def firings(self, odometer_m: float) -> int:
        """Return how often it has fired when the odometer shows this."""
        if self.kind == "milestone":
            return int(odometer_m // self.threshold_m) - int(self.base_m // self.threshold_m)
        return int(self.base_m < self.goal(1) <= odometer_m)

    def goal(self, number: int) -> float:
        """Return the odometer at which it fires for the first time (1), or for a later one."""
        if self.kind == "milestone":
            return (self.base_m // self.threshold_m + number) * self.threshold_m
        return self.threshold_m + (self.base_m if self.kind == "from_now" else 0.0)


class Odometers:
    """Keeps readings and triggers. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readings: OrderedDict[str, Reading] = OrderedDict()
        self._triggers: OrderedDict[str, Trigger] = OrderedDict()
        self._forgotten: set[str] = set()

    def read(self, vehicle_id: str, metres: float, date_ms: int, others: list[Reading]) -> Reading:
        """Keep a reading. ``others`` are those of the vehicle that are not kept here.

        Raises Conflict if an earlier reading shows more or a later one less (ios-net), TooMany.
        """
        with self._lock:
            known = [*others, *(one for one in self._readings.values() if one.vehicle_id == vehicle_id)]
            for one in known:
                is_early, is_late = one.date_ms < date_ms, one.date_ms > date_ms
                if (is_early and one.metres > metres) or (is_late and one.metres < metres):
                    raise Conflict
            if len(self._readings) >= MOST_KEPT:
                raise TooMany
            reading = Reading(str(uuid.uuid4()), vehicle_id, metres, date_ms)
            self._readings[reading.id] = reading
            return reading

    def readings(self, vehicle_id: str) -> list[Reading]:
        """Return the readings of a vehicle that were made at run time, in any order."""
        with self._lock:
            return [one for one in self._readings.values() if one.vehicle_id == vehicle_id]

    def reading(self, reading_id: str) -> Reading | None:
        """Return a reading by its id."""
        return self._readings.get(reading_id)

    def forget_reading(self, reading_id: str) -> None:
        """Delete a reading, also a seeded one."""
        with self._lock:
            if self._readings.pop(reading_id, None) is None:
                self._forgotten.add(reading_id)

    def is_forgotten(self, reading_id: str) -> bool:
        """Tell whether a seeded reading was deleted."""
        return reading_id in self._forgotten

    def set_trigger(
        self, vehicle_id: str, kind: str, threshold_m: float, base_m: float, made_ms: int
    ) -> Trigger:
        """Keep a trigger. Raises TooMany."""
        with self._lock:
            if len(self._triggers) >= MOST_KEPT:
                raise TooMany
            trigger = Trigger(str(uuid.uuid4()), vehicle_id, kind, threshold_m, base_m, made_ms)
            self._triggers[trigger.id] = trigger
            return trigger

    def triggers(self, vehicle_id: str) -> list[Trigger]:
        """Return the triggers of a vehicle, oldest first."""
        with self._lock:
            return [one for one in self._triggers.values() if one.vehicle_id == vehicle_id]

    def trigger(self, trigger_id: str) -> Trigger | None:
        """Return a trigger by its id."""
        return self._triggers.get(trigger_id)

    def forget_trigger(self, trigger_id: str) -> None:
        """Delete a trigger."""
        with self._lock:
            self._triggers.pop(trigger_id, None)
