"""Shared code of the token engine's tests: a token endpoint whose replies a test chooses, settable clocks, a cache."""

import json
import threading
from dataclasses import dataclass, field

from providers.tokens.clocks import Clock
from providers.tokens.engine import TokenSource
from providers.tokens.records import CacheUnavailable
from providers.tokens.requests import TokenRequest
from tests.support.servers import json_reply


class TestClock(Clock):
    """A clock with both scales. `pass_time` moves both; `set_wall` sets the wall clock only."""

    __test__ = False

    def __init__(self, boot="this boot"):
        self.boot = boot
        self._steady = 5_000.0
        self._wall = 1_790_000_000.0
        self.naps = []

    def steady(self):
        return self._steady

    def wall(self):
        return self._wall

    def pass_time(self, seconds):
        self._steady += seconds
        self._wall += seconds

    def set_wall(self, seconds):
        self._wall += seconds

    def sleep(self, seconds):
        self.naps.append(seconds)
        self.pass_time(seconds)


@dataclass
class Endpoint:
    """Give tokens t1, t2 ... for `expires_in` seconds. `replies` are sent first; each request waits for `gate`."""

    expires_in: object = 3600
    more: dict = field(default_factory=dict)
    replies: list = field(default_factory=list)
    gate: threading.Event | None = None
    asked: list = field(default_factory=list)

    def __post_init__(self):
        self._lock = threading.Lock()
        self._given = 0

    def __call__(self, request):
        with self._lock:
            self.asked.append(request)
            reply = self.replies.pop(0) if self.replies else None
        if self.gate:
            assert self.gate.wait(10)
        if reply is not None:
            return reply
        with self._lock:
            self._given += 1
            token = {"access_token": f"t{self._given}", "token_type": "Bearer", "expires_in": self.expires_in}
        return json_reply({name: value for name, value in (token | self.more).items() if value is not None})


class MemoryTokenCache:
    """A cache that several sources share. `is_down` makes every method fail."""

    def __init__(self, clock):
        self.records, self.leases, self.clock = {}, {}, clock
        self.is_down = False
        self.lock = threading.Lock()

    def read(self, name):
        self.check()
        found = self.records.get(name)
        return (json.loads(found[0]), found[1]) if found else None

    def write(self, name, value, version):
        self.check()
        with self.lock:
            found = self.records.get(name)
            if (found[1] if found else None) != version:
                return False
            self.records[name] = (json.dumps(value), (version or 0) + 1)
            return True

    def lease(self, name, seconds):
        self.check()
        with self.lock:
            if self.clock.steady() < self.leases.get(name, 0.0):
                return None
            self.leases[name] = self.clock.steady() + seconds
            return MemoryLease(self, name)

    def check(self):
        if self.is_down:
            raise CacheUnavailable("down")


@dataclass
class MemoryLease:
    cache: MemoryTokenCache
    name: str

    def release(self):
        self.cache.check()
        self.cache.leases[self.name] = 0.0


def declaration(server, **more):
    fields = {"grant_type": "client_credentials"}
    settings = ("THE_CLIENT_ID", "THE_SECRET")
    given = {"client_id": "client", "client_secret": "the-secret", "fields": fields, "settings": settings}
    return TokenRequest(provider="partner", url=f"{server.origin}/token", **given | more)


def at_once(work):
    work()


def source_of(request, transport, clock, cache=None, start=at_once):
    return TokenSource(
        request, transport, cache, clock=clock, sleep=clock.sleep, chance=lambda: 0.0, start=start
    )
