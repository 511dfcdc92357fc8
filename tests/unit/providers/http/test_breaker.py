import pytest

from providers.http.breaker import Breaker


@pytest.fixture
def breaker(clock):
    return Breaker(threshold=3, cooldown=5.0, clock=clock)


def fail(breaker, times):
    for _ in range(times):
        breaker.failed()


def test_it_opens_at_the_threshold_and_says_how_long(breaker, clock):
    fail(breaker, 2)
    assert breaker.admit() == 0
    fail(breaker, 1)
    clock.advance(1)
    assert breaker.admit() == 4


def test_a_success_in_between_starts_the_count_anew(breaker):
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert breaker.admit() == 0


def test_one_probe_goes_through_after_the_cooldown(breaker, clock):
    fail(breaker, 3)
    clock.advance(5)
    assert breaker.admit() == 0
    assert breaker.admit() == 5


def test_a_probe_that_succeeds_closes_it(breaker, clock):
    fail(breaker, 3)
    clock.advance(5)
    breaker.admit()
    breaker.succeeded()
    assert breaker.admit() == breaker.admit() == 0


def test_a_probe_that_fails_opens_it_again(breaker, clock):
    fail(breaker, 3)
    clock.advance(5)
    breaker.admit()
    clock.advance(1)
    breaker.failed()
    assert breaker.admit() == 5


def test_a_probe_that_never_reports_back_is_followed_by_another(breaker, clock):
    fail(breaker, 3)
    clock.advance(5)
    breaker.admit()
    clock.advance(5)
    assert breaker.admit() == 0
