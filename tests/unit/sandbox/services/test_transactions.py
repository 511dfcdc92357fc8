import pytest

from sandbox.api.errors import Problem
from sandbox.services.transactions import cut
from sandbox.world.clock import Clock
from sandbox.world.transactions import Transactions, read_period

NOW_MS = 1_800_000_000_000


class SteppingClock(Clock):
    def __init__(self):
        super().__init__(lambda: NOW_MS / 1000)


def recorded(*offsets_ms):
    clock = SteppingClock()
    transactions = Transactions(clock)
    before = 0
    for offset in offsets_ms:
        clock.advance((offset - before) / 1000)
        before = offset
        transactions.record("GET", f"/api/v1/devices?at={offset}", 200, "platform")
    return transactions


def paths(calls):
    return [int(call.path.rpartition("=")[2]) for call in calls]


@pytest.mark.parametrize(
    ("status", "counts"), [(200, True), (204, True), (404, True), (302, False), (500, False), (503, False)]
)
def test_answers_with_2xx_and_4xx_count(status, counts):
    transactions = Transactions(SteppingClock())
    transactions.record("GET", "/x", status, "platform")
    assert transactions.all_time == counts


def test_since_is_exclusive_and_until_inclusive():
    transactions = recorded(1000, 2000, 3000)
    period = read_period({"since": str(NOW_MS + 1000), "until": str(NOW_MS + 3000)}, NOW_MS)
    assert paths(transactions.within(period)) == [2000, 3000]


def test_a_page_is_newest_first_and_the_rest_remains():
    transactions = recorded(1000, 2000, 3000)
    period = read_period({"limit": "2"}, NOW_MS + 9000)
    shown, remaining = cut(transactions.within(period), period)
    assert paths(shown) == [3000, 2000]
    assert remaining == 1


def test_ascending_starts_with_the_oldest():
    transactions = recorded(1000, 2000, 3000)
    period = read_period({"limit": "2", "sortDir": "asc"}, NOW_MS + 9000)
    assert paths(cut(transactions.within(period), period)[0]) == [1000, 2000]


def test_a_page_is_extended_over_a_tie_so_that_the_next_one_loses_nothing():
    transactions = recorded(1000, 2000, 2000, 2000)
    period = read_period({"limit": "1"}, NOW_MS + 9000)
    shown, remaining = cut(transactions.within(period), period)
    assert paths(shown) == [2000, 2000, 2000]
    assert remaining == 1


def test_limit_zero_shows_none():
    transactions = recorded(1000)
    period = read_period({"limit": "0"}, NOW_MS + 9000)
    assert cut(transactions.within(period), period) == ([], 1)


def test_empty_values_count_as_not_given():
    period = read_period({"since": "", "until": "", "limit": "", "sortDir": ""}, NOW_MS)
    assert (period.since, period.until, period.limit, period.ascending) == (0, NOW_MS, 20, False)
    assert period.given == ()


@pytest.mark.parametrize("query", [{"since": "soon"}, {"until": "x"}, {"limit": "-1"}, {"sortDir": "up"}])
def test_what_makes_no_sense_is_refused(query):
    with pytest.raises(Problem) as caught:
        read_period(query, NOW_MS)
    assert caught.value.status == 400


def test_the_record_is_bounded_while_the_count_goes_on():
    transactions = Transactions(SteppingClock())
    for _ in range(3000):
        transactions.record("GET", "/" + "x" * 10_000, 200, "platform")
    calls = transactions.within(read_period({"until": str(NOW_MS)}, NOW_MS))
    assert len(calls) == 2000
    assert transactions.all_time == 3000
    assert len(calls[0].path) == 500
