import pytest

from bench.figures import Series, expected_seconds


@pytest.mark.parametrize(
    ("pages", "concurrency", "waves"),
    [(1, 16, 1), (2, 16, 2), (15, 16, 2), (17, 16, 2), (18, 16, 3), (100, 16, 8), (1000, 16, 64), (5, 1, 5)],
)
def test_the_first_page_has_a_latency_to_itself_and_the_others_share_theirs(pages, concurrency, waves):
    assert expected_seconds(0.03, pages, concurrency, 0.0) == pytest.approx(waves * 0.03)


def test_transfer_is_added_to_the_latencies():
    assert expected_seconds(0.03, 15, 16, 0.012) == pytest.approx(0.072)


def test_half_of_the_values_lie_between_the_quartiles_around_the_median():
    series = Series((5.0, 1.0, 4.0, 2.0, 3.0))
    assert (series.median, series.quartiles) == (3.0, (2.0, 4.0))


def test_a_single_value_is_its_own_spread():
    assert Series((7.0,)).quartiles == (7.0, 7.0)


def test_ratios_and_differences_pair_what_was_measured_in_the_same_round():
    ours, baseline = Series((2.0, 9.0)), Series((1.0, 3.0))
    assert ours.over(baseline).values == (2.0, 3.0)
    assert ours.minus(baseline).values == (1.0, 6.0)


def test_rounds_that_do_not_pair_are_an_error():
    with pytest.raises(ValueError, match="shorter"):
        Series((1.0, 2.0)).over(Series((1.0,)))
