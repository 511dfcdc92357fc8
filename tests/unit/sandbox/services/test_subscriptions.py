import json

import pytest

from sandbox.options import Options
from tests.support.receiver import Receiver, wait_until
from tests.support.reports import Reports
from tests.support.watched_sandbox import WatchedSandbox

UNKNOWN = "821374c0-d6d8-41e3-9c1a-0800200c9a66"
ORIGIN = "http://127.0.0.1:9000/api/v1"
STARTUP = {"eventType": "startup", "url": "http://127.0.0.1:1/notifications"}


def subscribe(sandbox, subject=None, **fields):
    body = {"subscription": STARTUP | fields}
    return sandbox.call(f"{subject or f'devices/{sandbox.device.id}'}/subscriptions", "POST", body)


def notification_of(sandbox, subscription):
    """Return the one notification of a subscription once it is over."""

    def find():
        found = sandbox.call(subscription["links"]["notifications"]).json["notifications"]
        return [one for one in found if one["state"] in ("complete", "error")]

    [found] = wait_until(find)
    return found


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("sandbox.world.watching.POLL_SECONDS", 0.01)
    monkeypatch.setattr("sandbox.services.notifier.WAITS", (0.02, 0.02))


def test_a_subscription_is_made_as_documented(sandbox):
    made = subscribe(sandbox, appData='{"a":1}', object={"id": sandbox.vehicle.id, "type": "vehicle"})
    subscription = made.json["subscription"]
    link = f"{ORIGIN}/subscriptions/{subscription['id']}"
    assert (made.status_code, made.headers["Location"]) == (201, link)
    assert subscription == {
        "id": subscription["id"],
        "deviceId": sandbox.device.id,
        "eventType": "startup",
        "url": STARTUP["url"],
        "object": {"id": sandbox.vehicle.id, "type": "vehicle"},
        "appData": '{"a":1}',
        "createdAt": "2027-01-15T08:00:00.000Z",
        "updatedAt": "2027-01-15T08:00:00.000Z",
        "links": {"self": link, "notifications": f"{link}/notifications"},
    }
    assert sandbox.call(link).json == {"subscription": subscription}


def test_a_vehicles_subscription_names_the_vehicle(sandbox):
    vehicle = f"vehicles/{sandbox.vehicle.id}"
    subscription = subscribe(sandbox, vehicle, object=None, appData=None).json["subscription"]
    assert subscription["vehicleId"] == sandbox.vehicle.id
    assert "deviceId" not in subscription
    assert subscription["object"] is subscription["appData"] is None
    assert len(sandbox.call(f"{vehicle}/subscriptions").json["subscriptions"]) == 1
    assert sandbox.call(f"devices/{sandbox.device.id}/subscriptions").json["subscriptions"] == []


def test_a_rule_links_to_its_subscriptions(sandbox):
    rule = sandbox.add_rule()
    about = {"type": "rule", "id": rule["id"]}
    mine = subscribe(sandbox, eventType="rule-*", object=about).json["subscription"]
    subscribe(sandbox)
    page = sandbox.call(rule["links"]["subscriptions"]).json
    assert [one["id"] for one in page["subscriptions"]] == [mine["id"]]
    assert page["meta"]["pagination"]["total"] == 1
    assert "objectType=rule" in page["meta"]["pagination"]["links"]["first"]


def test_url_and_data_change_and_nothing_else_does(sandbox):
    subscription = subscribe(sandbox).json["subscription"]
    sandbox.clock.advance(60)
    body = {"subscription": {"url": "https://example.com/x", "appData": "y", "eventType": "shutdown"}}
    changed = sandbox.call(f"subscriptions/{subscription['id']}", "PUT", body).json["subscription"]
    assert changed == subscription | {
        "url": "https://example.com/x",
        "appData": "y",
        "updatedAt": "2027-01-15T08:01:00.000Z",
    }
    path = f"devices/{sandbox.device.id}/subscriptions/{subscription['id']}"
    again = sandbox.call(path, "PUT", {"subscription": {"appData": None}}).json["subscription"]
    assert (again["url"], again["appData"]) == ("https://example.com/x", None)
    assert sandbox.call(path).json["subscription"] == again
    foreign = f"devices/{sandbox.other.id}/subscriptions/{subscription['id']}"
    assert sandbox.call(foreign, "PUT", body).status_code == 404
    assert sandbox.call(path, "PUT", {"subscription": {"url": "x"}}).status_code == 400


