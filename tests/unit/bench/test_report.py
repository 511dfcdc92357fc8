import pytest

from bench.figures import Series
from bench.report import HEADINGS, compared, counted, table

FAST, SLOW = Series((0.010, 0.020, 0.030)), Series((0.020, 0.040, 0.060))


@pytest.mark.parametrize(("at_most", "is_met"), [(0.5, True), (0.49, False), (2, True)])
def test_a_ratio_may_reach_its_bound_and_no_more(at_most, is_met):
    assert compared("it", FAST, SLOW, at_most=at_most).is_met is is_met


@pytest.mark.parametrize(("times_faster", "is_met"), [(2, True), (2.01, False), (1, True)])
def test_a_speed_has_to_reach_its_bound(times_faster, is_met):
    row = compared("it", FAST, SLOW, times_faster=times_faster)
    assert (row.ratio, row.is_met) == ("2.00 (2.00 to 2.00)", is_met)


def test_without_a_target_nothing_is_met_or_missed():
    row = compared("it", FAST, SLOW)
    assert (row.ratio, row.target, row.is_met) == ("0.50 (0.50 to 0.50)", "", None)
    assert compared("it", FAST, SLOW, is_speed=True).ratio == "2.00 (2.00 to 2.00)"


def test_the_ratios_of_each_round_are_judged_and_not_the_ratio_of_the_medians():
    ours, baseline = Series((1.0, 2.0, 9.0)), Series((10.0, 4.0, 9.0))
    assert compared("it", ours, baseline, at_most=0.5).is_met


def test_times_are_shown_in_milliseconds_with_their_quartiles():
    assert compared("it", FAST, SLOW).ours == "20.0 (15.0 to 25.0) ms"
    assert compared("it", Series((1.5,)), Series((1.0,))).ours == "1,500.0 ms"


def test_the_table_has_a_line_for_each_row_and_shouts_at_a_miss():
    lines = table(
        [
            counted("pages", 15, 15, "all", is_met=True),
            counted("rows", 1, 2, "all", is_met=False),
            compared("time", FAST, SLOW),
        ]
    ).splitlines()
    assert lines[0].split() == list(HEADINGS)
    assert [line.split()[-1] for line in lines[2:4]] == ["yes", "NO"]
    assert len(lines) == 5
    assert lines[4].endswith("0.50 (0.50 to 0.50)")
