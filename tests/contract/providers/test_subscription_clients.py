"""Subscriptions and notifications through their client, against the sandbox, as the app and as a driver."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from providers.errors import NotFound
from providers.http.auth import BasicAuth, BearerAuth
from providers.http.transport import Transport
from providers.vinli.platform import PlatformClient
from providers.vinli.rules import Parametric, RulesClient
from providers.vinli.subscriptions import SubscriptionsClient
from providers.vinli.values import device
from tests.support.receiver import Receiver, wait_until
from tests.support.sandbox_process import Person, SandboxProcess

pytestmark = pytest.mark.contract

FAR = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def sandbox():
    with SandboxProcess("--quiet", "--now", "2026-11-20T18:00:00Z") as process:
        yield process


@pytest.fixture
def transport(sandbox):
    transport = Transport(pool_size=16)
    transport.allow(sandbox.origin)
    yield transport
    transport.close()


@pytest.fixture(params=["app", "driver"])
def auth(request, sandbox):
    if request.param == "app":
        return BasicAuth(*sandbox.app)
    redirected = Person(sandbox).authorize(sandbox.authorization_url("token"))
    return BearerAuth(
        dict(pair.split("=") for pair in redirected.partition("#")[2].split("&"))["access_token"]
    )


@pytest.fixture
def ids(sandbox, transport):
    return [
        PlatformClient(transport, sandbox.origin, 4).devices_page(BasicAuth(*sandbox.app), 0, 1).items[0].id
    ]


def test_subscriptions_and_what_they_were_told(auth, transport, sandbox, ids):
    rules = RulesClient(transport, sandbox.origin)
    subscriptions = SubscriptionsClient(transport, sandbox.origin, 4)

    def page():
        return subscriptions.notifications_page(auth, made.id, limit=100)

    rule = rules.create(auth, device(ids[0]), "fast", [Parametric("vehicleSpeed", 1)])
    with Receiver() as receiver:
        made = subscriptions.subscribe(
            auth, device(ids[0]), "rule-*", receiver.url, rule_id=rule.id, app_data="mine"
        )
        assert (made.kind, made.object_id, made.object_kind, made.app_data) == (
            "rule-*",
            rule.id,
            "rule",
            "mine",
        )
        assert subscriptions.subscription(auth, made.id) == made
        assert made in subscriptions.subscriptions(auth, device(ids[0]))
        changed = subscriptions.change(auth, made.id, app_data="yours")
        assert (changed.app_data, changed.url) == ("yours", made.url)
        sandbox.control("POST", "/clock", {"advance_seconds": 3 * 24 * 3600})
        wait_until(lambda: len(receiver.posts) > 2)
        wait_until(lambda: page().items[-1].state == "complete")
    told = list(subscriptions.notifications(auth, made.id, until=FAR))
    assert len({one.id for one in told}) == len(told) > 2
    done = next(one for one in told if one.state == "complete")
    assert (done.status, done.url, done.subscription_id) == (201, made.url, made.id)
    assert done.payload.encode() in {body for _, _, body in receiver.posts}
    assert subscriptions.notification(auth, done.id) == done
    assert [one.id for one in page().items] == [one.id for one in told[:100]]
    assert done in subscriptions.notifications_of_event(auth, done.event_id).items
    subscriptions.delete(auth, made.id)
    rules.delete(auth, rule.id)
    with pytest.raises(NotFound):
        subscriptions.subscription(auth, made.id)