def test_a_subscription_is_deleted(sandbox):
    path = f"subscriptions/{subscribe(sandbox).json['subscription']['id']}"
    gone = sandbox.call(path, "DELETE")
    assert (gone.status_code, gone.data) == (204, b"")
    assert sandbox.call(path).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"eventType": None}, {"eventType": "meteor"}, {"eventType": "rule-*"}, {"eventType": "*"},
        {"eventType": "rule-enter", "object": {"type": "rule", "id": UNKNOWN}},
        {"eventType": "rule-enter", "object": {"type": "vehicle", "id": UNKNOWN}},
        {"object": "x"}, {"object": {"id": "x"}}, {"appData": {"a": 1}}, {"appData": "x" * 10_001},
        {"url": None}, {"url": ""}, {"url": "myapp.com"}, {"url": "ftp://x/"}, {"url": "http://"}, {"url": "http://x:y/"},
        {"url": "http://x/ä"}, {"url": "http://x/a b"}, {"url": "http://x/\r\n"}, {"url": "http://[/"},
        {"url": "http://x/" + "y" * 2000},
    ],
)  # fmt: skip
def test_wrong_subscriptions_are_refused(sandbox, fields):
    answer = subscribe(sandbox, **fields)
    assert answer.status_code == 400
    assert set(answer.json) == {"statusCode", "error", "message"}


def test_a_rule_of_another_device_cannot_be_named(sandbox):
    rule = sandbox.add_rule(subject=f"devices/{sandbox.other.id}")
    answer = subscribe(sandbox, eventType="rule-*", object={"type": "rule", "id": rule["id"]})
    assert answer.status_code == 400


# --- notifications


def test_an_event_is_posted_as_documented(sandbox):
    with Receiver() as receiver:
        made = subscribe(sandbox, url=receiver.url + "?a=b", appData="mine").json["subscription"]
        event = sandbox.happen(1, "startup")
        sandbox.clock.advance(2)
        found = notification_of(sandbox, made)
    [(path, headers, body)] = receiver.posts
    assert path == "/notifications?a=b"
    assert headers["Content-Type"] == "application/json"
    told = json.loads(body)["notification"]
    assert set(told) == {"event", "subscription"}
    assert told["subscription"] == made
    shown = sandbox.call(f"events/{event.id}").json["event"]
    assert told["event"] == shown | {"stored": "2027-01-15T08:00:02.000Z", "storageLatency": 1000}
    about = f"{ORIGIN}/devices/{sandbox.device.id}"
    assert found == {
        "id": found["id"],
        "eventId": event.id,
        "eventType": "startup",
        "eventTimestamp": "2027-01-15T08:00:01.000Z",
        "subscriptionId": made["id"],
        "state": "complete",
        "responseCode": 201,
        "response": '{"status":"success"}',
        "notifiedAt": "2027-01-15T08:00:02.000Z",
        "respondedAt": "2027-01-15T08:00:02.000Z",
        "url": receiver.url + "?a=b",
        "payload": body.decode(),
        "createdAt": "2027-01-15T08:00:02.000Z",
        "links": {
            "self": f"{ORIGIN}/notifications/{found['id']}",
            "event": f"{about}/events/{event.id}",
            "subscription": f"{about}/subscriptions/{made['id']}",
        },
    }
    assert sandbox.call(found["links"]["self"]).json == {"notification": found}
    for link in ("event", "subscription"):
        assert sandbox.call(found["links"][link]).status_code == 200
    by_event = sandbox.call(f"events/{event.id}/notifications").json["notifications"]
    assert by_event == [found]


