"""What only SQLite can suffer: locks, full disks, damaged, deleted and replaced files, killed writers."""

import os
import sqlite3
import stat
import threading
import time
from contextlib import closing

import pytest

from store.backends import open_store
from store.backends.sqlite import PURGE_BATCH, PURGE_INTERVAL, SqliteStore
from store.backends.sqlite_pool import MAX_IDLE
from store.base import StoreUnavailable


def rows(path):
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM entries").fetchone()
    return count


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_nothing_is_opened_before_it_is_used(sqlite_path):
    SqliteStore(sqlite_path)
    assert not sqlite_path.parent.exists()


def test_files_are_private_whatever_the_umask(sqlite_path):
    before = os.umask(0)
    try:
        store = SqliteStore(sqlite_path)
        store.put("key", b"value", 60)
        assert mode(sqlite_path.parent) == 0o700
        assert {mode(path) for path in sqlite_path.parent.iterdir()} == {0o600}
        assert len(list(sqlite_path.parent.iterdir())) == 3  # the file, its -wal and its -shm
        store.close()
    finally:
        os.umask(before)


def test_a_file_that_was_readable_for_all_becomes_private(sqlite_path):
    sqlite_path.parent.mkdir()
    sqlite_path.touch(mode=0o644)
    store = SqliteStore(sqlite_path)
    store.put("key", b"value", 60)
    assert mode(sqlite_path) == 0o600
    store.close()


def test_entries_outlive_the_store_object(sqlite_path):
    first = SqliteStore(sqlite_path)
    first.put("key", b"value", 60)
    first.close()
    second = SqliteStore(sqlite_path)
    assert second.get("key").value == b"value"
    second.close()


