"""Rules, notifications and the stream of a sandbox whose cars drive: all of them agree with the messages."""

from itertools import pairwise

import pytest
import requests

from tests.support.receiver import Receiver, wait_until
from tests.support.sandbox_process import SandboxProcess
from tests.support.stream_client import StreamClient

pytestmark = pytest.mark.contract

DAY = 24 * 3600
LIMIT = 60
FAST = {"type": "parametric", "parameter": "vehicleSpeed", "min": LIMIT}


class Driven:
    """A sandbox, its first device, and when the test began."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.device = self.get("devices?limit=1")["devices"][0]["id"]

    def get(self, path):
        url = path if path.startswith("http") else f"{self.sandbox.origin}/api/v1/{path}"
        response = requests.get(url, auth=self.sandbox.app, timeout=30)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path, body):
        url = f"{self.sandbox.origin}/api/v1/{path}"
        response = requests.post(url, json=body, auth=self.sandbox.app, timeout=30)
        assert response.status_code == 201, response.text
        return response.json()

    def advance(self, seconds):
        self.sandbox.control("POST", "/clock", {"advance_seconds": seconds})

    def all_of(self, path, key):
        """Return a whole list by time, oldest first."""
        found = []
        while path:
            page = self.get(path)
            found += page[key]
            path = page["meta"]["pagination"]["links"].get("next")
        return found

    def messages_since(self, rule):
        query = f"since={rule['createdAt']}&limit=100&sortDir=asc"
        return self.all_of(f"devices/{self.device}/messages?{query}", "messages")


@pytest.fixture(params=[(), ("--now", "2026-06-01T12:00:00Z")], ids=["now", "another time"])
def driven(request):
    """Where the time was set, lists move on once in a minute, and so does what is watched."""
    with SandboxProcess(*request.param) as sandbox:
        yield Driven(sandbox)


def crossings_in(messages):
    """Return time and type of the events that messages should bring."""
    found, before = [], None
    for message in messages:
        speed = message["data"].get("vehicleSpeed")
        if speed is not None and (speed >= LIMIT) is not before:
            before = speed >= LIMIT
            found.append((message["timestamp"], "rule-enter" if before else "rule-leave"))
    return found


def test_the_events_of_a_rule_are_the_crossings_in_the_messages(driven):
    made = {"rule": {"name": "fast", "boundaries": [FAST]}}
    rule = driven.post(f"devices/{driven.device}/rules", made)["rule"]
    for _ in range(4):
        driven.advance(DAY)
        driven.get(f"rules/{rule['id']}")
    expected = crossings_in(driven.messages_since(rule))
    path = f"devices/{driven.device}/events?type=rule-*&objectId={rule['id']}&limit=100&sortDir=asc"
    events = driven.all_of(path, "events")
    assert len(events) > 2
    found = [(event["timestamp"], event["eventType"]) for event in events]
    assert found == [one for one in expected if one[0] <= found[-1][0]]
    assert len(expected) - len(found) <= 1
    assert [event["meta"]["firstEval"] for event in events] == [True] + [False] * (len(events) - 1)
    assert all(one["eventType"] != other["eventType"] for one, other in pairwise(events))


def test_subscribers_are_told_of_what_the_list_of_events_shows(driven):
    with Receiver() as receiver:
        made = {"rule": {"name": "fast", "boundaries": [FAST]}}
        rule = driven.post(f"devices/{driven.device}/rules", made)["rule"]
        about = {"type": "rule", "id": rule["id"]}
        for fields in (
            {"eventType": "rule-*", "object": about},
            {"eventType": "trip-*"},
            {"eventType": "startup"},
        ):
            body = {"subscription": fields | {"url": receiver.url}}
            newest = driven.post(f"devices/{driven.device}/subscriptions", body)["subscription"]
        driven.advance(DAY)
        path = f"devices/{driven.device}/events?since={newest['createdAt']}&limit=100&sortDir=asc"
        listed = [
            event
            for event in driven.all_of(path, "events")
            if event["eventType"].startswith(("rule-", "trip-", "startup"))
        ]
        assert listed
        wait_until(lambda: len(receiver.posts) >= len(listed), 30)
    told = {body["event"]["id"]: body["event"] for body in receiver.bodies()}
    for event in listed:
        assert event.items() <= told[event["id"]].items()


def test_the_stream_brings_what_the_list_of_messages_shows(driven):
    with StreamClient(driven.sandbox.origin, app=driven.sandbox.app) as client:
        assert client.subscribe(driven.device)["payload"] == {"ack": True}
        made = {"rule": {"name": "a mark in time", "boundaries": [FAST]}}
        rule = driven.post(f"devices/{driven.device}/rules", made)["rule"]
        driven.advance(DAY - 60)
        listed = driven.messages_since(rule)
        assert len(listed) > 20
        for message in listed:
            message.pop("links")
        streamed = [client.receive()["payload"] for _ in listed]
    known = {message["id"]: message for message in streamed}
    assert all(known.get(message["id"], message) == message for message in listed)
    assert len(known.keys() & {message["id"] for message in listed}) >= len(listed) - 2


def test_a_trigger_of_an_odometer_fires_where_the_car_was(driven):
    """docs event-services/events, ``distance-trigger``; the subscription is told, and the event is found by its id."""
    vehicle = driven.get(f"devices/{driven.device}/vehicles/_latest")["vehicle"]["id"]
    start = driven.get(f"vehicles/{vehicle}/distances/_latest")["distance"]["value"]
    wanted = {"odometerTrigger": {"type": "from_now", "threshold": 1, "unit": "km"}}
    once = driven.post(f"vehicles/{vehicle}/odometer_triggers", wanted)["odometerTrigger"]
    wanted = {"odometerTrigger": {"type": "milestone", "threshold": 10, "unit": "km"}}
    often = driven.post(f"vehicles/{vehicle}/odometer_triggers", wanted)["odometerTrigger"]
    with Receiver() as receiver:
        about = {"subscription": {"eventType": "distance-trigger", "url": receiver.url}}
        driven.post(f"devices/{driven.device}/subscriptions", about)
        for _ in range(3):
            driven.advance(DAY)
        end = driven.get(f"vehicles/{vehicle}/distances/_latest")["distance"]["value"]
        path = f"devices/{driven.device}/events?type=distance-trigger&limit=100&sortDir=asc"
        events = driven.all_of(path, "events")
        wait_until(lambda: len(receiver.posts) >= len(events))
    assert driven.all_of(path.replace(f"devices/{driven.device}", f"vehicles/{vehicle}"), "events") == events
    (first,) = [one for one in events if one["object"]["id"] == once["id"]]
    assert first["object"]["type"] == "odometer-trigger"
    named = {name: once[name] for name in ("id", "vehicleId", "type", "threshold", "links")}
    assert first["meta"]["odometerTrigger"] == {**named, "events": 1}
    assert first["meta"]["estimatedOdometer"] == pytest.approx(start + 1000, abs=30)
    assert driven.get(first["links"]["self"])["event"] == first
    milestones = [one for one in events if one["object"]["id"] == often["id"]]
    assert len(milestones) == end // 10_000 - start // 10_000 > 0
    goals = [one["meta"]["estimatedOdometer"] for one in milestones]
    assert all(goal % 10_000 < 30 for goal in goals)
    assert goals == sorted(goals)
    assert [one["meta"]["odometerTrigger"]["events"] for one in milestones] == list(range(1, len(goals) + 1))
    fired = driven.get(f"vehicles/{vehicle}/odometer_triggers")["odometerTriggers"]
    assert {one["id"]: one["events"] for one in fired} == {once["id"]: 1, often["id"]: len(goals)}
