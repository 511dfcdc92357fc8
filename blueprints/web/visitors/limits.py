"""Rate limits by trusted client address.

If the store is Redis, the counts are in Redis. Otherwise they are in this process's memory, so the limit is per
worker. If Redis does not answer, counting continues in memory. Operator sign-in is closed then, because it needs
the store to keep the session.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from flask_limiter import Limiter
from limits import parse_many

from blueprints.web.arrival import client, client_address, is_shared
from blueprints.web.operators import is_known_browser
from blueprints.web.services import services
from domain.problems import Problem, ProblemError
from settings import Settings

# Visitors that cannot be told apart share one counter. Its limit is multiplied by this number.
SHARED_FACTOR = 20
# Seconds for one sign-in of such a visitor, and how many may wait for their turn at once in one lane of one process.
SLOW_SECONDS = 0.5
SLOW_QUEUE = 8
SLOW_DOWN = Problem(
    "sign_in_slowed",
    429,
    "Too many sign-ins at once",
    "Others try to sign in at this moment, and this site cannot tell visitors apart.",
    (
        "Try again in a few seconds. Your password is not locked.",
        "If it goes on, sign in with a link, which does not wait: flask --app app operator link",
        "From then on this browser waits for no stranger.",
    ),
    retry_after=2,
)


class _Lane:
    """Sign-ins that run one after the other, slowly."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(SLOW_QUEUE)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Hold one of the places. Raises ProblemError if all are taken."""
        if not self._places.acquire(blocking=False):
            raise ProblemError(SLOW_DOWN)
        try:
            yield
        finally:
            self._places.release()

    @contextmanager
    def turn(self) -> Iterator[None]:
        with self.waiting(), self._turn:
            time.sleep(SLOW_SECONDS)
            yield


_strangers, _known = _Lane(), _Lane()


@contextmanager
def slow_turn() -> Iterator[None]:
    """Run a sign-in. If the visitor cannot be told from others, sign-ins run one after the other, slowly.

    A limit would lock everybody out as soon as one stranger reaches it. Browsers in which the operator signed in
    before have a lane of their own, so strangers who fill theirs keep no operator out. Raises ProblemError if too many
    wait.
    """
    if not is_shared():
        yield
        return
    with (_known if is_known_browser() else _strangers).turn():
        yield


def _for_visitor(limits: str) -> str:
    """Return rate limits, multiplied if the visitor shares an address with others.

    Only with trusted proxies. Otherwise a visitor could get the larger limit by sending a header.
    """
    found = client()
    if found.address is not None and not (found.is_shared and services().settings.trusted_proxies):
        return limits
    larger = (
        f"{one.amount * SHARED_FACTOR} per {one.multiples} {one.GRANULARITY.name}"
        for one in parse_many(limits)
    )
    return ";".join(larger)


limiter = Limiter(key_func=client_address)


def connect_rate() -> str:
    """Return the rate limit for starts and, counted apart, for failed callbacks."""
    return _for_visitor(services().settings.rate_limit_connect)


def sign_in_rate() -> str:
    """Return the rate limit for operator sign-in."""
    return services().settings.rate_limit_sign_in


def workbench_rate() -> str:
    """Return the rate limit for each page of the workbench. Most of them call the authorization server."""
    return _for_visitor(services().settings.rate_limit_connect)


def api_rate() -> str:
    """The rate for everything under /api/v1 together."""
    return _for_visitor(services().settings.rate_limit_api)


api_limit = limiter.shared_limit(api_rate, scope="api")


def register_limits(app: Flask, settings: Settings) -> None:
    """Connect the limiter to the application and to its storage."""
    # The limiter's library reads Sentinel addresses in another way, so with Sentinel counting is in memory.
    is_redis = settings.store_url.startswith(("redis://", "rediss://"))
    timeouts = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
    app.config.update(
        RATELIMIT_STORAGE_URI=settings.store_url if is_redis else "memory://",
        RATELIMIT_STORAGE_OPTIONS=timeouts if is_redis else {},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=is_redis,
        # A failed callback is counted after its response is made. A store that fails then must not change it.
        RATELIMIT_SWALLOW_ERRORS=True,
        RATELIMIT_KEY_PREFIX="vinli-connect",
        RATELIMIT_HEADERS_ENABLED=False,
    )
    limiter.init_app(app)
