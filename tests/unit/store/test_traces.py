"""Traces: found by id, bounded in number, and nobody alone can push out everybody else's."""

import pytest

from store.records import Records
from store.traces import BUCKETS, PARTS, RETENTION, Traces, new_trace_id
from store.vault import Vault
from tests.unit.store.backends.test_backends import in_threads
from tests.unit.store.conftest import SECRET_KEY


@pytest.fixture
def traces(store, clock):
    return Traces(Records(store, Vault(SECRET_KEY)), clock)


def keep(traces, clock, bucket="failed", visitor="", trace_id=None, **content):
    trace_id = trace_id or new_trace_id(visitor)
    traces.keep(trace_id, clock(), lambda _: (bucket, content))
    return trace_id


def visitors():
    """Return one visitor for each part of the buckets."""
    found = {}
    for number in range(1000):
        found.setdefault(new_trace_id(str(number))[0], str(number))
    assert len(found) == PARTS
    return list(found.values())


def test_a_trace_is_found_by_its_id(traces, clock):
    trace_id = keep(traces, clock, "failed", a=[1])
    found = traces.find(trace_id)
    assert (found.id, found.bucket, found.started_at, found.content) == (
        trace_id,
        "failed",
        clock(),
        {"a": [1]},
    )
    assert traces.find(new_trace_id()) is None


@pytest.mark.parametrize("trace_id", ["", "x", "9", "\ud800", "²", "0" * 1000])
def test_a_strange_id_is_an_unknown_one(trace_id, traces):
    assert traces.find(trace_id) is None


def test_a_trace_that_moves_on_is_there_once(traces, clock):
    trace_id = keep(traces, clock, "open", step=1)
    keep(traces, clock, "open", trace_id=trace_id, step=2)
    assert [(kept.bucket, kept.content) for kept in traces.latest()] == [("open", {"step": 2})]
    keep(traces, clock, "good", trace_id=trace_id, step=3)
    assert [(kept.bucket, kept.content) for kept in traces.latest()] == [("good", {"step": 3})]
    assert traces.find(trace_id).content == {"step": 3}


def test_who_writes_sees_what_is_kept_and_may_leave_it_so(traces, clock):
    trace_id = keep(traces, clock, "open", step=1)
    seen = []
    traces.keep(trace_id, clock(), lambda kept: seen.extend(kept))
    assert [(kept.bucket, kept.content) for kept in seen] == [("open", {"step": 1})]
    assert traces.find(trace_id).content == {"step": 1}


def test_of_many_writers_at_once_none_loses_what_another_wrote(traces, clock):
    trace_id = keep(traces, clock, "open", steps=["start"])

    def write(number):
        def combine(kept):
            steps = {step for trace in kept for step in trace.content["steps"]} | {str(number)}
            return ("good" if number % 2 else "failed"), {"steps": sorted(steps)}

        traces.keep(trace_id, clock(), combine)

    in_threads(4, write)
    (kept,) = [trace for trace in traces.latest() if trace.id == trace_id]
    assert kept.content["steps"] == ["0", "1", "2", "3", "start"]


def test_the_latest_come_first(traces, clock):
    made = []
    for bucket in ("failed", "open", "stray", "good", "refused"):
        made.append(keep(traces, clock, bucket))
        clock.advance(1)
    assert [kept.id for kept in traces.latest()] == made[::-1]


def test_a_trace_is_kept_for_a_day(traces, clock):
    trace_id = keep(traces, clock)
    clock.advance(RETENTION - 1)
    assert traces.find(trace_id)
    clock.advance(1)
    assert traces.find(trace_id) is None
    assert traces.latest() == []


def test_the_traces_of_a_few_visitors_are_all_kept(traces, clock):
    made = {keep(traces, clock, visitor=visitor) for visitor in visitors() for _ in range(4)}
    assert {kept.id for kept in traces.latest()} == made


def test_there_are_never_more_than_the_slots_and_the_newest_stay(traces, clock):
    for number in range(BUCKETS["stray"] * 4):
        keep(traces, clock, "stray", visitor=str(number))
        clock.advance(1)
    kept = traces.latest()
    assert BUCKETS["stray"] * 0.7 < len(kept) <= BUCKETS["stray"]
    # Of four places that of the oldest is taken, so the newest are nearly all there.
    newest = clock() - BUCKETS["stray"] // 8
    assert len([trace for trace in kept if trace.started_at >= newest]) >= BUCKETS["stray"] // 8 - 2


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_visitor_alone_pushes_out_nobody_of_the_other_parts(bucket, traces, clock):
    attacker, *others = visitors()
    made = {keep(traces, clock, bucket, visitor=visitor) for visitor in others}
    for _ in range(BUCKETS[bucket] * 2):
        clock.advance(1)
        keep(traces, clock, bucket, visitor=attacker)
    assert made <= {kept.id for kept in traces.latest()}


def test_runs_that_failed_elsewhere_push_none_out_that_failed_at_a_call(traces, clock):
    trace_id = keep(traces, clock, "failed")
    for bucket in ("stray", "good", "open", "refused"):
        for _ in range(BUCKETS[bucket]):
            clock.advance(1)
            keep(traces, clock, bucket)
    assert traces.find(trace_id)
    assert len(traces.latest()) <= sum(BUCKETS.values())


def test_a_trace_that_no_key_opens_is_absent_and_its_place_is_taken_again(store, clock):
    old = Traces(Records(store, Vault("another secret key, long enough too")), clock)
    for _ in range(BUCKETS["stray"]):
        keep(old, clock, "stray")
    traces = Traces(Records(store, Vault(SECRET_KEY)), clock)
    assert traces.latest() == []
    trace_id = keep(traces, clock, "stray")
    assert traces.find(trace_id)
