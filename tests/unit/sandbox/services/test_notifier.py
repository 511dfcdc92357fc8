"""Notifications on their way: who holds up whom, and what is tried again."""

from __future__ import annotations

import threading
import time
import uuid
from types import SimpleNamespace

import pytest

from sandbox.services import notifier as module
from sandbox.services.notifier import LANES, Notifier
from sandbox.services.posting import NotSent
from sandbox.world.notifications import Notifications

SILENT = "http://127.0.0.1/silent"
SECONDS = 10


class Post:
    """Stands for the network. The silent subscriber answers when it is released; ``answers`` holds others' failures."""

    def __init__(self):
        self.posted = []
        self.answers = {}
        self.released = threading.Event()

    def __call__(self, url, payload, hosts):
        self.posted.append(url)
        if url == SILENT:
            assert self.released.wait(SECONDS)
        answer = self.answers.get(url, [])
        if answer:
            found = answer.pop(0)
            if isinstance(found, NotSent):
                raise found
            return found, "text"
        return 200, "ok"


@pytest.fixture
def post(monkeypatch):
    post = Post()
    monkeypatch.setattr(module, "post", post)
    monkeypatch.setattr(module, "WAITS", (0.0, 0.0))
    yield post
    post.released.set()


@pytest.fixture
def notifications():
    return Notifications()


@pytest.fixture
def tell(notifications):
    json = SimpleNamespace(event=lambda _: {"id": "e"}, subscription=lambda _: {"id": "s"})
    clock = SimpleNamespace(now_ms=lambda: 1_795_000_000_000)
    notifier = Notifier(notifications, json, clock, ())

    def tell(url, subscription_id=None):
        event = SimpleNamespace(id="e", device_id="d", event_type="startup", timestamp_ms=1_794_999_999_000)
        notifier.tell(event, SimpleNamespace(id=subscription_id or str(uuid.uuid4()), url=url))

    return tell


def until(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def of_lane(lane, number):
    """Return the id of a subscription that is told in this lane."""
    return str(uuid.UUID(int=number * LANES + lane))


def test_a_silent_subscriber_holds_up_few_others(post, tell):
    tell(SILENT, of_lane(0, 1))
    until(lambda: post.posted == [SILENT])
    others = {
        f"http://127.0.0.1/{lane}/{number}": (lane, number) for lane in range(LANES) for number in (2, 3)
    }
    for url, (lane, number) in others.items():
        tell(url, of_lane(lane, number))
    reached = {url for url, (lane, _) in others.items() if lane != 0}
    until(lambda: set(post.posted) >= reached)
    assert set(post.posted) == reached | {SILENT}
    post.released.set()
    until(lambda: set(post.posted) == set(others) | {SILENT})
    assert len(post.posted) == len(others) + 1


def test_subscribers_are_spread_over_all_lanes():
    lanes = {uuid.uuid4().int % LANES for _ in range(200)}
    assert lanes == set(range(LANES))


def test_those_of_one_subscription_come_in_their_order(post, tell):
    subscription = of_lane(2, 7)
    urls = [f"http://127.0.0.1/{number}" for number in range(30)]
    for url in urls:
        tell(url, subscription)
    until(lambda: len(post.posted) == len(urls))
    assert post.posted == urls


@pytest.mark.parametrize(
    ("answers", "state", "code"),
    [
        ([200], "complete", 200),
        ([500, 503, 204], "complete", 204),
        ([500, 500, 500], "error", 500),
        ([404], "error", 404),
        ([302], "error", 302),
        ([NotSent("refused"), 201], "complete", 201),
        ([NotSent("not allowed", is_final=True)], "error", None),
    ],
)
def test_what_is_tried_again_and_how_it_ends(answers, state, code, post, tell, notifications):
    url = "http://127.0.0.1/x"
    post.answers[url] = list(answers)
    subscription = str(uuid.uuid4())
    tell(url, subscription)
    (notification,) = notifications.of_subscription(subscription)

    def found():
        return notifications.of_subscription(subscription)[0]

    until(lambda: found().is_over)
    assert notification.id == found().id
    assert (found().state, found().response_code, len(post.posted)) == (state, code, len(answers))


def test_too_many_that_wait_end_in_an_error(post, tell, notifications, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    subscription = of_lane(1, 1)
    tell(SILENT, subscription)
    until(lambda: post.posted == [SILENT])
    for number in range(3):
        tell(f"http://127.0.0.1/{number}", subscription)
    states = [one.state for one in notifications.of_subscription(subscription)]
    assert states.count("error") == 1
