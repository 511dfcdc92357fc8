from __future__ import annotations

import logging
import threading

import pytest

from providers.http.transport import Transport
from tests.support.certificates import Authority
from tests.support.servers import Server


class Clock:
    """Seconds that pass only when a test or a server says so; sleeping makes them pass."""

    def __init__(self):
        self.now = 1_000.0
        self.naps = []
        self._lock = threading.Lock()

    def __call__(self):
        return self.now

    def advance(self, seconds):
        with self._lock:
            self.now += seconds

    def sleep(self, seconds):
        self.naps.append(seconds)
        self.advance(seconds)


@pytest.fixture(autouse=True)
def shown_logs(caplog):
    """What the transport logged is shown when a test fails."""
    caplog.set_level(logging.INFO, "providers")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def serve():
    servers = []

    def start(respond, tls=None):
        servers.append(Server(respond, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def make_transport(clock):
    transports = []

    def make(*origins, **options):
        # Patient with a busy machine: what is to time out is given little time where it is asked for.
        defaults = {"pool_size": 8, "timeout": (10.0, 10.0), "clock": clock, "sleep": clock.sleep}
        # The clock stands still, and so a connection would never have rested.
        transport = Transport(**defaults | {"random": lambda: 0.5, "rest": 0.0} | options)
        for origin in origins:
            transport.allow(origin)
        transports.append(transport)
        return transport

    yield make
    for transport in transports:
        transport.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))
