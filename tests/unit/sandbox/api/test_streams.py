import pytest

from sandbox.api.errors import ApiError
from sandbox.api.streams import read_period, stream_meta, take

NOW_MS = 1_800_000_000_000


def test_empty_values_count_as_not_given():
    period = read_period({"since": "", "until": "", "limit": "", "sortDir": ""}, NOW_MS)
    assert (period.since, period.until, period.limit, period.ascending) == (0, NOW_MS, 20, False)
    assert period.given == ()


@pytest.mark.parametrize("query", [{"since": "soon"}, {"until": "x"}, {"limit": "-1"}, {"sortDir": "up"}])
def test_what_makes_no_sense_is_refused(query):
    with pytest.raises(ApiError) as caught:
        read_period(query, NOW_MS)
    assert caught.value.status == 400


def page(times, **query):
    """Return times and ``meta`` of a page of items at these times, given oldest first."""
    period = read_period(query, NOW_MS)
    ordered = times if period.ascending else times[::-1]
    shown = [at for (at,) in take(((at,) for at in ordered), period.limit)]
    return shown, stream_meta("http://x/y", period, shown[-1] if shown else None, len(times) - len(shown))


def test_a_page_is_newest_first_and_the_rest_remains():
    shown, meta = page([1000, 2000, 3000], limit="2")
    assert shown == [3000, 2000]
    assert meta["pagination"]["remaining"] == 1
    assert meta["pagination"]["links"] == {"prior": "http://x/y?limit=2&until=1999"}


def test_ascending_starts_with_the_oldest():
    shown, meta = page([1000, 2000, 3000], limit="2", sortDir="asc")
    assert shown == [1000, 2000]
    assert meta["pagination"]["links"] == {
        "next": f"http://x/y?limit=2&sortDir=asc&until={NOW_MS}&since=2000"
    }


def test_a_page_is_extended_over_a_tie_so_that_the_next_one_loses_nothing():
    shown, meta = page([1000, 2000, 2000, 2000], limit="1")
    assert shown == [2000, 2000, 2000]
    assert meta["pagination"]["remaining"] == 1


def test_limit_zero_shows_none():
    shown, meta = page([1000], limit="0")
    assert shown == []
    assert meta["pagination"]["links"] == {}
