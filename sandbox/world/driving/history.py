"""The drives of one device, from its first day to the clock's now: found by day, counted without computing them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import attrgetter

from sandbox.world.clock import Clock
from sandbox.world.driving.drives import Drive
from sandbox.world.driving.habits import MINUTE_MS, UNDER_WAY_MS, Habits, day_start_ms, local_day
from sandbox.world.vehicles import Vehicle

# A history reaches back so far from the sandbox's start.
MOST_DAYS = 400
# The drive of the first car that is under way when the sandbox starts, and how far others keep from it.
_TOUR = ("a1", "plaza", "a1")
_APART_MS = 45 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Tenure:
    """The days in which the device was in one vehicle: from ``first_day`` to before ``end_day``, None for until now."""

    vehicle: Vehicle
    habits: Habits
    first_day: int
    end_day: int | None

    def holds(self, day: int) -> bool:
        """Tell whether the device was in this vehicle on a day."""
        return self.first_day <= day and (self.end_day is None or day < self.end_day)


ALWAYS_MS = 1 << 60


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that is counted. ``of`` counts it in a drive, after an instant and up to another.

    ``in_all`` counts the same in a whole drive, and faster.
    """

    name: str
    of: Callable[[Drive, int, int], float]
    in_all: Callable[[Drive], float] | None = None

    def of_all(self, drives: list[Drive]) -> float:
        """Return the sum over whole drives."""
        if self.in_all is not None:
            return sum(map(self.in_all, drives))
        return sum(self.of(one, 0, ALWAYS_MS) for one in drives)


def _metres(drive: Drive, after_ms: int, up_to_ms: int) -> float:
    return drive.way_until(up_to_ms) - drive.way_until(after_ms)


MESSAGES = Measure("messages", Drive.count_between, attrgetter("messages"))
TRIPS = Measure(
    "trips", lambda drive, after_ms, up_to_ms: int(after_ms < drive.start_ms <= up_to_ms), lambda _: 1
)
METRES = Measure("metres", _metres, attrgetter("length_m"))
LOCATED = Measure("located", Drive.count_located)
# What nearly every page needs.
_USUAL = {measure.name: measure for measure in (MESSAGES, TRIPS, METRES)}
MOST_MEASURES = 12


