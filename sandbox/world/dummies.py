"""Virtual devices, which the docs call dummies, and their runs along routes (docs virtual-vinli).

A run is computed like any other drive, from the instant at which it was started. So messages, trips, events and rules
follow from it as for any car.
"""

import threading
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from sandbox.world.clock import Clock
from sandbox.world.devices import Device
from sandbox.world.driving.documented_routes import ROUTES, RunRoute
from sandbox.world.driving.drives import Drive
from sandbox.world.driving.history import History, Measure
from sandbox.world.fleet import Fleet
from sandbox.world.seeds import Seed
from sandbox.world.vehicles import Vehicle, Vehicles

MOST_DUMMIES = 5
# Runs of one dummy whose messages can still be read.
MOST_RUNS = 50
MOST_REPEATS = 20_000
# Milliseconds of the run between two repeats.
PAUSE_MS = 5_000
STARTING_MS = 1_000
# Numbers of drives that fit into one place of an id (``sandbox.world.driving.ids``).
_DRIVES_OF_A_DAY = 64


class TooMany(Exception):
    """The app has as many dummies as it may have."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run. ``first`` is the number of its first drive among all of the dummy; ``pace`` 1 is real time."""

    id: str
    route: RunRoute
    vehicle: Vehicle
    started_ms: int
    repeats: bool
    pace: float
    first: int
    stopped_ms: int | None = None

    @property
    def duration_ms(self) -> int:
        """Return the milliseconds of one time along the route."""
        return max(1, round(self.route.duration_ms / self.pace))

    @property
    def cycle_ms(self) -> int:
        """Return the milliseconds from one start to the next."""
        return self.duration_ms + max(1, round(PAUSE_MS / self.pace))

    def count(self, now_ms: int) -> int:
        """Return how many drives have begun."""
        if not self.repeats:
            return 1
        until = now_ms if self.stopped_ms is None else min(now_ms, self.stopped_ms)
        return min(MOST_REPEATS, max(0, until - self.started_ms) // self.cycle_ms + 1)

    def is_over(self, now_ms: int) -> bool:
        """Tell whether the run has come to its end, or was stopped."""
        if self.stopped_ms is not None:
            return True
        return not self.repeats and now_ms >= self.started_ms + self.duration_ms

    def drive(self, number: int) -> Drive:
        """Return a drive of the run, the first one being 0."""
        ordinal = self.first + number
        salt = uuid.UUID(self.id).int >> 60 ^ number * 0x9E3779B1
        whole = Drive(
            vehicle=self.vehicle.number,
            day=ordinal // _DRIVES_OF_A_DAY,
            ordinal=ordinal % _DRIVES_OF_A_DAY,
            start_ms=self.started_ms + number * self.cycle_ms,
            duration_ms=self.duration_ms,
            junctions=self.route.junctions,
            pace=1.0,
            salt=salt,
            fixless=self.route.messages - self.route.locations,
            sends=self.route.messages,
            rush=self.route.duration_ms / self.duration_ms,
        )
        if self.stopped_ms is None or self.stopped_ms >= whole.stop_ms:
            return whole
        return whole._replace(cut=max(0, whole.item_after(self.stopped_ms) - 1))


@dataclass(slots=True)
class Dummy:
    """A virtual device. ``case_id`` is the number of its case."""

    id: str
    name: str
    device: Device
    case_id: str
    runs: list[Run] = field(default_factory=list)


class Dummies:
    """The app's dummies. Safe to use from several threads. ``pace`` is that of runs that are started from now on.

    ``routes`` come after the documented ones and those of our own town.
    """

    def __init__(
        self,
        seed: Seed,
        fleet: Fleet,
        vehicles: Vehicles,
        clock: Clock,
        pace: float = 1.0,
        routes: Sequence[RunRoute] = (),
    ) -> None:
        self._seed = seed
        self._fleet = fleet
        self._vehicles = vehicles
        self._clock = clock
        self._lock = threading.RLock()
        self._made = 0
        self._dummies: dict[str, Dummy] = {}
        self.pace = pace
        self.routes = (*ROUTES, *routes)

    def all(self) -> list[Dummy]:
        """Return the dummies, newest first."""
        with self._lock:
            return list(self._dummies.values())[::-1]

    def find(self, dummy_id: str) -> Dummy | None:
        """Return the dummy with this id."""
        return self._dummies.get(dummy_id)

    def of_device(self, device: Device) -> Dummy | None:
        """Return the dummy of a virtual device."""
        with self._lock:
            return next((one for one in self._dummies.values() if one.device.id == device.id), None)

    def create(self, name: str, owner: int | None = None) -> Dummy:
        """Make a dummy with a device of its own, which ``owner`` has in the account. Raises TooMany."""
        with self._lock:
            if len(self._dummies) >= MOST_DUMMIES:
                raise TooMany
            number, self._made = self._made, self._made + 1
            case_id = "VV" + self._seed.digest(f"case {number}", 3).hex().upper()[:5]
            device = self._fleet.add(self._fleet.id_for_case(case_id), name, owner, virtual=number)
            dummy = Dummy(self._seed.uuid(f"dummy {number}"), name, device, case_id)
            self._dummies[dummy.id] = dummy
            return dummy

    def delete(self, dummy: Dummy) -> None:
        """Delete a dummy and its device."""
        with self._lock:
            self._dummies.pop(dummy.id, None)
            self._fleet.remove(dummy.device)
            self._vehicles.unplug(dummy.device)

    def start(
        self, dummy: Dummy, vin: str, route: RunRoute, *, repeats: bool, pace: float | None = None
    ) -> Run:
        """Start a run. One that is under way is stopped; the docs do not say what Vinli does."""
        with self._lock:
            self.stop(dummy)
            now = self._clock.now_ms()
            first = dummy.runs[-1].first + dummy.runs[-1].count(now) if dummy.runs else 0
            vehicle = self._vehicles.plug_in(dummy.device, vin, now)
            run = Run(str(uuid.uuid4()), route, vehicle, now, repeats, pace or self.pace, first)
            dummy.runs.append(run)
            del dummy.runs[:-MOST_RUNS]
            return run

    def current(self, dummy: Dummy) -> Run | None:
        """Return the run that is under way."""
        run = dummy.runs[-1] if dummy.runs else None
        return None if run is None or run.is_over(self._clock.now_ms()) else run

    def stop(self, dummy: Dummy) -> None:
        """Stop the run that is under way. Its last trip ends with its last message."""
        with self._lock:
            if self.current(dummy) is not None:
                dummy.runs[-1] = replace(dummy.runs[-1], stopped_ms=self._clock.now_ms())

    def set_pace(self, pace: float) -> None:
        """Set the pace of runs from now on. Runs that are under way begin anew with it."""
        with self._lock:
            self.pace = pace
            for dummy in self._dummies.values():
                run = self.current(dummy)
                if run is not None:
                    self.start(dummy, run.vehicle.vin, run.route, repeats=run.repeats)

    def route(self, route_id: str) -> RunRoute | None:
        """Return the route with this id."""
        return next((one for one in self.routes if one.id == route_id), None)


class RunHistory(History):
    """The drives of a virtual device: its runs."""

    def __init__(self, dummies: Dummies, device: Device, clock: Clock) -> None:
        super().__init__([], clock)
        self._dummies = dummies
        self._device = device
        self._clock_of_runs = clock

    def now_ms(self) -> int:
        """Return the clock's now, to the millisecond."""
        return self._clock_of_runs.now_ms()

    def _runs(self) -> list[Run]:
        dummy = self._dummies.of_device(self._device)
        return [] if dummy is None else list(dummy.runs)

    def drive(self, day: int, index: int) -> Drive | None:
        """Return one drive that has begun."""
        ordinal, now = day * _DRIVES_OF_A_DAY + index, self.now_ms()
        for run in self._runs():
            if run.first <= ordinal < run.first + run.count(now):
                return run.drive(ordinal - run.first)
        return None

    def drives(self, after_ms: int, up_to_ms: int, *, newest_first: bool = False) -> Iterator[Drive]:
        """Yield the drives that have begun and overlap a period."""
        now = self.now_ms()
        up_to_ms = min(up_to_ms, now)
        runs = self._runs()
        for run in reversed(runs) if newest_first else runs:
            first = max(0, (after_ms - run.started_ms) // run.cycle_ms - 1)
            last = min(run.count(now) - 1, (up_to_ms - run.started_ms) // run.cycle_ms)
            numbers = range(first, last + 1)
            for number in reversed(numbers) if newest_first else numbers:
                one = run.drive(number)
                if one.start_ms <= up_to_ms and one.last_ms > after_ms:
                    yield one

    def count(self, after_ms: int, up_to_ms: int, measure: Measure) -> float:
        """Return the sum of a measure over the drives of a period."""
        up_to_ms = min(up_to_ms, self.now_ms())
        return sum(measure.of(one, after_ms, up_to_ms) for one in self.drives(after_ms, up_to_ms))

    def vehicle_of(self, drive: Drive) -> Vehicle:
        """Return the vehicle of a drive."""
        return next(run.vehicle for run in self._runs() if run.vehicle.number == drive.vehicle)

    def bounds(self, vehicle: Vehicle, after_ms: int, up_to_ms: int) -> tuple[int, int]:
        """Return the part of a period in which the device was in a vehicle: from its first run to the next one's."""
        runs = self._runs()
        own = [number for number, run in enumerate(runs) if run.vehicle.id == vehicle.id]
        if not own:
            return 0, 0
        after_ms = max(after_ms, runs[own[0]].started_ms - 1)
        if own[-1] + 1 < len(runs):
            up_to_ms = min(up_to_ms, runs[own[-1] + 1].started_ms - 1)
        return after_ms, up_to_ms

    def metres_before(self, at_ms: int) -> float:
        """Return the metres driven before an instant."""
        return sum(one.way_until(min(at_ms, self.now_ms())) for one in self.drives(0, at_ms))

    def odometer_m(self, vehicle: Vehicle, at_ms: int, seeded_m: int) -> float:
        """Return the odometer of a vehicle at an instant, in metres."""
        after_ms, up_to_ms = self.bounds(vehicle, 0, at_ms)
        return 8_000_000 + seeded_m + sum(one.way_until(up_to_ms) for one in self.drives(after_ms, up_to_ms))
