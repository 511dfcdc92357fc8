"""What the sandbox's cars did: everything that is told of a drive agrees, whatever seed, car and time."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.world.clock import Clock
from sandbox.world.driving.habits import DAY_MS
from sandbox.world.driving.ids import Place, PlaceIds
from sandbox.world.driving.statistics import grade_of, statistics_of
from sandbox.world.fleet import Fleet
from sandbox.world.journal import Journal, is_completed
from sandbox.world.seeds import Seed
from sandbox.world.vehicles import Vehicles

NOW = 1_795_000_000
NOW_MS = NOW * 1000
SIZE = 200


class World:
    def __init__(self, seed=1, now=NOW):
        self.clock = Clock(lambda: now)
        self.fleet = Fleet(Seed(seed), SIZE, self.clock)
        self.vehicles = Vehicles(Seed(seed), self.fleet)
        self.journal = Journal(Seed(seed), self.fleet, self.vehicles, self.clock)

    def source(self, rank):
        return self.journal.of_device(self.fleet.at(rank))


seeds, ranks = st.integers(0, 50), st.integers(0, SIZE - 1)
instants = st.integers(NOW_MS - 60 * DAY_MS, NOW_MS + DAY_MS)
worlds = settings(max_examples=10, deadline=None)


@worlds
@given(seeds, ranks, instants, st.integers(0, 4 * DAY_MS))
def test_what_is_counted_is_what_is_listed(seed, rank, after, length):
    source, up_to = World(seed).source(rank), after + length
    assert source.count_messages(after, up_to) == sum(1 for _ in source.message_places(after, up_to))
    assert source.count_trips(after, up_to) == sum(1 for _ in source.trips(after, up_to))
    assert source.count_completed_trips(after, up_to) == sum(1 for _ in source.completed_trips(after, up_to))
    assert source.count_happenings(after, up_to) == sum(1 for _ in source.happenings(after, up_to))
    for fields, located in ((None, True), (frozenset({"coolantTemp", "fuelType"}), False), (None, False)):
        walk = source.samples(after, up_to, fields, located=located, newest_first=False)
        assert source.count_samples(after, up_to, fields, located=located) == sum(1 for _ in walk)


@worlds
@given(seeds, ranks, instants)
def test_both_directions_list_the_same_in_order(seed, rank, up_to):
    source = World(seed).source(rank)
    for walk in (source.message_places, source.happenings, source.trips):
        newest = list(walk(up_to - 3 * DAY_MS, up_to))
        assert newest == list(walk(up_to - 3 * DAY_MS, up_to, newest_first=False))[::-1]
    times = [at for at, _, _ in source.message_places(up_to - 3 * DAY_MS, up_to, newest_first=False)]
    assert times == sorted(times)
    assert all(up_to - 3 * DAY_MS < at <= min(up_to, NOW_MS) for at in times)


@worlds
@given(seeds, ranks, instants)
def test_a_trip_is_as_long_as_its_points_and_the_odometer_grows_by_it(seed, rank, up_to):
    world = World(seed)
    source = world.source(rank)
    for drive in source.completed_trips(up_to - 2 * DAY_MS, up_to):
        vehicle = source.vehicle_of(drive)
        found = statistics_of(drive, world.journal.engine_of(source, drive), NOW_MS)
        before = world.journal.odometer_m(source, vehicle, drive.start_ms - 1)
        after = world.journal.odometer_m(source, vehicle, drive.stop_ms)
        assert after - before == pytest.approx(drive.length_m, abs=0.01)
        assert found.distance_by_speed == pytest.approx(drive.length_m, abs=0.01)
        if found.has_all_locations and drive.lost == (0, 0):
            assert found.distance_by_gps == pytest.approx(drive.length_m, rel=0.05, abs=30)
        assert found.messages == source.count_messages(drive.start_ms - 1, drive.stop_ms)
        assert found.duration_ms == drive.duration_ms
        assert found.average_speed <= found.average_moving_speed <= found.top_speed + 1
        assert grade_of(drive) in "ABCDFI"


@worlds
@given(seeds, ranks, instants)
def test_each_drive_has_its_events_in_order(seed, rank, up_to):
    source = World(seed).source(rank)
    for drive in source.trips(up_to - 4 * DAY_MS, up_to):
        kinds = [
            one.event_type
            for one in source.happenings(drive.start_ms - 1, drive.stop_ms + 3_600_000, newest_first=False)
        ]
        own = [kind for kind in kinds if not kind.startswith("dtc") and kind != "collision"]
        assert own[:2] == ["startup", "trip-started"]
        if drive.is_orphaned:
            assert own[2:3] in (["trip-orphaned"], [])
        elif is_completed(drive, NOW_MS):
            assert own[2:5] == ["shutdown", "trip-stopped", "trip-completed"]
        else:
            assert own[2:] == []


@worlds
@given(seeds, ranks)
def test_codes_go_on_and_off_with_their_events(seed, rank):
    world = World(seed)
    source = world.source(rank)
    events = [
        one for one in source.happenings(0, NOW_MS, newest_first=False) if one.event_type.startswith("dtc")
    ]
    episodes = world.journal.episodes(source)
    assert sorted(at for one in episodes for at in (one.start_ms, one.stop_ms) if at is not None) == [
        one.timestamp_ms for one in events
    ]
    for episode in episodes:
        assert episode.stop_ms is None or episode.start_ms < episode.stop_ms <= NOW_MS


@worlds
@given(seeds, ranks, instants)
def test_everything_is_found_by_its_id(seed, rank, up_to):
    world = World(seed)
    source, journal = world.source(rank), world.journal
    for at, drive, item in list(source.message_places(up_to - DAY_MS, up_to))[:3]:
        message = source.message(drive, item)
        found = journal.find_message(message.id)
        assert found is not None
        assert found[0].message(*found[1:]) == message
        assert message.timestamp_ms == at
        assert journal.find_trip(journal.trip_id(source.device, drive))[1] == drive
        assert journal.find_message(journal.trip_id(source.device, drive)) is None
    for event in list(source.happenings(up_to - DAY_MS, up_to))[:5]:
        assert journal.find_happening(event.id) == event


@worlds
@given(seeds, ranks, instants)
def test_cars_move_as_cars_do(seed, rank, up_to):
    source = World(seed).source(rank)
    for drive in list(source.trips(up_to - DAY_MS, up_to))[:3]:
        samples = drive.samples()
        assert samples[0].speed == 0
        for before, after in pairwise(samples):
            seconds = (after.timestamp_ms - before.timestamp_ms) / 1000
            assert after.way_m >= before.way_m - 1e-6
            assert after.way_m - before.way_m <= 28 * seconds + 1e-6
            assert abs(after.speed - before.speed) <= 4.7 * seconds + 1e-6
        assert math.isclose(drive.motion().at(drive.duration_ms / 1000)[0], drive.way.length_m, abs_tol=0.01)
        assert math.isclose(samples[-1].way_m, drive.length_m, abs_tol=0.01)


def test_the_first_car_is_under_way_at_the_start_and_arrives():
    now = [NOW]
    clock = Clock(lambda: now[0])
    fleet = Fleet(Seed(1), 4, clock)
    journal = Journal(Seed(1), fleet, Vehicles(Seed(1), fleet), clock)
    source = journal.of_device(fleet.at(0))
    drive = next(source.trips(0, clock.settled_ms()))
    assert drive.start_ms < NOW_MS < drive.stop_ms
    before = source.count_messages(0, clock.settled_ms())
    now[0] += 60
    assert source.count_messages(0, clock.settled_ms()) in {before + 11, before + 12, before + 13}
    now[0] += 3600
    assert is_completed(drive, clock.settled_ms())


def test_real_life_happens():
    world = World()
    drives = [
        drive for rank in range(60) for drive in world.source(rank).trips(NOW_MS - 200 * DAY_MS, NOW_MS)
    ]
    assert any(drive.is_orphaned for drive in drives)
    assert any(drive.lost != (0, 0) and drive.messages < drive.planned_messages for drive in drives)
    assert any(drive.fixless for drive in drives)
    assert any(leg.street.is_tunnel for drive in drives for leg in drive.way.legs)
    times = [drive.time_of(item) for drive in drives[:200] for item in drive.items()]
    assert len(set(times)) < len(times), "now and then two messages share a millisecond"
    assert world.journal.collisions(world.source(0))


def test_a_device_without_a_vehicle_has_no_history():
    world = World()
    source = world.source(7)
    assert source.count_messages(0, NOW_MS) == 0
    assert list(source.happenings(0, NOW_MS)) == []
    added = world.fleet.add("7f0e8d1c-0000-4000-8000-000000000001", None, None)
    assert world.journal.messages(added, 0, NOW_MS) == []


@given(
    st.builds(
        Place,
        st.integers(0, 2**28 - 1),
        st.integers(0, 2**15 - 1),
        st.integers(0, 63),
        st.integers(0, 2**15 - 1),
    )
)
def test_an_id_names_its_place_and_nothing_else(place):
    ids = PlaceIds(Seed(1), "messages")
    text = ids.of(place)
    assert ids.place(text) == place
    assert (text[14], text[19] in "89ab", len(text)) == ("4", True, 36)
    assert PlaceIds(Seed(2), "messages").place(text) is None
    assert PlaceIds(Seed(1), "trips").place(text) is None
    assert ids.place(text[:-1] + ("0" if text[-1] != "0" else "1")) is None


@pytest.mark.parametrize("text", ["", "x", "x" * 36, "0" * 32, "é" * 36, "\x00"])
def test_no_other_text_is_an_id(text):
    assert PlaceIds(Seed(1), "messages").place(text) is None
