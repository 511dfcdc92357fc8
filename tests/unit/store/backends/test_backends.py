"""What both stores owe their callers, each test run on SQLite and on Redis."""

import threading

import pytest

from store.backends import open_store
from store.base import NO_VERSION, StoreError


def in_threads(count, work):
    """Run `work(number)` in so many threads at once; return what they returned."""
    gate, results = threading.Barrier(count), []

    def run(number):
        gate.wait()
        results.append(work(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == count, "a thread died"
    return results


def test_what_was_put_is_there_with_its_expiry(store, clock):
    store.put("key", b"\x00value\xff", 60)
    entry = store.get("key")
    assert (entry.value, entry.expires_at) == (b"\x00value\xff", clock.now + 60)


def test_an_unknown_key_is_absent_everywhere(store):
    assert store.get("key") is None
    assert store.pop("key") is None
    assert store.delete("key") is False
    assert store.touch("key", 60) is False
    assert store.replace("key", b"value", 60, version=1) is False
    assert store.get("key") is None


@pytest.mark.parametrize("value", [b"", b"\x80\x04K\x01.", b"x" * 300_000])
def test_values_are_bytes_and_nothing_more(store, value):
    store.put("key", value, 60)
    assert store.get("key").value == value


@pytest.mark.parametrize("key", ["a:b", "schlüssel", "k" * 300, "quote'\"; drop table entries", "%s * ?"])
def test_keys_are_any_text(store, key):
    store.put(key, b"value", 60)
    assert store.get(key).value == b"value"
    assert store.pop(key).value == b"value"


def test_an_expired_entry_is_absent_everywhere(store, clock):
    store.put("key", b"value", 30)
    version = store.get("key").version
    clock.advance(30)
    assert store.get("key") is None
    assert store.touch("key", 60) is False
    assert store.replace("key", b"new", 60, version) is False
    assert store.pop("key") is None


@pytest.mark.parametrize("ttl", [0, -1, -1e9])
def test_a_lifetime_that_is_over_stores_nothing_that_is_seen(store, ttl):
    store.put("key", b"value", ttl)
    assert store.get("key") is None
    assert store.add("key", b"value", 60) is True


def test_fractions_of_a_second_count(store, clock):
    store.put("key", b"value", 30.25)
    clock.advance(30.2)
    assert store.get("key") is not None
    clock.advance(0.1)
    assert store.get("key") is None


def test_add_leaves_what_is_there(store):
    assert store.add("key", b"first", 60) is True
    assert store.add("key", b"second", 60) is False
    assert store.get("key").value == b"first"


def test_add_takes_the_place_of_an_expired_entry(store, clock):
    store.put("key", b"old", 60)
    clock.advance(61)
    assert store.add("key", b"new", 60) is True
    assert store.get("key").value == b"new"


def test_replace_needs_the_version_that_is_there(store):
    store.put("key", b"first", 60)
    version = store.get("key").version
    assert store.replace("key", b"second", 60, version) is True
    assert store.replace("key", b"third", 60, version) is False
    assert store.get("key").value == b"second"


def test_no_entry_has_the_version_of_none(store):
    store.put("key", b"value", 60)
    assert store.replace("key", b"new", 60, NO_VERSION) is False


def test_a_version_never_comes_back(store):
    store.put("key", b"value", 60)
    version = store.get("key").version
    store.delete("key")
    store.put("key", b"value", 60)
    assert store.replace("key", b"late", 60, version) is False
    assert store.get("key").value == b"value"


def test_touch_moves_the_expiry_and_nothing_else(store, clock):
    store.put("key", b"value", 60)
    before = store.get("key")
    clock.advance(50)
    assert store.touch("key", 60) is True
    after = store.get("key")
    assert (after.value, after.version, after.expires_at) == (b"value", before.version, clock.now + 60)
    assert store.replace("key", b"new", 60, before.version) is True


def test_delete_says_whether_there_was_something(store):
    store.put("key", b"value", 60)
    assert store.delete("key") is True
    assert store.delete("key") is False


def test_ping_and_purge_are_harmless(store):
    store.put("key", b"value", 60)
    store.ping()
    assert store.purge() == 0
    assert store.get("key") is not None


def test_a_closed_store_opens_again(store):
    store.put("key", b"value", 60)
    store.close()
    assert store.get("key").value == b"value"


def test_one_thread_of_many_pops_an_entry(store):
    store.put("key", b"value", 60)
    results = in_threads(16, lambda _: store.pop("key"))
    assert sum(entry is not None for entry in results) == 1


def test_one_thread_of_many_adds_an_entry(store):
    assert sum(in_threads(16, lambda number: store.add("key", b"%d" % number, 60))) == 1


def test_threads_count_by_compare_and_set_without_loss(store):
    def count(_):
        for _ in range(20):
            while True:
                entry = store.get("key")
                if store.replace("key", b"%d" % (int(entry.value) + 1), 60, entry.version):
                    break

    store.put("key", b"0", 60)
    in_threads(8, count)
    assert store.get("key").value == b"160"


def test_processes_count_by_compare_and_set_without_loss(store_url, start_contender):
    store = open_store(store_url)
    store.put("key", b"0", 60)
    processes = [start_contender("increment", store_url, "key", 50) for _ in range(8)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.stdout.readline() for process in processes] == ["done\n"] * 8
    assert store.get("key").value == b"400"
    store.close()


def test_both_sides_of_a_fork_use_the_store(store_url, start_contender):
    process = start_contender("fork", store_url)
    output, _ = process.communicate("go\n")
    assert output.splitlines()[-1] == "(0, True, b'2')"


@pytest.mark.parametrize(
    "url",
    [
        *("", "sqlite:", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///a.db?timeout=3"),
        *("postgresql://user:hidden@host/db", "memcached://host", "store.sqlite3", "http://host"),
        *("redis://:hidden/more@host:6379/0", "redis+sentinel://:hidden@host:1", "redis+sentinel:///service"),
        *(
            "redis+sentinel://host:hidden/service",
            "redis+sentinel://a,,b/service",
            "redis+sentinel://a/service/x",
        ),
    ],
)
def test_a_url_that_means_no_store_is_refused_without_being_shown(url):
    with pytest.raises(ValueError) as caught:
        open_store(url)
    assert not isinstance(caught.value, StoreError)
    assert "hidden" not in str(caught.value)


def test_relative_paths_have_three_slashes_and_absolute_ones_four(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    relative = open_store("sqlite:///sub/store.sqlite3")
    absolute = open_store(f"sqlite:///{tmp_path}/sub/store.sqlite3")
    relative.put("key", b"value", 60)
    assert absolute.get("key").value == b"value"
    relative.close()
    absolute.close()


def test_the_working_directory_counts_when_the_store_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = open_store("sqlite:///store.sqlite3")
    monkeypatch.chdir("/")
    store.put("key", b"value", 60)
    store.close()
    assert (tmp_path / "store.sqlite3").exists()


def test_many_keys_are_read_at_once(store, clock):
    assert store.get_many([]) == {}
    store.put("a", b"1", 60)
    store.put("b", b"2", 30)
    store.put("c", b"3", 60)
    clock.advance(30)
    found = store.get_many(["a", "b", "nobody's", *(f"key {number}" for number in range(900)), "c"])
    assert {key: entry.value for key, entry in found.items()} == {"a": b"1", "c": b"3"}
    assert found["a"] == store.get("a")
