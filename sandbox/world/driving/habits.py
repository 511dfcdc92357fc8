"""When a car drives on a day, and where: habits of its driver, a function of (seed, car, day).

A plan costs some microseconds and knows how long each drive lasts and how many messages it sends. The drive itself is
computed when somebody asks for it (``sandbox.world.driving.drives``).
"""

from dataclasses import dataclass
from hashlib import blake2b

from sandbox.world.driving.drives import Drive
from sandbox.world.driving.motion import planned_seconds
from sandbox.world.seeds import Seed
from sandbox.world.town.map import HOMES, OUTINGS, SCHOOL, SHOPS, WORKPLACES

DAY_MS = 86_400_000
MINUTE_MS = 60_000
# The town's clock: six hours behind UTC, all year.
LOCAL_OFFSET_MS = -6 * 3_600_000
PAUSE_MS = 3 * MINUTE_MS
PACES = (0.93, 1.0, 1.06)
# A drive that is under way when the sandbox starts began so long before.
UNDER_WAY_MS = 12 * MINUTE_MS


def local_day(at_ms: int) -> int:
    """Return the number of the town's day that holds an instant, counted from 1970."""
    return (at_ms + LOCAL_OFFSET_MS) // DAY_MS


def day_start_ms(day: int) -> int:
    """Return the first millisecond of a day of the town, in Unix milliseconds."""
    return day * DAY_MS - LOCAL_OFFSET_MS


@dataclass(frozen=True, slots=True)
class Habits:
    """What one driver does with one car. ``number`` is the number of the vehicle."""

    number: int
    key: bytes
    home: str
    work: str
    shop: str
    pace: float
    has_children: bool
    leaves_at: int  # minutes after midnight
    returns_at: int

    @classmethod
    def of(cls, seed: Seed, number: int) -> "Habits":
        """Return the habits of the driver of a vehicle."""
        facts = seed.digest(f"habits {number}", 16)
        home = HOMES[facts[0] % len(HOMES)]
        return cls(
            number,
            seed.digest("days", 32),
            home,
            _other(tuple(WORKPLACES.values()), facts[1], home),
            _other(tuple(SHOPS.values()), facts[2], home),
            PACES[facts[3] % len(PACES)],
            facts[4] % 3 == 0,
            7 * 60 + facts[5] % 70,
            16 * 60 + 30 + facts[6] % 80,
        )

    def drives(self, day: int) -> list[Drive]:
        """Return the drives of a day, oldest first."""
        facts = blake2b(b"%d/%d" % (self.number, day), key=self.key, digest_size=48).digest()
        weekday = (day + 3) % 7  # 1970-01-01 was a Thursday; 0 is Monday
        if facts[0] < 8:
            return []  # a day off sick
        trips = self._workday(facts) if weekday < 5 else self._weekend(facts, is_sunday=weekday == 6)
        return self._placed(day, trips, facts)

    def _workday(self, facts: bytes) -> list[tuple[int, tuple[str, ...]]]:
        leave, back = self.leaves_at + facts[1] % 13, self.returns_at + facts[2] % 25
        trips: list[tuple[int, tuple[str, ...]]] = []
        if self.has_children and self.work != SCHOOL:
            trips += [(leave, (self.home, SCHOOL)), (leave, (SCHOOL, self.work))]
        else:
            trips.append((leave, (self.home, self.work)))
        if facts[3] < 90 and self.shop != self.work:
            trips += [(back, (self.work, self.shop)), (back + 30 + facts[4] % 25, (self.shop, self.home))]
        else:
            trips.append((back, (self.work, self.home)))
        if facts[5] < 30:
            place = _other(tuple(OUTINGS.values()), facts[6], self.home)
            trips += [(20 * 60, (self.home, place)), (21 * 60 + facts[7] % 60, (place, self.home))]
        return trips

    def _weekend(self, facts: bytes, *, is_sunday: bool) -> list[tuple[int, tuple[str, ...]]]:
        trips: list[tuple[int, tuple[str, ...]]] = []
        if not is_sunday and facts[1] < 210:
            start = 9 * 60 + facts[2] % 100
            trips += [(start, (self.home, self.shop)), (start + 40 + facts[3] % 40, (self.shop, self.home))]
        if is_sunday and facts[4] < 60:
            # The Sunday drive: twice to Fairview and by the lake, without switching the engine off.
            tour = (self.home, "plaza", "a5" if self.home != "a5" else "c5", "plaza", self.home)
            trips.append((13 * 60 + facts[5] % 60, tour))
        elif facts[6] < (150 if is_sunday else 60):
            place = _other(tuple(OUTINGS.values()), facts[7], self.home)
            start = 14 * 60 + facts[8] % 60
            trips += [(start, (self.home, place)), (start + 90 + facts[9] % 90, (place, self.home))]
        return trips

    def _placed(self, day: int, trips: list[tuple[int, tuple[str, ...]]], facts: bytes) -> list[Drive]:
        """Return the drives at their times; one that would begin before the last has ended begins after a pause."""
        drives: list[Drive] = []
        free_at = day_start_ms(day)
        for index, (minute, junctions) in enumerate(trips):
            own = int.from_bytes(facts[10 + index * 4 : 18 + index * 4])
            start = max(free_at, day_start_ms(day) + minute * MINUTE_MS + own % MINUTE_MS)
            drive = self.drive(day, index, start, junctions, own)
            drives.append(drive)
            free_at = drive.stop_ms + PAUSE_MS
        return _with_mishaps(drives, facts)

    def drive(self, day: int, index: int, start_ms: int, junctions: tuple[str, ...], salt: int) -> Drive:
        """Return a drive through these junctions."""
        luck = (salt >> 8 & 0xFF) / 255
        return Drive(
            vehicle=self.number,
            day=day,
            ordinal=index,
            start_ms=start_ms,
            duration_ms=round(planned_seconds(junctions, self.pace, luck) * 1000),
            junctions=junctions,
            pace=self.pace,
            salt=salt,
        )


def _with_mishaps(drives: list[Drive], facts: bytes) -> list[Drive]:
    """Return the drives, some with what happens to real ones: no position at first, a lost hour, a lost end."""
    if not drives:
        return drives
    if facts[40] < 20:
        drives[0] = drives[0]._replace(fixless=8 + facts[41] % 10)
    for number, drive in enumerate(drives):
        if drive.planned_messages > 800 and facts[42] < 128:
            drives[number] = drive._replace(lost=(70, 790))
    if facts[43] < 4 and drives[-1].planned_messages > 20:
        drives[-1] = drives[-1]._replace(is_orphaned=True)
    return drives


def _other(choices: tuple[str, ...], fact: int, than: str) -> str:
    left = [choice for choice in choices if choice != than]
    return left[fact % len(left)]
