"""Runs of the workbench: each comes back once, is exchanged once, and keeps its verifier no longer than needed."""

import pytest

from store.records import Records
from store.vault import Vault
from store.workbench_runs import RETENTION, WorkbenchRuns
from tests.unit.store.backends.test_backends import in_threads
from tests.unit.store.conftest import SECRET_KEY


@pytest.fixture
def runs(store, clock):
    return WorkbenchRuns(Records(store, Vault(SECRET_KEY)), clock)


def start(runs, **changes):
    about = {"client_id": "c", "redirect_uri": "http://r/", "response_type": "code", "trace_id": "t"}
    return runs.start(**{**about, "code_verifier": "v" * 43, **changes})


def test_a_run_is_found_by_its_id(runs, clock):
    run = start(runs)
    assert runs.find(run.id) == run
    assert run.created_at == clock()
    assert runs.find("another") is None


def test_a_state_that_was_typed_in_stands_for_its_run(runs):
    start(runs, run_id="typed")
    assert runs.find("typed").client_id == "c"


def test_two_runs_never_share_an_id(runs):
    assert start(runs).id != start(runs).id


def test_only_the_first_return_counts(runs, clock):
    run = start(runs)
    clock.advance(5)
    assert runs.came_back(run.id)
    assert not runs.came_back(run.id)
    assert runs.find(run.id).came_back_at == clock()
    assert not runs.came_back("another")


def test_exactly_one_of_many_exchanges_a_code_and_the_verifier_goes(runs):
    run = start(runs)
    taken = in_threads(8, lambda _: runs.take_for_exchange(run.id))
    assert sorted(taken) == [False] * 7 + [True]
    assert runs.find(run.id).code_verifier == ""


def test_a_run_is_forgotten_after_an_hour(runs, clock):
    run = start(runs)
    clock.advance(RETENTION)
    assert runs.find(run.id) is None


def test_secrets_of_a_run_are_in_no_repr(runs):
    run = start(runs)
    assert run.id not in repr(run)
    assert run.code_verifier not in repr(run)
