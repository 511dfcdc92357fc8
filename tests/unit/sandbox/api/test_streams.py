import pytest

from sandbox.api.errors import ApiError
from sandbox.api.streams import read_period

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
