import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.world import watching
from sandbox.world.clock import Clock
from sandbox.world.devices import Device
from sandbox.world.rules import Parametric
from sandbox.world.watching import TooMany, Watching, is_of_type
from tests.support.receiver import wait_until
from tests.support.reports import Reports

NOW_MS = 1_800_000_000_000
DEVICE = Device("d", "a device", "VV", 0, None, 0)
OTHER = Device("e", "another", "VV", 0, None, 0)
FAST = (Parametric("b", "vehicleSpeed", 50, None),)


@pytest.fixture(autouse=True)
def slow_thread(monkeypatch):
    """Tests catch up by themselves."""
    monkeypatch.setattr(watching, "POLL_SECONDS", 60)


class World:
    def __init__(self):
        self.clock = Clock(lambda: NOW_MS / 1000)
        self.reports = Reports(self.clock)
        self.told = []
        self.watching = Watching(self.reports, self.clock, lambda *what: self.told.append(what))

    def send(self, seconds, speed, **more):
        self.reports.send(DEVICE, NOW_MS + seconds * 1000, vehicleSpeed=speed, **more)

    def crossings(self):
        found = self.watching.crossings(DEVICE, 0, 2 * NOW_MS)
        return [((one.timestamp_ms - NOW_MS) // 1000, one.is_enter, one.is_first) for one in found]


@pytest.fixture
def world():
    return World()


def test_only_messages_after_the_rule_count(world):
    world.send(-10, 80)
    world.watching.add_rule(DEVICE, None, "fast", FAST)
    world.clock.advance(60)
    assert world.crossings() == []
    assert world.watching.rules(DEVICE)[0].covered is None


def test_the_first_evaluation_always_counts_and_then_only_crossings(world):
    rule = world.watching.add_rule(DEVICE, None, "fast", FAST)
    for seconds, speed in ((1, 30), (2, 40), (3, 55), (4, 60), (5, 49)):
        world.send(seconds, speed)
    world.clock.advance(60)
    assert world.crossings() == [(1, False, True), (3, True, False), (5, False, False)]
    assert world.watching.find_rule(rule.id).covered is False


def test_events_come_as_the_clock_moves(world):
    world.watching.add_rule(DEVICE, None, "fast", FAST)
    world.send(1, 60)
    world.send(30, 10)
    world.clock.advance(5)
    assert world.crossings() == [(1, True, True)]
    world.clock.advance(30)
    assert world.crossings() == [(1, True, True), (30, False, False)]


def test_a_later_rule_does_not_look_back(world):
    world.watching.add_rule(DEVICE, None, "first", FAST)
    world.send(1, 60)
    world.clock.advance(10)
    second = world.watching.add_rule(DEVICE, None, "second", FAST)
    world.clock.advance(10)
    assert [one.rule.name for one in world.watching.crossings(DEVICE, 0, 2 * NOW_MS)] == ["first"]
    assert world.watching.find_rule(second.id).covered is None


def test_a_vehicles_rule_looks_at_that_vehicle_alone(world):
    world.watching.add_rule(DEVICE, "v2", "fast", FAST)
    world.send(1, 60, vehicle_id="v1")
    world.send(2, 70, vehicle_id="v2")
    world.clock.advance(10)
    assert world.crossings() == [(2, True, True)]
    assert world.watching.rules(DEVICE) == []
    assert len(world.watching.rules(DEVICE, "v2")) == 1


def test_events_of_a_deleted_rule_stay_and_no_more_come(world):
    rule = world.watching.add_rule(DEVICE, None, "fast", FAST)
    world.send(1, 60)
    world.clock.advance(10)
    world.watching.remove_rule(rule.id)
    world.send(20, 10)
    world.clock.advance(60)
    assert world.crossings() == [(1, True, True)]
    assert world.watching.find_rule(rule.id) is None


def test_a_removed_device_is_forgotten(world):
    rule = world.watching.add_rule(DEVICE, None, "fast", FAST)
    subscription = world.watching.subscribe(DEVICE, None, "startup", "http://127.0.0.1/", None, None)
    world.watching.forget(DEVICE)
    assert world.watching.find_rule(rule.id) is world.watching.find_subscription(subscription.id) is None


def test_subscribers_are_told_once_and_of_later_events_alone(world):
    world.reports.happen(DEVICE, NOW_MS - 5, "startup")
    subscription = world.watching.subscribe(DEVICE, None, "startup", "http://127.0.0.1/", None, None)
    later = world.reports.happen(DEVICE, NOW_MS + 5, "startup")
    world.reports.happen(DEVICE, NOW_MS + 6, "shutdown")
    world.clock.advance(1)
    for _ in range(3):
        world.watching.catch_up(DEVICE)
    assert world.told == [(later, subscription)]


def test_subscribers_hear_of_one_rule_in_the_order_of_events(world):
    rule = world.watching.add_rule(DEVICE, None, "fast", FAST)
    world.watching.add_rule(DEVICE, None, "other", FAST)
    world.watching.subscribe(DEVICE, None, "rule-*", "http://127.0.0.1/", (rule.id, "rule"), None)
    world.watching.subscribe(DEVICE, None, "trip-*", "http://127.0.0.1/", None, None)
    world.send(1, 60)
    world.reports.happen(DEVICE, NOW_MS + 1500, "trip-started")
    world.send(2, 10)
    world.clock.advance(10)
    world.watching.catch_up(DEVICE)
    assert [event.event_type for event, _ in world.told] == ["rule-enter", "trip-started", "rule-leave"]
    assert {event.object_id for event, _ in world.told} == {rule.id, "a trip"}


def test_a_subscription_about_a_vehicle_ignores_others(world):
    world.watching.subscribe(DEVICE, None, "startup", "http://127.0.0.1/", ("v2", "vehicle"), None)
    world.watching.subscribe(DEVICE, "v2", "startup", "http://127.0.0.1/", None, None)
    world.reports.happen(DEVICE, NOW_MS + 1, "startup", vehicle_id="v1")
    mine = world.reports.happen(DEVICE, NOW_MS + 2, "startup", vehicle_id="v2")
    world.clock.advance(1)
    world.watching.catch_up(DEVICE)
    assert [event for event, _ in world.told] == [mine, mine]


@pytest.mark.parametrize(
    ("event_type", "wanted", "expected"),
    [
        ("rule-enter", "rule-*", True),
        ("rule-enter", "rule", True),
        ("rule-enter", "rule-leave", False),
        ("trip-completed", "trip-*", True),
        ("startup", "rule-*", False),
        ("startup", "*", True),
    ],
)
def test_types_have_wildcards(event_type, wanted, expected):
    assert is_of_type(event_type, wanted) is expected


def test_a_week_is_as_far_as_it_looks_back(world):
    world.watching.add_rule(DEVICE, None, "fast", FAST)
    world.send(1, 60)
    world.send(29 * 24 * 3600, 70)
    world.clock.advance(30 * 24 * 3600)
    assert world.crossings() == [(29 * 24 * 3600, True, True)]


def test_memory_is_bounded(world, monkeypatch):
    monkeypatch.setattr(watching, "MOST_RULES", 2)
    monkeypatch.setattr(watching, "MOST_SUBSCRIPTIONS", 1)
    monkeypatch.setattr(watching, "MOST_CROSSINGS", 3)
    for _ in range(2):
        world.watching.add_rule(DEVICE, None, "fast", FAST)
    with pytest.raises(TooMany):
        world.watching.add_rule(OTHER, None, "fast", FAST)
    world.watching.subscribe(DEVICE, None, "startup", "http://127.0.0.1/", None, None)
    with pytest.raises(TooMany):
        world.watching.subscribe(OTHER, None, "startup", "http://127.0.0.1/", None, None)
    for second in range(1, 10):
        world.send(second, 40 + 20 * (second % 2))
    world.clock.advance(60)
    assert len(world.crossings()) == 3
    assert world.crossings()[-1][0] == 9


@given(
    speeds=st.lists(st.integers(0, 100), max_size=30),
    looks=st.sets(st.integers(0, 30)),
)
def test_when_it_is_looked_at_changes_nothing(speeds, looks):
    """Whether read one by one or all together, the events are the crossings of the speeds."""
    world = World()
    world.watching.add_rule(DEVICE, None, "fast", FAST)
    expected, before = [], None
    for second, speed in enumerate(speeds):
        world.send(second + 1, speed)
        if (speed >= 50) is not before:
            expected.append((second + 1, speed >= 50, before is None))
        before = speed >= 50
        world.clock.advance(1)
        if second in looks:
            world.watching.catch_up(DEVICE)
    assert world.crossings() == expected


def test_many_threads_see_each_crossing_once(world):
    world.watching.add_rule(DEVICE, None, "fast", FAST)
    for second in range(1, 200):
        world.send(second, 40 + 20 * (second % 2))
    world.clock.advance(300)
    threads = [threading.Thread(target=world.watching.catch_up, args=(DEVICE,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(world.crossings()) == 199


def test_the_thread_tells_without_being_asked_and_ends_when_nothing_is_watched(world, monkeypatch):
    monkeypatch.setattr(watching, "POLL_SECONDS", 0.01)
    subscription = world.watching.subscribe(DEVICE, None, "startup", "http://127.0.0.1/", None, None)
    world.reports.happen(DEVICE, NOW_MS + 5, "startup")
    world.clock.advance(1)
    wait_until(lambda: world.told)
    thread = world.watching._thread
    world.watching.remove_subscription(subscription.id)
    thread.join(5)
    assert not thread.is_alive()
    world.watching.add_rule(DEVICE, None, "fast", FAST)
    assert world.watching._thread.is_alive()