def test_a_rule_is_told_with_its_first_evaluation_and_its_crossings(sandbox):
    with Receiver() as receiver:
        rule = sandbox.add_rule()
        subscribe(sandbox, url=receiver.url, eventType="rule-*", object={"type": "rule", "id": rule["id"]})
        for second, speed in enumerate((10, 20, 60, 70, 30)):
            sandbox.send(second + 1, vehicleSpeed=speed)
        sandbox.clock.advance(60)
        wait_until(lambda: len(receiver.posts) == 3)
    told = [(body["event"]["eventType"], body["event"]["meta"]["firstEval"]) for body in receiver.bodies()]
    assert told == [("rule-leave", True), ("rule-enter", False), ("rule-leave", False)]


def test_nothing_is_told_after_a_subscription_was_deleted(sandbox):
    with Receiver() as receiver:
        gone = subscribe(sandbox, url=receiver.url).json["subscription"]
        kept = subscribe(sandbox, url=receiver.url).json["subscription"]
        sandbox.call(gone["links"]["self"], "DELETE")
        sandbox.happen(1, "startup")
        sandbox.clock.advance(2)
        notification_of(sandbox, kept)
        assert [body["subscription"]["id"] for body in receiver.bodies()] == [kept["id"]]


@pytest.mark.parametrize(
    ("statuses", "posts", "state", "code"),
    [
        ((503, 503), 3, "complete", 201),
        ((500, 500, 502), 3, "error", 502),
        ((404,), 1, "error", 404),
        ((302,), 1, "error", 302),
        ((204,), 1, "complete", 204),
    ],
)
def test_5xx_is_tried_again_and_nothing_else_is(sandbox, statuses, posts, state, code):
    with Receiver(*statuses) as receiver:
        made = subscribe(sandbox, url=receiver.url).json["subscription"]
        sandbox.happen(1, "startup")
        sandbox.clock.advance(2)
        found = notification_of(sandbox, made)
    assert len(receiver.posts) == posts
    assert (found["state"], found["responseCode"]) == (state, code)
    assert len({body for _, _, body in receiver.posts}) == 1


def test_while_it_is_tried_again_it_is_queued(sandbox, monkeypatch):
    monkeypatch.setattr("sandbox.services.notifier.WAITS", (60,))
    with Receiver(503) as receiver:
        made = subscribe(sandbox, url=receiver.url).json["subscription"]
        sandbox.happen(1, "startup")
        sandbox.clock.advance(2)
        wait_until(lambda: receiver.posts)
        [found] = sandbox.call(made["links"]["notifications"]).json["notifications"]
    assert found["state"] == "queued"
    assert "responseCode" not in found


def test_nobody_there_is_an_error(sandbox):
    made = subscribe(sandbox).json["subscription"]
    sandbox.happen(1, "startup")
    sandbox.clock.advance(2)
    found = notification_of(sandbox, made)
    assert (found["state"], found["responseCode"]) == ("error", None)
    assert found["response"].startswith("No response: ")


@pytest.mark.parametrize(
    "url", ["https://myapp.com/notifications", "http://192.0.2.1/", "http://127.0.0.1.example.com/", "http://2130706433/",
            "http://localhost@192.0.2.1/"]
)  # fmt: skip
def test_strangers_are_not_called(sandbox, url):
    """The tests' own guard would fail the connection with another message."""
    made = subscribe(sandbox, url=url).json["subscription"]
    sandbox.happen(1, "startup")
    sandbox.clock.advance(2)
    found = notification_of(sandbox, made)
    assert found["state"] == "error"
    assert found["response"].startswith("The sandbox posts to this machine alone")


