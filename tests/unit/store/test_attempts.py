"""Attempts: one record each, bound to a browser, taken once, remembered for an hour."""

import threading

import pytest

from store.attempts import RETENTION, VALID, Attempts
from store.backends import open_store
from store.records import Records, fingerprint


@pytest.fixture
def attempts(records, clock):
    return Attempts(records, clock)


def test_a_new_attempt_is_found_as_it_was_started(attempts, clock):
    attempt, _ = attempts.start("/garage?tab=2", "the-verifier")
    assert attempts.find(attempt.id) == attempt
    assert (attempt.flow, attempt.next_path, attempt.code_verifier) == (
        "connect",
        "/garage?tab=2",
        "the-verifier",
    )
    assert (attempt.status, attempt.created_at, attempt.session_id) == ("pending", clock.now, None)


def test_ids_and_secrets_are_long_url_safe_and_never_the_same(attempts):
    started = [attempts.start("/", "v") for _ in range(50)]
    values = [attempt.id for attempt, _ in started] + [secret for _, secret in started]
    assert len(set(values)) == 100
    for value in values:
        assert len(value) >= 22  # 128 bits in base64
        assert value.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("attempt_id", ["", "unknown", "ü\ud800", "a" * 10_000, "../..", "\x00"])
def test_an_id_that_means_nothing_is_unknown(attempts, attempt_id):
    assert attempts.find(attempt_id) is None
    assert attempts.take(attempt_id) is False
    assert attempts.finish(attempt_id, "sid") is False


def test_an_attempt_belongs_to_the_browser_that_began_it(attempts):
    (mine, my_secret), (_, another_secret) = attempts.start("/", "v"), attempts.start("/", "v")
    found = attempts.find(mine.id)
    assert found.belongs_to(my_secret)
    for wrong in (another_secret, "", "ü\ud800", my_secret + "x", found.browser_fingerprint):
        assert not found.belongs_to(wrong)


def test_an_attempt_is_valid_for_ten_minutes(attempts, clock):
    attempt, _ = attempts.start("/", "v")
    assert not attempt.is_expired(clock.now + VALID - 0.01)
    assert attempt.is_expired(clock.now + VALID)


def test_an_attempt_is_remembered_for_an_hour_whatever_happened_to_it(attempts, clock):
    attempt, _ = attempts.start("/", "v")
    clock.advance(VALID + 1)
    attempts.take(attempt.id)
    clock.advance(60)
    attempts.finish(attempt.id, None)
    clock.advance(RETENTION - VALID - 62)
    assert attempts.find(attempt.id).status == "failed"
    clock.advance(1)
    assert attempts.find(attempt.id) is None


def test_an_attempt_is_taken_once(attempts, clock):
    attempt, _ = attempts.start("/", "the-verifier")
    assert [attempts.take(attempt.id) for _ in range(3)] == [True, False, False]
    found = attempts.find(attempt.id)
    assert (found.status, found.code_verifier) == ("exchanging", "the-verifier")
    assert found.taken_at == clock.now


def test_a_finished_attempt_keeps_its_session_and_loses_its_verifier(attempts, clock):
    attempt, secret = attempts.start("/", "the-verifier")
    attempts.take(attempt.id)
    clock.advance(2)
    assert attempts.finish(attempt.id, "the-session") is True
    found = attempts.find(attempt.id)
    assert (found.status, found.session_id, found.code_verifier) == ("done", "the-session", "")
    assert found.finished_at == clock.now
    assert found.belongs_to(secret)


def test_an_attempt_without_a_session_has_failed(attempts):
    attempt, _ = attempts.start("/", "the-verifier")
    attempts.take(attempt.id)
    attempts.finish(attempt.id, None)
    found = attempts.find(attempt.id)
    assert (found.status, found.session_id, found.code_verifier) == ("failed", None, "")


def test_states_are_gone_through_once_and_in_order(attempts):
    attempt, _ = attempts.start("/", "v")
    assert attempts.finish(attempt.id, "too-early") is False
    attempts.take(attempt.id)
    attempts.finish(attempt.id, "first")
    assert attempts.finish(attempt.id, "second") is False
    assert attempts.take(attempt.id) is False
    assert attempts.find(attempt.id).session_id == "first"


def test_a_record_of_another_shape_is_unknown(attempts, records):
    attempt, _ = attempts.start("/", "v")
    records.put(f"attempt:{fingerprint(attempt.id)}", {"something": "else"}, 60)
    assert attempts.find(attempt.id) is None
    assert attempts.take(attempt.id) is False


def test_no_repr_shows_a_secret(attempts):
    attempt, secret = attempts.start("/", "the-verifier")
    for shown in (repr(attempt), repr(attempts.find(attempt.id))):
        for hidden in (attempt.id, secret, "the-verifier", attempt.browser_fingerprint):
            assert hidden not in shown


def test_one_thread_of_many_takes_an_attempt(attempts):
    attempt, _ = attempts.start("/", "v")
    gate, won = threading.Barrier(64), []

    def take():
        gate.wait()
        won.append(attempts.take(attempt.id))

    threads = [threading.Thread(target=take) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(won) == 1


def test_one_thread_of_two_processes_takes_an_attempt(store_url, secret_key, vault, start_contender):
    store = open_store(store_url)
    attempt, _ = Attempts(Records(store, vault)).start("/", "v")
    store.close()
    processes = [start_contender("take", store_url, secret_key, attempt.id, 64) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert sum(int(process.stdout.readline()) for process in processes) == 1


def test_thousands_of_attempts_push_nothing_out(attempts, records):
    records.put("session:mine", {"values": {"driver": 1}}, 3600)
    first, _ = attempts.start("/", "v")
    for _ in range(5000):
        attempts.start("/", "v")
    assert attempts.find(first.id) is not None
    assert records.get("session:mine").value == {"values": {"driver": 1}}
