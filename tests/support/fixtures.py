"""Fixtures of the contract tests: sites as processes, sites in this process, a Redis server, hostile upstreams."""

from __future__ import annotations

import os

import pytest

from tests.support.fake_vinli import FakeVinli
from tests.support.redis_server import PROGRAM, RedisServer
from tests.support.sites import LocalSite, running_site


@pytest.fixture(scope="session")
def shared_site():
    """One application and sandbox for tests that leave no state in them.

    The sandbox remembers consent, so it has a third driver who never gave consent.
    """
    with running_site("--drivers", "1", "--devices", "4") as site:
        yield site


@pytest.fixture
def site(shared_site):
    """Return the shared site, with the sandbox's faults and log cleared."""
    shared_site.forget()
    yield shared_site
    shared_site.forget()


@pytest.fixture
def browser(site):
    with site.browser() as browser:
        yield browser


@pytest.fixture
def local_site(tmp_path):
    """Build applications in this process: ``local_site(upstream, VARIABLE=value...)``."""
    made = []

    def make(upstream, **variables):
        directory = tmp_path / str(len(made))
        directory.mkdir()
        made.append(LocalSite(directory, upstream, **variables))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def redis_server():
    """A shared Redis server, which no test may stop."""
    require_redis()
    with RedisServer() as server:
        yield server


@pytest.fixture
def own_redis():
    """A Redis server for one test, which may stop and freeze it."""
    require_redis()
    with RedisServer() as server:
        yield server


def require_redis():
    if PROGRAM is None:
        assert os.environ.get("CI") != "true", "redis-server is not installed"
        pytest.skip("redis-server is not installed")


@pytest.fixture
def vinli():
    """An upstream whose responses the test chooses."""
    upstream = FakeVinli()
    yield upstream
    upstream.close()


@pytest.fixture
def store(request):
    """Return the settings for the store of ``local``: SQLite unless a test uses both (``on_both_stores``)."""
    is_redis = getattr(request, "param", "sqlite") == "redis"
    return {"STORE_URL": request.getfixturevalue("redis_server").url} if is_redis else {}


@pytest.fixture
def local(local_site, vinli, store):
    """An application in this process whose upstream is ``vinli``."""
    return local_site(vinli.origin, **store)
