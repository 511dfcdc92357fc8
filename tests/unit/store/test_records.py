"""Records: JSON objects, sealed under their key; what cannot be read is absent and no error."""

import json
import logging

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from store.backends.sqlite import SqliteStore
from store.records import MAX_SIZE, Records
from store.vault import Vault

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def seal_as_it_is(store, vault, key, plain):
    store.put(key, vault.seal(plain, key), 60)


def test_an_object_comes_back_as_it_was(records, clock):
    value = {"token": "abc", "nested": {"list": [1, 2.5, None, True, "ü"]}}
    records.put("key", value, 60)
    record = records.get("key")
    assert (record.value, record.expires_at) == (value, clock.now + 60)


@pytest.fixture(scope="module")
def module_records(tmp_path_factory):
    store = SqliteStore(tmp_path_factory.mktemp("records") / "store.sqlite3")
    yield Records(store, Vault("k" * 32))
    store.close()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=st.dictionaries(st.text(), JSON, max_size=5))
@example(value={"half a pair": "\ud83d", "\ud83d": None})
def test_any_json_comes_back_as_it_was(module_records, value):
    module_records.put("key", value, 60)
    assert module_records.get("key").value == value


def test_the_verbs_of_a_store_are_there(records, clock):
    assert records.add("key", {"n": 1}, 60) is True
    assert records.add("key", {"n": 2}, 60) is False
    version = records.get("key").version
    assert records.replace("key", {"n": 3}, 60, version) is True
    assert records.replace("key", {"n": 4}, 60, version) is False
    clock.advance(30)
    assert records.touch("key", 60) is True
    assert records.get("key").expires_at == clock.now + 60
    assert records.pop("key").value == {"n": 3}
    assert records.pop("key") is None
    assert records.delete("key") is False


def test_what_is_stored_shows_nothing(records, store):
    records.put("key", {"token": "canary"}, 60)
    raw = store.get("key").value
    assert b"canary" not in raw
    assert b"token" not in raw


def test_a_record_moved_to_another_key_is_absent(records, store):
    records.put("session:a", {"driver": "a"}, 60)
    store.put("session:b", store.get("session:a").value, 60)
    assert records.get("session:b") is None


def test_a_record_of_a_retired_key_is_absent(store):
    Records(store, Vault("o" * 32)).put("key", {"n": 1}, 60)
    assert Records(store, Vault("n" * 32)).get("key") is None
    assert Records(store, Vault("n" * 32, ["o" * 32])).get("key").value == {"n": 1}


@pytest.mark.parametrize(
    "plain", [b"[1]", b'"text"', b"null", b"", b"{", b"\xff", b"{'a': 1}", b"[" * 100_000, b"\x80\x04."]
)
def test_sealed_bytes_that_are_no_object_are_absent(records, store, vault, plain):
    seal_as_it_is(store, vault, "key", plain)
    assert records.get("key") is None
    assert records.pop("key") is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"bytes", object()])
def test_what_is_not_json_is_refused_and_leaves_what_was_there(records, value):
    records.put("key", {"n": 1}, 60)
    with pytest.raises((TypeError, ValueError)):
        records.put("key", {"n": value}, 60)
    assert records.get("key").value == {"n": 1}


def test_a_record_too_large_is_refused_on_writing_and_absent_on_reading(records, store, vault):
    with pytest.raises(ValueError, match="too large"):
        records.put("key", {"text": "x" * MAX_SIZE}, 60)
    seal_as_it_is(store, vault, "key", json.dumps({"text": "x" * MAX_SIZE}).encode())
    assert records.get("key") is None


def test_an_unreadable_record_is_logged_once_and_without_content(records, store, vault, caplog):
    seal_as_it_is(store, vault, "key", b'["canary"]')
    store.put("other", b"canary, not sealed at all", 60)
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            records.get("key")
            records.get("other")
    assert len(caplog.records) == 2  # one for each cause
    assert "canary" not in caplog.text


def test_its_repr_shows_no_value(records):
    records.put("key", {"token": "canary"}, 60)
    assert "canary" not in repr(records.get("key"))
