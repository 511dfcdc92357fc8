"""Traces: found by id, bounded in number, good runs never in the way of failed ones."""

import pytest

from store import Records, Vault
from store.traces import POOLS, RETENTION, Traces, new_trace_id
from tests.unit.store.conftest import SECRET_KEY


@pytest.fixture
def traces(store, clock):
    return Traces(Records(store, Vault(SECRET_KEY)), clock)


def keep(traces, clock, pool="failed", **content):
    trace_id = new_trace_id()
    traces.keep(trace_id, pool, clock(), content)
    return trace_id


def test_a_trace_is_found_by_its_id(traces, clock):
    trace_id = keep(traces, clock, "failed", a=[1])
    found = traces.find(trace_id)
    assert (found.id, found.pool, found.started_at, found.content) == (
        trace_id,
        "failed",
        clock(),
        {"a": [1]},
    )
    assert traces.find(new_trace_id()) is None
    assert traces.find("\ud800") is None


def test_a_trace_that_moves_on_is_there_once(traces, clock):
    trace_id = keep(traces, clock, "open", step=1)
    traces.keep(trace_id, "open", clock(), {"step": 2})
    assert [(kept.pool, kept.content) for kept in traces.latest()] == [("open", {"step": 2})]
    traces.keep(trace_id, "good", clock(), {"step": 3})
    assert [(kept.pool, kept.content) for kept in traces.latest()] == [("good", {"step": 3})]
    assert traces.find(trace_id).content == {"step": 3}


def test_the_latest_come_first(traces, clock):
    made = []
    for pool in ("failed", "open", "stray", "good"):
        made.append(keep(traces, clock, pool))
        clock.advance(1)
    assert [kept.id for kept in traces.latest()] == made[::-1]


def test_thirty_traces_are_all_kept(traces, clock):
    made = {keep(traces, clock, "failed") for _ in range(30)}
    assert {kept.id for kept in traces.latest()} == made


def test_a_trace_is_kept_for_a_day(traces, clock):
    trace_id = keep(traces, clock)
    clock.advance(RETENTION - 1)
    assert traces.find(trace_id)
    clock.advance(1)
    assert traces.find(trace_id) is None
    assert traces.latest() == []


def test_there_are_never_more_than_the_slots(traces, clock):
    for _ in range(POOLS["stray"] * 4):
        keep(traces, clock, "stray")
        clock.advance(1)
    kept = traces.latest()
    assert POOLS["stray"] * 0.8 < len(kept) <= POOLS["stray"]
    # Of four places that of the oldest is taken, so the newer half is nearly whole.
    newest = clock() - POOLS["stray"] // 4
    assert len([trace for trace in kept if trace.started_at >= newest]) >= POOLS["stray"] // 4 - 2


def test_strangers_and_good_runs_push_no_failed_one_out(traces, clock):
    trace_id = keep(traces, clock, "failed")
    for pool in ("stray", "good", "open"):
        for _ in range(POOLS[pool] * 2):
            clock.advance(1)
            keep(traces, clock, pool)
    assert traces.find(trace_id)
    assert len(traces.latest()) <= sum(POOLS.values())


def test_a_trace_that_no_key_opens_is_absent_and_its_place_is_taken_again(store, clock):
    old = Traces(Records(store, Vault("another secret key, long enough too")), clock)
    for _ in range(POOLS["stray"] * 6):
        keep(old, clock, "stray")
    traces = Traces(Records(store, Vault(SECRET_KEY)), clock)
    assert traces.latest() == []
    trace_id = keep(traces, clock, "stray")
    assert traces.find(trace_id)
