"""What the devices of the app have reported: messages, events, trips, trouble codes, collisions, distances.

Everything follows from the drives of a device (``sandbox.world.driving``), so that all of it agrees. Nothing is stored:
what was asked for last is kept, and everything else is computed again.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from sandbox.world.clock import Clock
from sandbox.world.devices import Device
from sandbox.world.driving.drives import Drive, Sample
from sandbox.world.driving.engine import Engine, has_any, turns_of
from sandbox.world.driving.habits import MINUTE_MS, Habits, local_day
from sandbox.world.driving.history import LOCATED, MESSAGES, TRIPS, History, Measure, Tenure, items_between
from sandbox.world.driving.ids import Place, PlaceIds
from sandbox.world.driving.troubles import Episode, Troubles, catalogue_id
from sandbox.world.dummies import Dummies, RunHistory
from sandbox.world.fleet import Fleet
from sandbox.world.seeds import Seed
from sandbox.world.vehicles import Vehicle, Vehicles

MOST_HISTORIES = 256
# A trip that breaks off is given up after so long without a message.
ORPHANED_AFTER_MS = 30 * MINUTE_MS
# The numbers of the events of a drive in their ids.
STARTUP, TRIP_STARTED, SHUTDOWN, TRIP_STOPPED, TRIP_COMPLETED, TRIP_ORPHANED, COLLISION = range(7)
_CODE_EVENTS = 16
_EVENT_TYPES = (
    "startup",
    "trip-started",
    "shutdown",
    "trip-stopped",
    "trip-completed",
    "trip-orphaned",
    "collision",
)


class Message(NamedTuple):
    """A message of a device. ``data`` as in docs telemetry-services/device-messages."""

    id: str
    timestamp_ms: int
    vehicle_id: str
    data: dict[str, object]


class Happening(NamedTuple):
    """An event that follows from a drive (docs event-services/events).

    ``object_type`` is "vehicle" or "trip"; ``meta`` is as in JSON, or None.
    """

    id: str
    timestamp_ms: int
    device_id: str
    vehicle_id: str | None
    event_type: str
    object_id: str | None
    object_type: str | None
    meta: dict[str, object] | None


class Collision(NamedTuple):
    """A collision that the device reported. ``position`` is longitude and latitude."""

    id: str
    timestamp_ms: int
    device_id: str
    vehicle_id: str
    position: tuple[float, float]


def _events_of(drive: Drive, after_ms: int, up_to_ms: int) -> int:
    """Return how many events begin and end a drive in a period."""
    ends = [drive.last_ms + ORPHANED_AFTER_MS] if drive.is_orphaned else [drive.stop_ms] * 3
    return sum(after_ms < at <= up_to_ms for at in (drive.start_ms, drive.start_ms, *ends))


EVENTS = Measure("events", _events_of)
# One that is under way counts here, and is taken off by whoever asks.
COMPLETED = Measure(
    "completed",
    lambda drive, after_ms, up_to_ms: int(not drive.is_orphaned and after_ms < drive.start_ms <= up_to_ms),
)


class Source:
    """A device, or one vehicle with the device that was in it: whose reports are asked for."""

    def __init__(self, journal: "Journal", device: Device, vehicle: Vehicle | None = None) -> None:
        self.device = device
        self.vehicle = vehicle
        self.history = journal.history(device)
        self._journal = journal

    def bounds(self, after_ms: int, up_to_ms: int) -> tuple[int, int]:
        """Return the part of a period in which the device was in the vehicle."""
        if self.vehicle is not None:
            after_ms, up_to_ms = self.history.bounds(self.vehicle, after_ms, up_to_ms)
        return after_ms, min(up_to_ms, self.history.now_ms())

    def drives(self, after_ms: int, up_to_ms: int, *, newest_first: bool = True) -> Iterator[Drive]:
        """Yield the drives of a period."""
        yield from self.history.drives(*self.bounds(after_ms, up_to_ms), newest_first=newest_first)

    def vehicle_of(self, drive: Drive) -> Vehicle:
        """Return the vehicle of a drive."""
        return self.history.vehicle_of(drive)

    # --- messages

    def message_places(
        self, after_ms: int, up_to_ms: int, *, newest_first: bool = True
    ) -> Iterator[tuple[int, Drive, int]]:
        """Yield time, drive and number of the messages of a period."""
        after_ms, up_to_ms = self.bounds(after_ms, up_to_ms)
        for drive in self.history.drives(after_ms, up_to_ms, newest_first=newest_first):
            items = items_between(drive, after_ms, up_to_ms)
            for item in reversed(items) if newest_first else items:
                if drive.has(item):
                    yield drive.time_of(item), drive, item

    def count_messages(self, after_ms: int, up_to_ms: int) -> int:
        """Return how many messages there are in a period."""
        after_ms, up_to_ms = self.bounds(after_ms, up_to_ms)
        return int(self.history.count(after_ms, up_to_ms, MESSAGES))

    def count_samples(
        self, after_ms: int, up_to_ms: int, fields: frozenset[str] | None, *, located: bool
    ) -> int:
        """Return how many samples ``samples`` yields."""
        if fields is None or "accel" in fields:
            measure = LOCATED if located else MESSAGES
        elif located or "location" in fields:
            walk = self.samples(after_ms, up_to_ms, fields, located=located, newest_first=False)
            return sum(1 for _ in walk)
        else:
            turns = turns_of(fields)
            name = f"with {sorted(turns)}"
            measure = Measure(name, lambda drive, after, up_to: drive.count_with(turns, after, up_to))
        return int(self.history.count(*self.bounds(after_ms, up_to_ms), measure))

    def message(self, drive: Drive, item: int) -> Message:
        """Return one message. Raises StopIteration if it did not arrive."""
        sample = next(one for one in drive.samples() if one.item == item)
        return self._journal.message_of(self, drive, sample)

    def messages(self, after_ms: int, up_to_ms: int) -> Iterator[Message]:
        """Yield the messages of a period, oldest first."""
        after_ms, up_to_ms = self.bounds(after_ms, up_to_ms)
        for drive in self.history.drives(after_ms, up_to_ms):
            for sample in drive.samples():
                if after_ms < sample.timestamp_ms <= up_to_ms:
                    yield self._journal.message_of(self, drive, sample)

    def samples(
        self,
        after_ms: int,
        up_to_ms: int,
        fields: frozenset[str] | None,
        *,
        located: bool,
        newest_first: bool,
    ) -> Iterator[tuple[int, Drive, Sample]]:
        """Yield the samples of a period that have a position (``located``), or one of the fields; None for any."""
        after_ms, up_to_ms = self.bounds(after_ms, up_to_ms)
        for drive in self.history.drives(after_ms, up_to_ms, newest_first=newest_first):
            found = drive.samples()
            for sample in reversed(found) if newest_first else found:
                if not after_ms < sample.timestamp_ms <= up_to_ms:
                    continue
                has_position = sample.position is not None
                if located and not has_position:
                    continue
                if fields is not None and not has_any(fields, sample.item, has_position):
                    continue
                yield sample.timestamp_ms, drive, sample

    # --- trips

    def trips(self, after_ms: int, up_to_ms: int, *, newest_first: bool = True) -> Iterator[Drive]:
        """Yield the drives that began in a period."""
        after_ms, up_to_ms = self.bounds(after_ms, up_to_ms)
        for drive in self.history.drives(after_ms, up_to_ms, newest_first=newest_first):
            if drive.start_ms > after_ms:
                yield drive

    def count_trips(self, after_ms: int, up_to_ms: int) -> int:
        """Return how many drives began in a period."""
        after_ms, up_to_ms = self.bounds(after_ms, up_to_ms)
        return int(self.history.count(after_ms, up_to_ms, TRIPS))

    def completed_trips(self, after_ms: int, up_to_ms: int, *, newest_first: bool = True) -> Iterator[Drive]:
        """Yield the drives that began in a period and have come to their end."""
        for drive in self.trips(after_ms, up_to_ms, newest_first=newest_first):
            if is_completed(drive, self.history.now_ms()):
                yield drive

    def count_completed_trips(self, after_ms: int, up_to_ms: int) -> int:
        """Return how many drives began in a period and have come to their end."""
        after_ms, up_to_ms = self.bounds(after_ms, up_to_ms)
        begun = int(self.history.count(after_ms, up_to_ms, COMPLETED))
        latest = next(self.trips(after_ms, up_to_ms), None)
        is_open = latest is not None and not latest.is_orphaned and latest.stop_ms > self.history.now_ms()
        return begun - is_open

    # --- events

    def happenings(self, after_ms: int, up_to_ms: int, *, newest_first: bool = True) -> Iterator[Happening]:
        """Yield the events of a period."""
        after_ms, up_to_ms = self.bounds(after_ms, up_to_ms)
        # An orphaned trip is given up after its end.
        drives = self.history.drives(after_ms - ORPHANED_AFTER_MS, up_to_ms, newest_first=newest_first)
        for drive in drives:
            found = self._journal.happenings_of(self, drive)
            for one in reversed(found) if newest_first else found:
                if after_ms < one.timestamp_ms <= up_to_ms:
                    yield one

    def count_happenings(self, after_ms: int, up_to_ms: int) -> int:
        """Return how many events there are in a period."""
        after_ms, up_to_ms = self.bounds(after_ms, up_to_ms)
        found = int(self.history.count(after_ms, up_to_ms, EVENTS))
        for episode in self._journal.episodes(self):
            found += sum(
                at is not None and after_ms < at <= up_to_ms for at in (episode.start_ms, episode.stop_ms)
            )
        return found + sum(after_ms < one.timestamp_ms <= up_to_ms for one in self._journal.collisions(self))


class Journal:
    """Finds what was reported, by device, by vehicle and by id."""

    def __init__(
        self, seed: Seed, fleet: Fleet, vehicles: Vehicles, clock: Clock, dummies: Dummies | None = None
    ) -> None:
        self._seed = seed
        self._dummies = dummies
        self._fleet = fleet
        self._vehicles = vehicles
        self._clock = clock
        self._message_ids = PlaceIds(seed, "messages")
        self._trip_ids = PlaceIds(seed, "trips")
        self._event_ids = PlaceIds(seed, "events")
        self._card_ids = PlaceIds(seed, "report cards")
        self.troubles = Troubles(seed)
        self._histories = lru_cache(MOST_HISTORIES)(self._made)
        self._engines = lru_cache(1024)(self._engine)

    def history(self, device: Device) -> History:
        """Return the drives of a device. One that was added at run time has none."""
        return self._histories(device)

    def _made(self, device: Device) -> History:
        if device.is_virtual and self._dummies is not None:
            return RunHistory(self._dummies, device, self._clock)
        vehicles = self._vehicles.of_device(device)[::-1]
        days = [local_day(one.created_ms) + 1 for one in vehicles]
        tenures = [
            Tenure(vehicle, Habits.of(self._seed, vehicle.number), first, following)
            for vehicle, first, following in zip(vehicles, days, [*days, None][1:], strict=True)
            if following is None or following > first
        ]
        return History(tenures, self._clock, has_drive_under_way=device.rank == 0)

    def of_device(self, device: Device) -> Source:
        """Return what a device reported."""
        return Source(self, device)

    def of_vehicle(self, vehicle: Vehicle) -> Source | None:
        """Return what was reported from a vehicle; None if its device is gone."""
        device = self._fleet.find(vehicle.device_id)
        return None if device is None else Source(self, device, vehicle)

    def reach_ms(self, device: Device) -> int:
        """Return the instant up to which the reports of a device can be read."""
        return self.history(device).now_ms()

    def messages(self, device: Device, after_ms: int, up_to_ms: int) -> list[Message]:
        """Return the messages of a device after an instant and up to another, oldest first."""
        return list(self.of_device(device).messages(after_ms, up_to_ms))

    def happenings(self, device: Device, after_ms: int, up_to_ms: int) -> list[Happening]:
        """Return the events that follow from the drives of a device, oldest first."""
        return list(self.of_device(device).happenings(after_ms, up_to_ms, newest_first=False))

    # --- ids

    def message_id(self, source: Source, drive: Drive, item: int) -> str:
        """Return the id of a message; a snapshot and a location have that of their message."""
        return self._message_ids.of(Place(_rank(source.device), drive.day, drive.ordinal, item))

    def trip_id(self, device: Device, drive: Drive) -> str:
        """Return the id of the trip that is a drive."""
        return self._trip_ids.of(Place(_rank(device), drive.day, drive.ordinal, 0))

    def report_card_id(self, device: Device, drive: Drive) -> str:
        """Return the id of the report card of a trip."""
        return self._card_ids.of(Place(_rank(device), drive.day, drive.ordinal, 0))

    def find_message(self, message_id: str) -> tuple[Source, Drive, int] | None:
        """Return source, drive and number of the message with this id, if it has arrived."""
        found = self._find(self._message_ids, message_id)
        if found is None:
            return None
        source, drive, item = found
        has_come = drive.has(item) and drive.time_of(item) <= source.history.now_ms()
        return found if has_come else None

    def find_trip(self, trip_id: str) -> tuple[Source, Drive] | None:
        """Return source and drive of the trip with this id."""
        found = self._find(self._trip_ids, trip_id)
        return found[:2] if found else None

    def find_report_card(self, card_id: str) -> tuple[Source, Drive] | None:
        """Return source and drive of the report card with this id."""
        found = self._find(self._card_ids, card_id)
        return found[:2] if found and is_completed(found[1], found[0].history.now_ms()) else None

    def find_happening(self, event_id: str) -> Happening | None:
        """Return the event with this id."""
        found = self._find(self._event_ids, event_id)
        if found is None:
            return None
        source, drive, _ = found
        now = source.history.now_ms()
        return next(
            (
                one
                for one in self.happenings_of(source, drive)
                if one.id == event_id and one.timestamp_ms <= now
            ),
            None,
        )

    def _find(self, ids: PlaceIds, text: str) -> tuple[Source, Drive, int] | None:
        place = ids.place(text)
        device = self._fleet.at(place.rank) if place else None
        if place is None or device is None:
            return None
        source = self.of_device(device)
        drive = source.history.drive(place.day, place.drive)
        return (source, drive, place.item) if drive else None

    # --- what a drive holds

    def message_of(self, source: Source, drive: Drive, sample: Sample) -> Message:
        """Return the message of a sample."""
        engine = self.engine_of(source, drive)
        return Message(
            self.message_id(source, drive, sample.item),
            sample.timestamp_ms,
            source.vehicle_of(drive).id,
            engine.data(drive, sample),
        )

    def engine_of(self, source: Source, drive: Drive) -> Engine:
        """Return the engine of the car at the beginning of a drive."""
        return self._engines(source.device, drive)

    def _engine(self, device: Device, drive: Drive) -> Engine:
        source = self.of_device(device)
        vehicle = source.vehicle_of(drive)
        odometer_m = self.odometer_m(source, vehicle, drive.start_ms)
        return Engine.of(
            vehicle.model, odometer_m / 1000, self.troubles.rest_volts(vehicle.number, drive.day)
        )

    def odometer_m(self, source: Source, vehicle: Vehicle, at_ms: int) -> float:
        """Return the odometer of a vehicle at an instant, in metres: what it had at first, and its drives since."""
        seeded = self._seed.number(f"odometer {vehicle.number}", 90_000_000)
        return source.history.odometer_m(vehicle, at_ms, seeded)

    def last_startup_ms(self, vehicle: Vehicle) -> int | None:
        """Return when a vehicle was started last; None if it never was."""
        source = self.of_vehicle(vehicle)
        if source is None:
            return None
        latest = next(source.trips(0, source.history.now_ms()), None)
        return latest.start_ms if latest else None

    def episodes(self, source: Source) -> list[Episode]:
        """Return the trouble codes of a vehicle or of all vehicles of a device, oldest first."""
        found = []
        for tenure in source.history.tenures:
            if source.vehicle is None or source.vehicle.id == tenure.vehicle.id:
                found += self.troubles.episodes(source.history, tenure)
        return found

    def happenings_of(self, source: Source, drive: Drive) -> list[Happening]:
        """Return the events of a drive so far, oldest first. At its end: shutdown, trip-stopped, trip-completed."""
        vehicle, device = source.vehicle_of(drive), source.device
        trip = self.trip_id(device, drive)
        now = source.history.now_ms()
        times = {STARTUP: drive.start_ms, TRIP_STARTED: drive.start_ms}
        if drive.is_orphaned:
            times[TRIP_ORPHANED] = drive.last_ms + ORPHANED_AFTER_MS
        else:
            times |= dict.fromkeys((SHUTDOWN, TRIP_STOPPED, TRIP_COMPLETED), drive.stop_ms)
        if (collided := self.troubles.collision_ms(source.history, drive)) is not None:
            times[COLLISION] = collided
        found = []
        for number, at in times.items():
            is_trip = _EVENT_TYPES[number].startswith("trip-")
            found.append(
                Happening(
                    self._event_id(device, drive, number),
                    at,
                    device.id,
                    vehicle.id,
                    _EVENT_TYPES[number],
                    trip if is_trip else vehicle.id,
                    "trip" if is_trip else "vehicle",
                    {"vehicleId": vehicle.id} if is_trip else None,
                )
            )
        found += self._code_events(source, drive, vehicle)
        found = [one for one in found if one.timestamp_ms <= now]
        return sorted(found, key=lambda one: one.timestamp_ms)

    def _code_events(self, source: Source, drive: Drive, vehicle: Vehicle) -> list[Happening]:
        tenure = source.history.tenure_on(drive.day)
        found = []
        for episode in self.troubles.episodes(source.history, tenure) if tenure else []:
            for is_on, at in ((True, episode.start_ms), (False, episode.stop_ms)):
                if at is not None and drive.start_ms <= at <= drive.stop_ms:
                    number = _CODE_EVENTS + episode.number % 500 * 2 + (0 if is_on else 1)
                    found.append(
                        Happening(
                            self._event_id(source.device, drive, number),
                            at,
                            source.device.id,
                            vehicle.id,
                            "dtc-on" if is_on else "dtc-off",
                            vehicle.id,
                            "vehicle",
                            {"code": catalogue_id(self._seed, episode.code)},
                        )
                    )
        return found

    def _event_id(self, device: Device, drive: Drive, number: int) -> str:
        return self._event_ids.of(Place(_rank(device), drive.day, drive.ordinal, number))

    # --- collisions

    def collisions(self, source: Source) -> list[Collision]:
        """Return the collisions of a device or vehicle, oldest first. There is at most one for each vehicle."""
        found = []
        for tenure in source.history.tenures:
            if source.vehicle is not None and source.vehicle.id != tenure.vehicle.id:
                continue
            drive = self.troubles.collision_drive(source.history, tenure)
            if drive is None:
                continue
            at = self.troubles.collision_ms(source.history, drive)
            if at is None or at > source.history.now_ms():
                continue
            sample = min(drive.samples(), key=lambda one: (one.position is None, abs(one.timestamp_ms - at)))
            if sample.position is not None:
                found.append(
                    Collision(
                        self._event_id(source.device, drive, COLLISION),
                        at,
                        source.device.id,
                        tenure.vehicle.id,
                        sample.position,
                    )
                )
        return found

    def find_collision(self, collision_id: str) -> tuple[Source, Collision] | None:
        """Return the collision with this id, with the source of its device."""
        found = self._find(self._event_ids, collision_id)
        if found is None:
            return None
        source = found[0]
        return next(((source, one) for one in self.collisions(source) if one.id == collision_id), None)


def is_completed(drive: Drive, now_ms: int) -> bool:
    """Tell whether a drive has come to its end."""
    return not drive.is_orphaned and drive.stop_ms <= now_ms


def _rank(device: Device) -> int:
    if device.rank is None:
        raise ValueError("a device without a history")
    return device.rank