def test_readers_do_not_wait_for_a_writer(sqlite_store, sqlite_path):
    sqlite_store.put("key", b"value", 60)
    with closing(sqlite3.connect(sqlite_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert sqlite_store.get("key").value == b"value"


def test_a_locked_file_is_unavailable_soon_and_recovers(sqlite_store, sqlite_path):
    sqlite_store.put("key", b"value", 60)
    with closing(sqlite3.connect(sqlite_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for call in (lambda: sqlite_store.put("key", b"new", 60), sqlite_store.ping):
            began = time.monotonic()
            with pytest.raises(StoreUnavailable, match="locked"):
                call()
            assert time.monotonic() - began < 10  # two seconds, on a machine that has nothing else to do
        other.execute("ROLLBACK")
        sqlite_store.put("key", b"new", 60)
    assert sqlite_store.get("key").value == b"new"


def test_a_file_locked_before_it_is_opened_is_unavailable(sqlite_store, sqlite_path):
    sqlite_store.put("key", b"value", 60)
    sqlite_store.close()
    with closing(sqlite3.connect(sqlite_path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnavailable, match="locked"):
            sqlite_store.get("key")
    assert sqlite_store.get("key").value == b"value"


def test_a_full_disk_is_unavailable_for_writers_and_recovers(sqlite_store):
    sqlite_store.put("key", b"value", 60)
    with sqlite_store._pool.connection() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable, match="full"):
        sqlite_store.put("big", b"x" * 100_000, 60)
    # That connection is gone, and with it the limit: there is room again.
    assert sqlite_store.get("key").value == b"value"
    assert sqlite_store.get("big") is None
    sqlite_store.put("big", b"x" * 100_000, 60)
    assert len(sqlite_store.get("big").value) == 100_000


def test_a_deleted_file_is_made_anew(sqlite_store, sqlite_path):
    sqlite_store.put("key", b"value", 60)
    for path in list(sqlite_path.parent.iterdir()):
        path.unlink()
    assert sqlite_store.get("key") is None
    sqlite_store.put("key", b"new", 60)
    assert rows(sqlite_path) == 1


def test_a_deleted_directory_is_made_anew(sqlite_store, sqlite_path):
    sqlite_store.put("key", b"value", 60)
    for path in list(sqlite_path.parent.iterdir()):
        path.unlink()
    sqlite_path.parent.rmdir()
    sqlite_store.put("key", b"new", 60)
    assert sqlite_store.get("key").value == b"new"


def test_a_replaced_file_is_the_one_that_counts(sqlite_store, sqlite_path, tmp_path):
    backup = SqliteStore(tmp_path / "backup.sqlite3", clock=sqlite_store._clock)
    backup.put("key", b"from the backup", 60)
    backup.close()
    sqlite_store.put("key", b"value", 60)
    for path in list(sqlite_path.parent.iterdir()):
        path.unlink()
    os.replace(tmp_path / "backup.sqlite3", sqlite_path)
    assert sqlite_store.get("key").value == b"from the backup"
    sqlite_store.put("more", b"value", 60)
    assert rows(sqlite_path) == 2


def test_a_damaged_file_is_unavailable_until_it_is_removed(sqlite_store, sqlite_path):
    sqlite_path.parent.mkdir()
    sqlite_path.write_bytes(b"this is not a database, far from it" * 100)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="not a database"):
            sqlite_store.get("key")
    sqlite_path.unlink()
    sqlite_store.put("key", b"value", 60)
    assert sqlite_store.get("key").value == b"value"


def test_a_directory_in_its_place_is_unavailable(sqlite_store, sqlite_path):
    sqlite_path.mkdir(parents=True)
    with pytest.raises(StoreUnavailable):
        sqlite_store.get("key")


def test_a_file_in_the_place_of_its_directory_is_unavailable(sqlite_store, sqlite_path):
    sqlite_path.parent.touch()
    with pytest.raises(StoreUnavailable):
        sqlite_store.get("key")


def test_a_file_of_another_version_is_left_alone(sqlite_store, sqlite_path):
    sqlite_path.parent.mkdir()
    with closing(sqlite3.connect(sqlite_path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreUnavailable, match="another version"):
        sqlite_store.get("key")


def test_many_threads_open_a_new_file_at_once(sqlite_path):
    gate, failures = threading.Barrier(16), []

    def use(number):
        store = SqliteStore(sqlite_path)  # a pool of its own, as in another process
        gate.wait()
        try:
            store.put(f"key-{number}", b"value", 60)
        except StoreUnavailable as error:
            failures.append(error)
        store.close()

    threads = [threading.Thread(target=use, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert rows(sqlite_path) == 16


def test_many_processes_open_a_new_file_at_once(sqlite_path, start_contender):
    url = f"sqlite:///{sqlite_path}"
    for process in [start_contender("increment", url, "key", 0) for _ in range(6)]:
        assert process.stdout.readline() == "ready\n"


def test_a_new_file_that_another_process_is_making_is_tried_again(sqlite_store, sqlite_path, monkeypatch):
    """Switching to WAL is refused at once then, without the wait that other statements are given."""
    sqlite_path.parent.mkdir()
    with closing(sqlite3.connect(sqlite_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(
            "store.backends.sqlite_pool.time.sleep", lambda seconds: other.execute("ROLLBACK")
        )
        sqlite_store.put("key", b"value", 60)
    assert sqlite_store.get("key").value == b"value"


def test_a_forked_child_inherits_no_connection(sqlite_path, start_contender):
    process = start_contender("fork_idle", f"sqlite:///{sqlite_path}")
    output, _ = process.communicate("go\n")
    assert output.splitlines()[-1] == "0"


def test_idle_connections_are_few(sqlite_store):
    gate = threading.Barrier(MAX_IDLE * 2)

    def hold():
        with sqlite_store._pool.connection():
            gate.wait()

    threads = [threading.Thread(target=hold) for _ in range(MAX_IDLE * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sqlite_store._pool._idle) == MAX_IDLE


def test_expired_entries_go_when_others_are_written(sqlite_store, sqlite_path, clock):
    for number in range(10):
        sqlite_store.put(f"old-{number}", b"value", 30)
    clock.advance(PURGE_INTERVAL)
    sqlite_store.get("old-0")
    assert rows(sqlite_path) == 10  # reading writes nothing
    sqlite_store.put("new", b"value", 600)
    assert rows(sqlite_path) == 1


def test_the_look_for_expired_entries_is_rare(sqlite_store, sqlite_path, clock):
    sqlite_store.put("old", b"value", 10)
    clock.advance(PURGE_INTERVAL / 2)
    sqlite_store.put("new", b"value", 600)
    assert rows(sqlite_path) == 2


def test_a_backlog_is_worked_off_a_batch_with_each_write(sqlite_store, sqlite_path, clock):
    for number in range(PURGE_BATCH * 2 + 1):
        sqlite_store.put(f"old-{number}", b"value", 30)
    clock.advance(PURGE_INTERVAL)
    left = []
    for _ in range(3):
        sqlite_store.put("new", b"value", 600)
        left.append(rows(sqlite_path) - 1)
    assert left == [PURGE_BATCH + 1, 1, 0]


def test_purge_drops_all_that_is_expired(sqlite_store, sqlite_path, clock):
    for number in range(PURGE_BATCH + 5):
        sqlite_store.put(f"old-{number}", b"value", 30)
    sqlite_store.put("new", b"value", 600)
    clock.advance(31)
    assert sqlite_store.purge() == PURGE_BATCH + 5
    assert rows(sqlite_path) == 1


def test_a_killed_writer_leaves_all_it_had_acknowledged(sqlite_path, start_contender):
    url = f"sqlite:///{sqlite_path}"
    for _ in range(5):
        process = start_contender("write", url)
        process.stdin.write("go\n")
        process.stdin.flush()
        acknowledged = [process.stdout.readline() for _ in range(40)][1:]
        process.kill()
        process.wait()
        store = open_store(url)
        for line in acknowledged:
            assert store.get(f"key-{int(line)}") is not None
        store.put("after", b"value", 60)
        store.close()
    with closing(sqlite3.connect(sqlite_path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