class History:
    """The drives of a device. Drives of the future do not exist; one that is under way does."""

    def __init__(self, tenures: list[Tenure], clock: Clock, *, has_drive_under_way: bool = False) -> None:
        self.tenures = tenures
        self._clock = clock
        earliest = local_day(clock.start_ms) - MOST_DAYS
        self.first_day = max(earliest, min((one.first_day for one in tenures), default=earliest))
        self._started_ms = clock.start_ms - UNDER_WAY_MS if has_drive_under_way else None
        self._sums: dict[str, list[float]] = {}

    def vehicle_of(self, drive: Drive) -> Vehicle:
        """Return the vehicle of a drive."""
        tenure = self.tenure_on(drive.day)
        if tenure is None:
            raise ValueError("a drive without a vehicle")
        return tenure.vehicle

    def bounds(self, vehicle: Vehicle, after_ms: int, up_to_ms: int) -> tuple[int, int]:
        """Return the part of a period in which the device was in a vehicle."""
        tenure = next((one for one in self.tenures if one.vehicle.id == vehicle.id), None)
        if tenure is None:
            return 0, 0
        after_ms = max(after_ms, day_start_ms(tenure.first_day) - 1)
        if tenure.end_day is not None:
            up_to_ms = min(up_to_ms, day_start_ms(tenure.end_day) - 1)
        return after_ms, up_to_ms

    def odometer_m(self, vehicle: Vehicle, at_ms: int, seeded_m: int) -> float:
        """Return the odometer of a vehicle at an instant: what it had at first, and its drives since, in metres."""
        tenure = next(one for one in self.tenures if one.vehicle.id == vehicle.id)
        # A long history is cut; what was driven before its beginning is estimated.
        base = 8_000_000 + seeded_m + 28_000 * max(0, self.first_day - tenure.first_day)
        begin = day_start_ms(max(tenure.first_day, self.first_day))
        end = at_ms if tenure.end_day is None else min(at_ms, day_start_ms(tenure.end_day))
        if end <= begin:
            return float(base)
        return base + self.metres_before(end) - self.metres_before(begin)

    def now_ms(self) -> int:
        """Return the clock's now."""
        return self._clock.settled_ms()

    def tenure_on(self, day: int) -> Tenure | None:
        """Return the vehicle that the device was in on a day."""
        return next((one for one in self.tenures if one.holds(day)), None)

    def planned(self, day: int) -> list[Drive]:
        """Return the drives of a day, oldest first, those of the future included."""
        tenure = self.tenure_on(day)
        if tenure is None or day < self.first_day:
            return []
        drives = tenure.habits.drives(day)
        started = self._started_ms
        if started is None:
            return drives
        if abs(day - local_day(started)) > 1:
            return drives
        special = tenure.habits.drive(local_day(started), len(drives), started, _TOUR, 0x5EED_0F_70_44)
        apart = [
            one
            for one in drives
            if one.stop_ms < started - _APART_MS or one.start_ms > special.stop_ms + _APART_MS
        ]
        if day == special.day:
            apart.append(special)
        return sorted(apart, key=lambda one: one.start_ms)

    def drive(self, day: int, index: int) -> Drive | None:
        """Return one drive that has begun, by its day and its number in the plan."""
        now = self.now_ms()
        return next((one for one in self.planned(day) if one.ordinal == index and one.start_ms <= now), None)

    def drives(self, after_ms: int, up_to_ms: int, *, newest_first: bool = False) -> Iterator[Drive]:
        """Yield the drives that have begun and overlap a period: last message after ``after_ms``, start not later."""
        up_to_ms = min(up_to_ms, self.now_ms())
        # A drive that begins late may end on the next day.
        first = max(self.first_day, local_day(after_ms) - 1)
        days = range(first, local_day(up_to_ms) + 1)
        for day in reversed(days) if newest_first else days:
            plan = self.planned(day)
            for one in reversed(plan) if newest_first else plan:
                if one.start_ms <= up_to_ms and one.last_ms > after_ms:
                    yield one

    def count(self, after_ms: int, up_to_ms: int, measure: "Measure") -> float:
        """Return the sum of a measure over the drives of a period. Days that are over are added up once."""
        up_to_ms = min(up_to_ms, self.now_ms())
        if up_to_ms <= after_ms:
            return 0
        # Nobody drives around midnight, so a drive reaches into no other day.
        first, last = max(local_day(after_ms) + 1, self.first_day), local_day(up_to_ms)
        if last <= first:
            return sum(measure.of(one, after_ms, up_to_ms) for one in self.drives(after_ms, up_to_ms))
        found = self._sum_before(last, measure) - self._sum_before(first, measure)
        for day in (first - 1, last):
            found += sum(measure.of(one, after_ms, up_to_ms) for one in self._begun(day))
        return found

    def _begun(self, day: int) -> list[Drive]:
        now = self.now_ms()
        return [one for one in self.planned(day) if one.start_ms <= now]

    def _sum_before(self, day: int, measure: "Measure") -> float:
        """Return the sum over all days before this one, which are over.

        Making the plans of a year takes longer than adding them up, so what is asked for next is added up with it.
        """
        if measure.name not in self._sums and len(self._sums) >= MOST_MEASURES:
            self._sums.pop(next(name for name in self._sums if name not in _USUAL))
        wanted = {measure.name: measure, **_USUAL}
        sums = {name: self._sums.setdefault(name, [0.0]) for name in wanted}
        while len(sums[measure.name]) <= day - self.first_day:
            number = len(sums[measure.name])
            plan = self.planned(self.first_day + number - 1)
            for name, one in wanted.items():
                if len(sums[name]) == number:
                    sums[name].append(sums[name][-1] + one.of_all(plan))
        return sums[measure.name][max(0, day - self.first_day)]

    def metres_before(self, at_ms: int) -> float:
        """Return the metres that the device's vehicles drove before an instant."""
        return self.count(day_start_ms(self.first_day) - 1, at_ms, METRES)

    def first_drive_from(self, day: int, days: int = 14) -> Drive | None:
        """Return the first drive that has begun on a day or within some days after it."""
        for later in range(day, day + days):
            plan = self.planned(later)
            if plan:
                return plan[0] if plan[0].start_ms <= self.now_ms() else None
        return None


def items_between(drive: Drive, after_ms: int, up_to_ms: int) -> range:
    """Return the numbers of the messages of a drive in a period, lost ones included."""
    return range(drive.item_after(after_ms), drive.item_after(up_to_ms))
