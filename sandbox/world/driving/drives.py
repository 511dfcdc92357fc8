"""One drive: its messages' times, which cost nothing, and its samples, which are computed when they are asked for."""

import math
from functools import lru_cache
from typing import NamedTuple

from sandbox.world.driving.motion import Motion, Way, leg_moments, motion_of, way_through
from sandbox.world.town.map import coordinates
from sandbox.world.town.routes import Leg

# A device sends a message every five seconds (docs telemetry-services/device-messages).
STEP_MS = 5_000
JITTER_MS = 900
MOST_DRIVES_KEPT = 512


class Sample(NamedTuple):
    """The car when a message is sent. ``item`` counts the messages of the drive; speeds in m/s, lengths in metres.

    ``position`` is longitude and latitude as the receiver reports them, None without a view of the sky.
    """

    item: int
    timestamp_ms: int
    way_m: float
    speed: float
    change: float
    position: tuple[float, float] | None


class Drive(NamedTuple):
    """A drive as planned. ``start_ms`` is Unix milliseconds, ``salt`` decides everything that is left to chance.

    ``fixless`` is the number of messages before the first position. Messages in the range ``lost`` never arrived
    (``gap``). Of an orphaned drive only the first half arrived.
    """

    vehicle: int
    day: int
    ordinal: int
    start_ms: int
    duration_ms: int
    junctions: tuple[str, ...]
    pace: float
    salt: int
    fixless: int = 0
    lost: tuple[int, int] = (0, 0)
    is_orphaned: bool = False
    # Of virtual devices: the messages of the drive, how much faster it runs than a real one, and its last message if
    # it was stopped.
    sends: int = 0
    rush: float = 1.0
    cut: int | None = None

    @property
    def stop_ms(self) -> int:
        """Return when the engine was switched off."""
        return self.start_ms + self.duration_ms if self.cut is None else self.time_of(self.cut)

    @property
    def planned_messages(self) -> int:
        """Return how many messages the device sends, the one at each end included."""
        return self.sends or -(-self.duration_ms // STEP_MS) + 1

    @property
    def step_ms(self) -> float:
        """Return the milliseconds from one message to the next."""
        return self.duration_ms / (self.sends - 1) if self.sends else STEP_MS

    def seconds_at(self, at_ms: int) -> float:
        """Return the seconds of the drive at an instant, as a real car would count them."""
        return (at_ms - self.start_ms) / 1000 * self.rush

    @property
    def last_item(self) -> int:
        """Return the number of the last message that arrived."""
        if self.cut is not None:
            return self.cut
        return self.planned_messages // 2 if self.is_orphaned else self.planned_messages - 1

    @property
    def messages(self) -> int:
        """Return how many messages arrived."""
        first, end = self.gap
        return self.last_item + 1 - (end - first)

    @property
    def gap(self) -> tuple[int, int]:
        """Return the messages between others that never arrived: ``lost``, unless the drive ends in it."""
        lost = self.lost
        return lost if not lost[1] or lost[1] <= self.last_item else (0, 0)

    @property
    def last_ms(self) -> int:
        """Return when the last message was sent."""
        return self.time_of(self.last_item)

    @property
    def length_m(self) -> float:
        """Return the length of the way, as far as it was driven and is known."""
        if self.cut is None and not self.is_orphaned:
            return self.way.length_m
        return self.motion().at(self.seconds_at(self.last_ms))[0]

    @property
    def way(self) -> Way:
        """Return the streets of the drive."""
        return way_through(self.junctions)

    def has(self, item: int) -> bool:
        """Tell whether this message was sent and arrived."""
        first, end = self.gap
        return 0 <= item <= self.last_item and not first <= item < end

    def items(self) -> list[int]:
        """Return the numbers of the messages that arrived, in order."""
        first, end = self.gap
        return [*range(first), *range(end, self.last_item + 1)]

    def time_of(self, item: int) -> int:
        """Return when a message was sent. Now and then two carry the same millisecond."""
        last = self.planned_messages - 1
        if item <= 0 or item >= last:
            return self.start_ms if item <= 0 else self.start_ms + self.duration_ms
        if self.sends:
            return self.start_ms + int(item * self.step_ms)
        chance = mixed(self.salt, item)
        if chance % 53 == 0 and item > 1:
            item, chance = item - 1, mixed(self.salt, item - 1)
        latest = self.duration_ms - item * STEP_MS - 1
        return self.start_ms + item * STEP_MS + min(chance % JITTER_MS, max(latest, 0))

    def item_after(self, at_ms: int) -> int:
        """Return the first message later than an instant; one more than the last if there is none."""
        item = min(max(0, int((at_ms - self.start_ms - JITTER_MS) / self.step_ms)), self.last_item + 1)
        while item <= self.last_item and self.time_of(item) <= at_ms:
            item += 1
        return item

    def count_between(self, after_ms: int, up_to_ms: int) -> int:
        """Return how many messages arrived in a period."""
        if after_ms < self.start_ms and up_to_ms >= self.last_ms:
            return self.messages
        first, end = self.item_after(after_ms), self.item_after(up_to_ms)
        lost = _shared(range(first, end), self.gap)
        return max(0, end - first - lost)

    def way_until(self, at_ms: int) -> float:
        """Return the metres driven until an instant, as far as they are known."""
        if at_ms >= (self.last_ms if self.is_orphaned else self.stop_ms):
            return self.length_m
        return self.motion().at(self.seconds_at(at_ms))[0] if at_ms > self.start_ms else 0.0

    def without_position(self) -> list[range]:
        """Return the messages without a position: those before the first fix, and those in a tunnel."""
        found = [range(self.fixless)] if self.fixless else []
        tunnels = self.way.tunnels
        if not tunnels:
            return found
        moments = leg_moments(
            self.junctions, self.pace, self.duration_ms / 1000 * self.rush, self.salt, self._hard
        )

        def first_after(seconds: float) -> int:
            return self.item_after(self.start_ms + int(seconds * 1000 / self.rush))

        for number in tunnels:
            found.append(range(first_after(moments[number]), first_after(moments[number + 1])))
        return found

    def count_located(self, after_ms: int, up_to_ms: int) -> int:
        """Return how many messages with a position arrived in a period."""
        count = self.count_between(after_ms, up_to_ms)
        if not self.fixless and not self.way.tunnels:
            return count
        gap = self.gap
        is_whole = after_ms < self.start_ms and up_to_ms >= self.last_ms
        first = 0 if is_whole else self.item_after(after_ms)
        end = self.last_item + 1 if is_whole else self.item_after(up_to_ms)
        for dark in _without_position(self):
            hidden = range(max(first, dark.start), min(end, dark.stop, self.last_item + 1))
            count -= len(hidden) - _shared(hidden, gap)
        return count

    def count_with(self, turns: frozenset[int], after_ms: int, up_to_ms: int) -> int:
        """Return how many messages of a period have a number that leaves one of these rests when divided by 12.

        -1 among them stands for the message number 1.
        """
        first, end = self.item_after(after_ms), self.item_after(up_to_ms)
        count = _with_rests(turns, end) - _with_rests(turns, first)
        gap = self.gap
        lost, back = max(first, gap[0]), min(end, gap[1])
        if lost < back:
            count -= _with_rests(turns, back) - _with_rests(turns, lost)
        return count + int(-1 in turns and 1 not in turns and first <= 1 < end and self.has(1))

    def motion(self) -> Motion:
        """Return the motion of the car."""
        seconds = self.duration_ms / 1000 * self.rush
        return motion_of(self.junctions, self.pace, seconds, self.salt, self._hard)

    @property
    def _hard(self) -> int:
        """Return the bits of the legs on which the driver is in a hurry."""
        return self.salt >> 3 & self.salt >> 17 & self.salt >> 29

    def hard_manoeuvres(self, up_to_ms: int) -> tuple[int, int]:
        """Return how often the driver accelerated and braked hard until an instant."""
        return self.motion().hard(self.seconds_at(up_to_ms))

    def samples(self) -> list[Sample]:
        """Return the car at each message that arrived. The drives asked for last are kept."""
        return _samples(self)


@lru_cache(MOST_DRIVES_KEPT)
def _samples(drive: Drive) -> list[Sample]:
    items, legs = drive.items(), drive.way.legs
    moments = _moments(drive, items)
    states = drive.motion().walk([drive.seconds_at(at) for at in moments])
    dark = {item for one in _without_position(drive) for item in one}
    found, number, last = [], 0, len(legs) - 1
    for item, at, (way_m, speed, change) in zip(items, moments, states, strict=True):
        while number < last and legs[number + 1].starts_m <= way_m:
            number += 1
        position = None if item in dark else _position(drive.salt, legs[number], item, way_m)
        found.append(Sample(item, at, way_m, speed, change, position))
    return found


@lru_cache(4096)
def _without_position(drive: Drive) -> list[range]:
    return drive.without_position()


def _shared(items: range, gap: tuple[int, int]) -> int:
    """Return how many of some messages are in a gap."""
    return max(0, min(items.stop, gap[1]) - max(items.start, gap[0])) if gap[1] else 0


def _with_rests(rests: frozenset[int], below: int) -> int:
    """Return how many of the numbers from 0 to below this one leave one of the rests when divided by 12."""
    whole, rest = divmod(below, 12)
    positive = [one for one in rests if one >= 0]
    return whole * len(positive) + sum(one < rest for one in positive)


def _position(salt: int, leg: Leg, item: int, way_m: float) -> tuple[float, float] | None:
    along = way_m - leg.starts_m
    chance = mixed(salt ^ 0x5BD1E995, item)
    # The error wanders slowly: neighbouring positions share most of it.
    angle, far = item / 9 + (salt & 63), (chance & 0xFF) / 255
    error = leg.street.noise_m * (0.35 + 0.3 * far)
    lon, lat = coordinates(
        leg.x + leg.across * along + error * math.cos(angle), leg.y + leg.up * along + error * math.sin(angle)
    )
    return round(lon, 6), round(lat, 6)


def _moments(drive: Drive, items: list[int]) -> list[int]:
    """Return what ``drive.time_of`` returns for many items."""
    if drive.sends:
        return [drive.time_of(item) for item in items]
    last, start, whole, salt = drive.planned_messages - 1, drive.start_ms, drive.duration_ms, drive.salt
    found = []
    for number in items:
        if number <= 0 or number >= last:
            found.append(start if number <= 0 else start + whole)
            continue
        item, chance = number, mixed(salt, number)
        if chance % 53 == 0 and item > 1:
            item, chance = item - 1, mixed(salt, item - 1)
        found.append(start + item * STEP_MS + min(chance % JITTER_MS, max(whole - item * STEP_MS - 1, 0)))
    return found


def mixed(salt: int, number: int) -> int:
    """Return 32 bits that look random, for a number of a series."""
    bits = (salt ^ (number + 1) * 0x9E3779B1) & 0xFFFFFFFF
    bits = (bits ^ bits >> 15) * 0x85EBCA77 & 0xFFFFFFFF
    bits = (bits ^ bits >> 13) * 0xC2B2AE3D & 0xFFFFFFFF
    return bits ^ bits >> 16
