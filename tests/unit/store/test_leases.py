import threading

import pytest

from store.leases import Leases

TERM = 10.0


class Steady:
    """Seconds that nobody sets."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def steady():
    return Steady()


@pytest.fixture
def leases(store, steady):
    return Leases(store, steady)


def test_of_many_one_gets_the_lease(store):
    gate, got = threading.Barrier(8), []

    def contend():
        mine = Leases(store)
        gate.wait(10)
        if mine.take("a", TERM):
            got.append(True)

    threads = [threading.Thread(target=contend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [True]


def test_a_lease_that_was_given_back_can_be_taken(leases):
    lease = leases.take("a", TERM)
    assert leases.take("a", TERM) is None
    lease.release()
    assert leases.take("a", TERM) is not None


def test_leases_of_other_names_are_others(leases):
    assert leases.take("a", TERM)
    assert leases.take("b", TERM)


def test_a_lease_ends_with_its_time(leases, clock):
    assert leases.take("a", TERM)
    clock.advance(TERM + 1)
    assert leases.take("a", TERM)


def test_who_gives_back_too_late_takes_nothing_from_the_next_owner(leases, clock):
    late = leases.take("a", TERM)
    clock.advance(TERM + 1)
    assert leases.take("a", TERM)
    late.release()
    assert leases.take("a", TERM) is None


def test_a_lease_outlives_its_time_nowhere_though_the_clock_is_set_back(leases, clock, steady):
    assert leases.take("a", TERM)
    clock.advance(-3600)
    assert leases.take("a", TERM) is None
    steady.now += TERM - 1
    assert leases.take("a", TERM) is None
    steady.now += 2
    assert leases.take("a", TERM)


def test_what_was_watched_is_the_lease_and_not_its_name(leases, steady):
    first = leases.take("a", TERM)
    assert leases.take("a", TERM) is None
    steady.now += TERM - 1
    first.release()
    assert leases.take("a", TERM)
    steady.now += 2
    assert leases.take("a", TERM) is None
