import pytest

from providers.tokens.records import ShelfUnavailable
from store import Records, SqliteStore, StoreUnavailable, Vault
from store.leases import Leases
from wiring.token_cache import TokenShelf

KEY, OTHER = "a secret key of the tests, long enough", "another secret key of the tests, as long"


def shelf_in(directory, key=KEY):
    store = SqliteStore(directory / "store.sqlite3")
    return TokenShelf(Records(store, Vault(key)), Leases(store))


def test_a_record_is_replaced_by_who_knows_its_version(tmp_path):
    shelf = shelf_in(tmp_path)
    assert shelf.read("a") is None
    assert shelf.write("a", {"n": 1}, None)
    assert not shelf.write("a", {"n": 2}, None)
    value, version = shelf.read("a")
    assert value == {"n": 1}
    assert shelf.write("a", {"n": 2}, version)
    assert not shelf.write("a", {"n": 3}, version)
    assert shelf.read("a")[0] == {"n": 2}


def test_a_record_of_a_retired_key_is_absent_and_can_be_written_over(tmp_path):
    assert shelf_in(tmp_path, OTHER).write("a", {"token": "old"}, None)
    shelf = shelf_in(tmp_path)
    assert shelf.read("a") is None
    assert shelf.write("a", {"token": "new"}, None)
    assert shelf.read("a")[0] == {"token": "new"}


def test_nothing_readable_is_in_the_file(tmp_path):
    shelf_in(tmp_path).write("a", {"token": "very-secret"}, None)
    assert all(b"very-secret" not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_lease_is_somebodys_until_it_is_given_back(tmp_path):
    shelf, other = shelf_in(tmp_path), shelf_in(tmp_path)
    lease = shelf.lease("a", 10)
    assert other.lease("a", 10) is None
    lease.release()
    assert other.lease("a", 10)


def test_a_store_that_fails_is_a_shelf_that_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("a file where a directory should be")
    shelf = shelf_in(tmp_path / "file")
    for verb in (lambda: shelf.read("a"), lambda: shelf.write("a", {}, None), lambda: shelf.lease("b", 10)):
        with pytest.raises(ShelfUnavailable) as caught:
            verb()
        assert isinstance(caught.value.__cause__, StoreUnavailable)
