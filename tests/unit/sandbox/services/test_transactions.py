from sandbox.api.streams import read_period, take
from sandbox.world.clock import Clock
from sandbox.world.transactions import Transactions

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


def first_page(calls, period):
    ordered = calls if period.ascending else calls[::-1]
    shown = [call for _, call in take(((call.timestamp_ms, call) for call in ordered), period.limit)]
    return shown, len(calls) - len(shown)


def paths(calls):
    return [int(call.path.rpartition("=")[2]) for call in calls]


def test_since_is_exclusive_and_until_inclusive():
    transactions = recorded(1000, 2000, 3000)
    period = read_period({"since": str(NOW_MS + 1000), "until": str(NOW_MS + 3000)}, NOW_MS)
    assert paths(transactions.within(period.since, period.until)) == [2000, 3000]


def test_a_page_is_newest_first_and_the_rest_remains():
    transactions = recorded(1000, 2000, 3000)
    period = read_period({"limit": "2"}, NOW_MS + 9000)
    shown, remaining = first_page(transactions.within(period.since, period.until), period)
    assert paths(shown) == [3000, 2000]
    assert remaining == 1


def test_ascending_starts_with_the_oldest():
    transactions = recorded(1000, 2000, 3000)
    period = read_period({"limit": "2", "sortDir": "asc"}, NOW_MS + 9000)
    assert paths(first_page(transactions.within(period.since, period.until), period)[0]) == [1000, 2000]


def test_a_page_is_extended_over_a_tie_so_that_the_next_one_loses_nothing():
    transactions = recorded(1000, 2000, 2000, 2000)
    period = read_period({"limit": "1"}, NOW_MS + 9000)
    shown, remaining = first_page(transactions.within(period.since, period.until), period)
    assert paths(shown) == [2000, 2000, 2000]
    assert remaining == 1


def test_limit_zero_shows_none():
    transactions = recorded(1000)
    period = read_period({"limit": "0"}, NOW_MS + 9000)
    assert first_page(transactions.within(period.since, period.until), period) == ([], 1)
