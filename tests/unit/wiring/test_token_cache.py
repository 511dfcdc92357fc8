import pytest

from providers.tokens.records import CacheUnavailable
from store.backends.sqlite import SqliteStore
from store.base import StoreUnavailable
from store.leases import Leases
from store.records import Records
from store.vault import Vault
from wiring.token_cache import StoredTokenCache

KEY, OTHER = "a secret key of the tests, long enough", "another secret key of the tests, as long"


def token_cache_in(directory, key=KEY):
    store = SqliteStore(directory / "store.sqlite3")
    return StoredTokenCache(Records(store, Vault(key)), Leases(store))


def test_a_record_is_replaced_by_who_knows_its_version(tmp_path):
    cache = token_cache_in(tmp_path)
    assert cache.read("a") is None
    assert cache.write("a", {"n": 1}, None)
    assert not cache.write("a", {"n": 2}, None)
    value, version = cache.read("a")
    assert value == {"n": 1}
    assert cache.write("a", {"n": 2}, version)
    assert not cache.write("a", {"n": 3}, version)
    assert cache.read("a")[0] == {"n": 2}


def test_a_record_of_a_retired_key_is_absent_and_can_be_written_over(tmp_path):
    assert token_cache_in(tmp_path, OTHER).write("a", {"token": "old"}, None)
    cache = token_cache_in(tmp_path)
    assert cache.read("a") is None
    assert cache.write("a", {"token": "new"}, None)
    assert cache.read("a")[0] == {"token": "new"}


def test_nothing_readable_is_in_the_file(tmp_path):
    token_cache_in(tmp_path).write("a", {"token": "very-secret"}, None)
    assert all(b"very-secret" not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_lease_is_somebodys_until_it_is_given_back(tmp_path):
    cache, other = token_cache_in(tmp_path), token_cache_in(tmp_path)
    lease = cache.lease("a", 10)
    assert other.lease("a", 10) is None
    lease.release()
    assert other.lease("a", 10)


def test_a_store_that_fails_is_a_shelf_that_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("a file where a directory should be")
    cache = token_cache_in(tmp_path / "file")
    for verb in (lambda: cache.read("a"), lambda: cache.write("a", {}, None), lambda: cache.lease("b", 10)):
        with pytest.raises(CacheUnavailable) as caught:
            verb()
        assert isinstance(caught.value.__cause__, StoreUnavailable)