@pytest.mark.parametrize("path", ["/_sandbox/tokens/revoke", "/%5Fsandbox/tokens/revoke"])
def test_the_control_interface_is_not_called(sandbox, path):
    with Receiver() as receiver:
        made = subscribe(sandbox, url=receiver.url.replace("/notifications", path)).json["subscription"]
        sandbox.happen(1, "startup")
        sandbox.clock.advance(2)
        assert notification_of(sandbox, made)["state"] == "error"
        assert receiver.posts == []


def test_names_of_this_machine_lead_to_it(sandbox):
    with Receiver() as receiver:
        for host in ("localhost", "my-app.localhost"):
            subscribe(sandbox, url=receiver.url.replace("127.0.0.1", host))
        sandbox.happen(1, "startup")
        sandbox.clock.advance(2)
        wait_until(lambda: len(receiver.posts) == 2)


def test_a_named_host_is_called(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "sandbox.services.posting.socket.create_connection",
        lambda address, timeout: asked.append(address) or fail(),
    )
    monkeypatch.setattr("sandbox.services.container.Journal", lambda *_: Reports())
    sandbox = WatchedSandbox(Options(notify_hosts=("hooks.test",)))
    made = subscribe(sandbox, url="http://hooks.test:8080/x").json["subscription"]
    sandbox.happen(1, "startup")
    sandbox.clock.advance(2)
    assert notification_of(sandbox, made)["response"] == "No response: refused"
    assert asked == [("hooks.test", 8080)] * 3


def fail():
    raise ConnectionRefusedError("refused")


def test_pages_by_offset_and_by_time(sandbox):
    with Receiver() as receiver:
        made = subscribe(sandbox, url=receiver.url).json["subscription"]
        for second in (1, 2, 3):
            sandbox.happen(second, "startup")
            sandbox.clock.advance(1)
            wait_until(lambda count=second: len(receiver.posts) == count)
    path = made["links"]["notifications"]
    by_offset = sandbox.call(f"{path}?offset=0&limit=2").json
    assert by_offset["meta"]["pagination"]["total"] == 3
    assert by_offset["meta"]["pagination"]["links"]["next"].endswith("?limit=2&offset=2")
    by_time = sandbox.call(f"{path}?limit=2").json
    assert set(by_time) == {"notifications", "meta"}
    assert by_time["meta"]["pagination"]["remaining"] == 1
    assert [one["id"] for one in by_time["notifications"]] == [
        one["id"] for one in by_offset["notifications"]
    ]
    older = sandbox.call(by_time["meta"]["pagination"]["links"]["prior"]).json["notifications"]
    assert [one["eventTimestamp"] for one in older] == ["2027-01-15T08:00:01.000Z"]


def test_memory_is_bounded(sandbox, monkeypatch):
    monkeypatch.setattr("sandbox.world.notifications.MOST_KEPT", 2)
    with Receiver() as receiver:
        made = subscribe(sandbox, url=receiver.url).json["subscription"]
        for second in (1, 2, 3):
            sandbox.happen(second, "startup")
        sandbox.clock.advance(5)
        wait_until(lambda: len(receiver.posts) >= 2)
    page = sandbox.call(f"{made['links']['notifications']}?offset=0").json
    assert page["meta"]["pagination"]["total"] == 2


def test_more_than_can_wait_is_an_error(sandbox, monkeypatch):
    monkeypatch.setattr("sandbox.services.notifier.MOST_WAITING", 0)
    made = subscribe(sandbox).json["subscription"]
    sandbox.happen(1, "startup")
    sandbox.clock.advance(2)
    found = notification_of(sandbox, made)
    assert found["state"] == "error"
    assert "were waiting" in found["response"]


@pytest.mark.parametrize(
    "path",
    [f"subscriptions/{UNKNOWN}", f"notifications/{UNKNOWN}", f"subscriptions/{UNKNOWN}/notifications",
     f"events/{UNKNOWN}/notifications", f"devices/{UNKNOWN}/subscriptions"],
)  # fmt: skip
def test_what_is_not_there_is_404(sandbox, path):
    assert sandbox.call(path).status_code == 404
