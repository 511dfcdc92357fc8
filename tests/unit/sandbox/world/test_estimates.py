"""Odometers are estimated from readings and drives, and triggers fire exactly when the odometer reaches their goal."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.world import estimates as estimates_module
from sandbox.world.clock import Clock
from sandbox.world.driving.habits import DAY_MS
from sandbox.world.estimates import Estimates
from sandbox.world.fleet import Fleet
from sandbox.world.journal import Journal
from sandbox.world.odometers import Odometers
from sandbox.world.seeds import Seed
from sandbox.world.vehicles import Vehicles

NOW = 1_795_000_000


class World:
    def __init__(self, seed=1, now=NOW):
        self.now = now
        self.clock = Clock(lambda: self.now)
        self.fleet = Fleet(Seed(seed), 50, self.clock)
        self.vehicles = Vehicles(Seed(seed), self.fleet)
        self.journal = Journal(Seed(seed), self.fleet, self.vehicles, self.clock)
        self.odometers = Odometers()
        self.estimates = Estimates(Seed(seed), self.fleet, self.vehicles, self.journal, self.odometers)

    def car(self, rank):
        """Return the source of the vehicle in which a device is."""
        return self.journal.of_vehicle(self.vehicles.of_device(self.fleet.at(rank))[0])

    def trigger(self, source, kind, threshold):
        at = source.history.now_ms()
        base = self.estimates.odometer_m(source, at)
        return self.odometers.set_trigger(source.vehicle.id, kind, threshold, base, at)


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 30),
    st.sampled_from([0, 1, 4, 6, 9]),
    st.integers(1_000, 80_000),
    st.lists(st.integers(1, 3 * DAY_MS), min_size=1, max_size=4),
)
def test_a_milestone_fires_exactly_at_each_of_its_multiples(seed, rank, threshold, steps):
    world = World(seed)
    source = world.car(rank)
    trigger = world.trigger(source, "milestone", threshold)
    for step in steps:
        world.now += step / 1000
        world.estimates.count_firings(trigger)
    now = source.history.now_ms()
    fired = world.estimates.firings(source.device, 0, now)
    odometer = world.estimates.odometer_m(source, now)
    assert len(fired) == odometer // threshold - trigger.base_m // threshold
    assert [one.number for one in fired] == list(range(1, len(fired) + 1))
    assert all(one.timestamp_ms <= other.timestamp_ms for one, other in pairwise(fired))
    for one in fired:
        goal = trigger.goal(one.number)
        assert world.estimates.odometer_m(source, one.timestamp_ms) >= goal
        assert world.estimates.odometer_m(source, one.timestamp_ms - 1) < goal
        assert world.estimates.find_firing(one.id) == one


@pytest.mark.parametrize(("kind", "threshold", "times"), [("from_now", 5_000, 1), ("specific", 5_000, 0)])
def test_a_single_distance_fires_at_most_once(kind, threshold, times):
    world = World()
    source = world.car(0)
    trigger = world.trigger(source, kind, threshold)
    for _ in range(5):
        world.now += 86_400
        assert world.estimates.count_firings(trigger) <= 1
    assert world.estimates.count_firings(trigger) == times
    assert len(world.estimates.firings(source.device, 0, source.history.now_ms())) == times


def test_a_small_distance_and_a_long_way_keep_the_newest_events_alone(monkeypatch):
    monkeypatch.setattr(estimates_module, "MOST_FIRINGS", 20)
    world = World()
    source = world.car(0)
    trigger = world.trigger(source, "milestone", 100)
    world.now += 5 * 86_400
    count = world.estimates.count_firings(trigger)
    fired = world.estimates.firings(source.device, 0, source.history.now_ms())
    assert count > 20 == len(fired)
    assert [one.number for one in fired] == list(range(count - 19, count + 1))


def test_a_seeded_reading_is_found_and_can_be_deleted():
    world = World()
    for rank in range(12):
        for vehicle in world.vehicles.of_device(world.fleet.at(rank)):
            source = world.journal.of_vehicle(vehicle)
            (reading,) = world.estimates.readings(source)
            assert world.estimates.find_reading(reading.id) == reading
            world.odometers.forget_reading(reading.id)
            assert world.estimates.find_reading(reading.id) is None
            assert world.estimates.last_reading(source, source.history.now_ms()) is None
    assert world.estimates.find_reading("7f0e8d1c-0000-4000-8000-000000000001") is None
