"""What only Redis can suffer: a server that stalls, goes away, forgets its scripts, is full or moves."""

import socket
import time

import pytest
from redis import Redis

from store.backends import open_store
from store.backends.redis import KEY_PREFIX
from store.base import StoreUnavailable
from tests.support.app_process import free_port

VERBS = [
    lambda store: store.get("key"),
    lambda store: store.put("key", b"value", 60),
    lambda store: store.add("key", b"value", 60),
    lambda store: store.replace("key", b"value", 60, 1),
    lambda store: store.touch("key", 60),
    lambda store: store.pop("key"),
    lambda store: store.ping(),
]


@pytest.fixture
def redis_store(redis_server):
    store = open_store(redis_server.url)
    yield store
    redis_server.resume()
    store.close()


@pytest.fixture
def raw(redis_server):
    with Redis.from_url(redis_server.url) as client:
        yield client


def test_keys_carry_the_name_of_the_application_and_a_lifetime(redis_store, raw):
    redis_store.put("key", b"value", 60)
    assert raw.keys() == [KEY_PREFIX.encode() + b"key"]
    assert 59_000 < raw.pttl(KEY_PREFIX + "key") <= 60_000
    redis_store.touch("key", 600)
    assert 599_000 < raw.pttl(KEY_PREFIX + "key") <= 600_000


def test_a_stalled_server_is_unavailable_soon_and_recovers(redis_store, redis_server):
    redis_store.put("key", b"value", 60)
    redis_server.stall()
    for verb in (VERBS[0], VERBS[2]):  # on the connection that is open, then on a new one
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            verb(redis_store)
        assert time.monotonic() - began < 10  # two seconds, on a machine that has nothing else to do
    redis_server.resume()
    assert redis_store.get("key").value == b"value"


@pytest.mark.parametrize("verb", VERBS)
def test_a_server_that_is_gone_is_unavailable(redis_store, redis_server, verb):
    redis_store.ping()
    redis_server.stop()
    with pytest.raises(StoreUnavailable):
        verb(redis_store)
    redis_server.start()
    verb(redis_store)


def test_a_restart_goes_unnoticed_by_connections_and_scripts(redis_store, redis_server):
    redis_store.add("key", b"value", 60)
    redis_server.stop()
    redis_server.start()
    assert redis_store.add("key", b"value", 60) is True


def test_a_full_server_is_unavailable_for_writers(start_redis):
    with start_redis("--maxmemory", "1mb", "--maxmemory-policy", "noeviction") as server:
        store = open_store(server.url)
        with pytest.raises(StoreUnavailable):
            store.put("key", b"x" * 2_000_000, 60) or store.put("key", b"x", 60)
        with pytest.raises(StoreUnavailable):
            store.ping()
        store.close()


@pytest.fixture
def two_ports(start_redis):
    """Two servers on ports of 127.0.0.1; return the ports."""
    ports = [free_port(), free_port()]
    with (
        start_redis("--port", ports[0], "--bind", "127.0.0.1"),
        start_redis("--port", ports[1], "--bind", "127.0.0.1"),
    ):
        yield ports


def test_a_server_that_became_a_replica_is_unavailable_until_it_takes_writes_again(two_ports):
    store = open_store(f"redis://127.0.0.1:{two_ports[0]}/0")
    store.put("key", b"x", 60)
    store._redis.execute_command("REPLICAOF", "127.0.0.1", two_ports[1])
    for _ in range(2):
        for write in (store.ping, lambda: store.add("other", b"y", 60), lambda: store.pop("key")):
            with pytest.raises(StoreUnavailable):
                write()
    store._redis.execute_command("REPLICAOF", "NO", "ONE")
    store.ping()
    assert store.add("other", b"y", 60)
    store.close()


def test_after_a_failover_the_name_is_looked_up_again(two_ports, monkeypatch):
    """The open connection leads to a replica now. The name leads to the server that has taken over."""
    old, new = map(int, two_ports)
    store = open_store(f"redis://127.0.0.1:{old}/0")
    store.ping()
    store._redis.execute_command("REPLICAOF", "127.0.0.1", new)
    connect = socket.socket.connect

    def led(self, place):
        return connect(self, (place[0], new) if place[1] == old else place)

    monkeypatch.setattr(socket.socket, "connect", led)
    with pytest.raises(StoreUnavailable):
        store.ping()
    store.ping()
    assert store.add("key", b"x", 60)
    store.close()


@pytest.mark.parametrize(
    "url",
    [
        *(
            "redis://127.0.0.1:1/first",
            "redis://127.0.0.1:1/-1",
            "redis://127.0.0.1:1/0/1",
            "redis://127.0.0.1:1/1.5",
        ),
        *(
            "rediss://127.0.0.1:1/x",
            "redis://127.0.0.1:1/0?db=x",
            "unix:///tmp/x?db=first",
            "redis://127.0.0.1:1/0?x=1",
        ),
        *(
            "rediss://127.0.0.1:1/0?ssl_cert_reqs=maybe",
            "redis://127.0.0.1:1/0?decode_responses=true",
            "rediss://127.0.0.1:1/0?ssl_ca_certs=/nowhere/ca.pem",
            "redis://127.0.0.1:1/0?socket_timeout=soon",
        ),
        *("redis://127.0.0.1:x/0", "redis+sentinel://127.0.0.1:1/name/first", "redis://127.0.0.1:1/999999"),
    ],
)
def test_a_url_that_would_mean_something_else_is_refused(url):
    with pytest.raises(ValueError, match="Redis URL"):
        open_store(url)


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:1", "redis://127.0.0.1:1/", "redis://127.0.0.1:1/15", "unix:///tmp/x?db=2"]
)
def test_a_url_may_name_a_database_or_none(url):
    open_store(url).close()


def test_a_password_is_used_and_a_wrong_one_is_unavailable(start_redis):
    with start_redis("--requirepass", "correct") as server:
        right = open_store(f"unix://:correct@{server.socket}")
        right.ping()
        right.close()
        wrong = open_store(f"unix://:mistaken@{server.socket}")
        with pytest.raises(StoreUnavailable) as caught:
            wrong.ping()
        assert "mistaken" not in str(caught.value)
        wrong.close()


def test_an_unknown_host_is_unavailable():
    store = open_store("redis://127.0.0.1:1/0")
    with pytest.raises(StoreUnavailable):
        store.ping()
    store.close()


@pytest.mark.parametrize("planted", [b"", b"short", b"x" * 15])
def test_a_planted_value_that_is_no_entry_is_absent(redis_store, raw, planted):
    raw.set(KEY_PREFIX + "key", planted)
    assert redis_store.get("key") is None
    assert redis_store.pop("key") is None


def test_a_sentinel_that_answers_leads_to_the_server(sentinel_port):
    gone = 1  # nobody listens there: the next one in the list is asked
    store = open_store(f"redis+sentinel://:correct@127.0.0.1:{gone},127.0.0.1:{sentinel_port}/cars/2")
    store.put("key", b"value", 60)
    assert store.get("key").value == b"value"
    store.close()


@pytest.mark.parametrize("target", ["127.0.0.1:1/cars", "127.0.0.1:{port}/bicycles", "127.0.0.1:{port}/cars"])
def test_a_sentinel_that_leads_nowhere_is_unavailable(sentinel_port, target):
    store = open_store("redis+sentinel://" + target.format(port=sentinel_port))  # and without its password
    with pytest.raises(StoreUnavailable):
        store.ping()
    store.close()
