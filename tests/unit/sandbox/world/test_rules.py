from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.world.parameters import DECIMAL
from sandbox.world.rules import Evaluation, Parametric, Polygon, Radius, Rule, distance_m, is_inside

SQUARE = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, 0.0))
HOLE = ((4.0, 4.0), (6.0, 4.0), (6.0, 6.0), (4.0, 6.0), (4.0, 4.0))


def rule(*boundaries):
    return Rule("r", "a rule", "d", None, boundaries, 0)


def at(lon, lat):
    return {"location": {"type": "Point", "coordinates": [lon, lat]}}


def test_the_catalogue_has_116_decimal_parameters():
    assert len(DECIMAL) == 116
    assert {"rpm", "vehicleSpeed", "2ndShortTermFuelTrim1"} <= DECIMAL
    assert not {"fuelType", "engineCoolantTemp", "location"} & DECIMAL


@pytest.mark.parametrize(
    ("low", "high", "value", "expected"),
    [
        (35, None, 35, True),
        (35, None, 34.9, False),
        (None, 35, 35, True),
        (None, 35, 35.1, False),
        (10, 20, 15, True),
        (10, 20, "15", None),
        (0, 1, True, None),
    ],
)
def test_both_limits_are_included_and_only_numbers_are_compared(low, high, value, expected):
    assert Parametric("b", "rpm", low, high).holds({"rpm": value}) is expected


def test_a_degree_of_latitude_is_111_km():
    assert distance_m((0, 0), (0, 1)) == pytest.approx(111_195, abs=1)
    assert distance_m((-179.5, 0), (179.5, 0)) == pytest.approx(111_195, abs=1)


def test_a_radius_is_in_metres():
    within = Radius("b", -90.0811, 29.9508, 500)
    assert within.holds(at(-90.0811, 29.9508 + 499 / 111_195)) is True
    assert within.holds(at(-90.0811, 29.9508 + 501 / 111_195)) is False
    assert within.holds({}) is None


@pytest.mark.parametrize(
    ("position", "expected"), [((1, 1), True), ((5, 5), False), ((11, 5), False), ((-1, 5), False), ((5, 3), True)]
)  # fmt: skip
def test_a_hole_in_a_polygon_is_outside(position, expected):
    assert is_inside((SQUARE, HOLE), position) is expected
    assert Polygon("b", (SQUARE, HOLE)).holds(at(*position)) is expected


@given(lon=st.floats(0.01, 9.99), lat=st.floats(0.01, 9.99))
def test_any_direction_of_a_ring_encloses_the_same(lon, lat):
    assert is_inside((SQUARE,), (lon, lat))
    assert is_inside((SQUARE[::-1],), (lon, lat))
    assert not is_inside((SQUARE,), (lon + 10, lat))


def test_a_rule_is_unevaluated_until_the_values_decide_it():
    evaluation = Evaluation(rule(Parametric("a", "rpm", 1000, None), Radius("b", 0, 0, 1000)))
    assert evaluation.take({"coolantTemp": 80}) is None
    assert evaluation.take({"rpm": 2000}) is None
    assert evaluation.covered is None
    assert evaluation.take(at(0, 0)) is True
    assert evaluation.covered is True


def test_one_boundary_that_does_not_hold_decides_at_once():
    evaluation = Evaluation(rule(Parametric("a", "rpm", 1000, None), Radius("b", 0, 0, 1000)))
    assert evaluation.take({"rpm": 900}) is False


def test_a_value_that_is_not_sent_again_still_holds():
    evaluation = Evaluation(
        rule(Parametric("a", "rpm", 1000, None), Parametric("b", "vehicleSpeed", 50, None))
    )
    assert evaluation.take({"rpm": 2000, "vehicleSpeed": 40}) is False
    assert evaluation.take({"vehicleSpeed": 60}) is True


VALUES = st.lists(st.one_of(st.none(), st.floats(0, 200), st.sampled_from([50, 50.0])), max_size=40)


@given(values=VALUES)
def test_a_rule_fires_exactly_on_crossing(values):
    """None is a message without the parameter: it changes nothing."""
    evaluation = Evaluation(rule(Parametric("a", "vehicleSpeed", 50, None)))
    fired = [evaluation.take({} if value is None else {"vehicleSpeed": value}) for value in values]
    before = None
    for value, what in zip(values, fired, strict=True):
        after = before if value is None else value >= 50
        assert what == (None if after == before else after)
        before = after
    assert evaluation.covered == before


@given(
    steps=st.lists(
        st.fixed_dictionaries({}, optional={"rpm": st.integers(0, 20), "lon": st.integers(-3, 13)}),
        max_size=40,
    )
)
def test_rules_of_two_boundaries_enter_and_leave_by_turns(steps):
    evaluation = Evaluation(rule(Parametric("a", "rpm", 10, None), Polygon("b", (SQUARE,))))
    known, fired = {}, []
    for step in steps:
        known |= step
        data = {"rpm": step["rpm"]} if "rpm" in step else {}
        what = evaluation.take(data | (at(step["lon"] + 0.5, 5) if "lon" in step else {}))
        if what is not None:
            fired.append(what)
        if len(known) == 2:
            assert evaluation.covered == (known["rpm"] >= 10 and 0 <= known["lon"] < 10)
    assert all(one != other for one, other in pairwise(fired))
