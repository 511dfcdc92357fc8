from urllib.parse import parse_qsl, urlsplit

import pytest

UNKNOWN = "821374c0-d6d8-41e3-9c1a-0800200c9a66"
START = "2027-01-15T08:00"


@pytest.fixture
def busy(sandbox):
    """A device with a rule, a trip, and one speed above the limit in between."""
    sandbox.rule = sandbox.add_rule()
    for second, event_type in ((1, "startup"), (1, "trip-started"), (50, "shutdown"), (50, "trip-stopped")):
        sandbox.happen(second, event_type)
    sandbox.happen(50, "trip-completed")
    for second, speed in ((10, 20), (20, 60), (30, 40)):
        sandbox.send(second, vehicleSpeed=speed, rpm=900, at=(-96.5, 32.5))
    sandbox.clock.advance(60)
    return sandbox


def events(sandbox, query="", subject=None):
    answer = sandbox.call(f"{subject or f'devices/{sandbox.device.id}'}/events{query}")
    assert answer.status_code == 200, answer.text
    assert set(answer.json) == {"events", "meta"}
    return answer.json["events"]


def types(found):
    return [event["eventType"] for event in found]


def test_events_of_drives_and_rules_are_one_list_newest_first(busy):
    assert types(events(busy)) == [
        *("trip-completed", "trip-stopped", "shutdown", "rule-leave", "rule-enter", "rule-leave"),
        *("trip-started", "startup"),
    ]
    assert types(events(busy, "?sortDir=asc")) == types(events(busy))[::-1]
    assert events(busy, subject=f"vehicles/{busy.vehicle.id}") == events(busy)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("type=rule-*", 3),
        ("type=rule", 3),
        ("type=rule-enter", 1),
        ("type=trip-*", 3),
        ("type=startup", 1),
        ("type=collision", 0),
        ("objectType=trip", 3),
        ("objectType=rule", 3),
        ("objectId=x", 0),
        ("type=&objectId=&objectType=", 8),
    ],
)
def test_filters(busy, query, count):
    assert len(events(busy, f"?{query}")) == count


def test_a_rule_links_to_its_events(busy):
    busy.add_rule({"type": "parametric", "parameter": "rpm", "max": 1000})
    answer = busy.call(busy.rule["links"]["events"]).json
    assert types(answer["events"]) == ["rule-leave", "rule-enter", "rule-leave"]
    assert {event["object"]["id"] for event in answer["events"]} == {busy.rule["id"]}


def test_an_event_of_a_rule_is_as_documented(busy):
    entered = events(busy, "?type=rule-enter")[0]
    link = f"http://127.0.0.1:9000/api/v1/events/{entered['id']}"
    meta = entered.pop("meta")
    assert entered == {
        "id": entered["id"],
        "timestamp": f"{START}:20.000Z",
        "deviceId": busy.device.id,
        "vehicleId": busy.vehicle.id,
        "eventType": "rule-enter",
        "object": {"id": busy.rule["id"], "type": "rule"},
        "links": {"self": link, "notifications": f"{link}/notifications"},
    }
    assert (meta["direction"], meta["firstEval"]) == ("enter", False)
    assert meta["rule"] == busy.rule | {"evaluated": True, "covered": True}
    assert set(meta["message"]) == {"id", "timestamp", "snapshot"}
    assert meta["message"]["snapshot"] == {
        "location": {"lat": 32.5, "lon": -96.5}, "vehicleSpeed": 60, "rpm": 900,
    }  # fmt: skip


def test_the_first_evaluation_is_marked_even_when_it_is_a_leave(busy):
    first = events(busy, "?type=rule-*")[-1]
    assert first["eventType"] == "rule-leave"
    assert first["meta"]["firstEval"] is True
    assert first["meta"]["direction"] == "leave"


def test_single_events_are_found_by_both_paths(busy):
    for event in events(busy):
        assert busy.call(event["links"]["self"]).json == {"event": event}
        assert busy.call(f"devices/{busy.device.id}/events/{event['id']}").json == {"event": event}
        assert busy.call(f"devices/{busy.other.id}/events/{event['id']}").status_code == 404


def test_events_of_a_deleted_rule_can_still_be_read(busy):
    entered = events(busy, "?type=rule-enter")[0]
    busy.call(f"rules/{busy.rule['id']}", "DELETE")
    assert busy.call(f"events/{entered['id']}").json["event"]["meta"]["rule"]["name"] == "a rule"


def test_pages_hold_together_over_equal_times(busy):
    path, seen = f"devices/{busy.device.id}/events?limit=1", []
    sizes = []
    while path:
        answer = busy.call(path).json
        seen += types(answer["events"])
        sizes.append(len(answer["events"]))
        assert answer["meta"]["pagination"]["remaining"] == 8 - len(seen)
        path = answer["meta"]["pagination"]["links"].get("prior")
        assert path is None or dict(parse_qsl(urlsplit(path).query)).keys() == {"limit", "until"}
    assert seen == types(events(busy))
    assert sizes == [3, 1, 1, 1, 2]


def test_a_link_repeats_the_callers_filters(busy):
    path = f"devices/{busy.device.id}/events?type=rule-*&limit=1&sortDir=asc"
    links = busy.call(path).json["meta"]["pagination"]["links"]
    assert dict(parse_qsl(urlsplit(links["next"]).query)).keys() == {
        *("type", "limit", "sortDir", "since", "until"),
    }
    assert types(busy.call(links["next"]).json["events"]) == ["rule-enter"]


@pytest.mark.parametrize(
    "path", [f"devices/{UNKNOWN}/events", f"events/{UNKNOWN}", f"vehicles/{UNKNOWN}/events"]
)
def test_what_is_not_there_is_404(sandbox, path):
    assert sandbox.call(path).status_code == 404


@pytest.mark.parametrize("query", ["since=soon", "limit=x", "sortDir=up"])
def test_what_makes_no_sense_is_refused(sandbox, query):
    assert sandbox.call(f"devices/{sandbox.device.id}/events?{query}").status_code == 400
