"""One drive, whatever became of its messages: what is counted is what is listed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.world.driving.documented_routes import ROUTES
from sandbox.world.driving.drives import STEP_MS, Drive

START = 1_795_000_000_000
# A drive through the tunnel is among these ways.
WAYS = [route.junctions for route in ROUTES]


@st.composite
def drives(draw):
    messages = draw(st.integers(2, 900))
    first = draw(st.integers(1, messages + 10))
    return Drive(
        vehicle=1,
        day=1,
        ordinal=1,
        start_ms=START,
        duration_ms=messages * STEP_MS - draw(st.integers(0, STEP_MS - 1)),
        junctions=draw(st.sampled_from(WAYS)),
        pace=1.0,
        salt=draw(st.integers(0, 2**32 - 1)),
        fixless=draw(st.sampled_from([0, 0, 3, 20])),
        lost=draw(st.sampled_from([(0, 0), (first, first + draw(st.integers(1, 900)))])),
        is_orphaned=draw(st.booleans()),
    )


@settings(max_examples=150, deadline=None)
@given(drives(), st.integers(-9, 5_000_000), st.integers(0, 5_000_000))
def test_what_is_counted_is_what_is_listed(drive, after, length):
    items = drive.items()
    listed = [item for item in range(drive.planned_messages + 5) if drive.has(item)]
    assert items == listed
    assert drive.messages == len(items)
    assert items[-1] == drive.last_item
    begin, end = START + after, START + after + length
    inside = [item for item in items if begin < drive.time_of(item) <= end]
    assert drive.count_between(begin, end) == len(inside)
    samples = drive.samples()
    assert [sample.item for sample in samples] == items
    located = [one for one in samples if begin < one.timestamp_ms <= end and one.position is not None]
    assert drive.count_located(begin, end) == len(located)
    for turns in (frozenset({0}), frozenset({3, 7}), frozenset({-1, 5})):
        wanted = [item for item in inside if item % 12 in turns or (-1 in turns and item == 1)]
        assert drive.count_with(turns, begin, end) == len(wanted)
