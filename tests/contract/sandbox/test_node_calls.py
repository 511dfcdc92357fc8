"""The calls of vinli-node 5.0.0, row by row: what it sends, and what it needs in the reply.

The SDK is run as it is by nobody here. Each call is made as its source makes it: with its headers, its query and its
body. The numbers are those of the SDK's methods in the order of its README: app, device, vehicle, trip, and so on.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.support.sandbox_process import Person, SandboxProcess

pytestmark = pytest.mark.contract

NOW = "2026-11-20T18:00:00.000Z"
BOUNDARIES = [{"type": "parametric", "parameter": "rpm", "min": 3000}]
# What vinli-node lets pass in the links of a list by offset, and of one by time.
OFFSET_LINK, TIME_LINK = {"offset", "limit"}, {"limit", "since", "until"}


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess("--quiet", "--now", NOW, "--devices", "45") as process:
        yield process


class Node:
    """vinli-node's way to call: no Accept and no Content-Type with GET and DELETE, both with POST."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.headers.clear()
        self.auth = sandbox.app
        # After one call with a unit, the header is on every later request of the same client object.
        self.headers = {"x-vinli-unit": "mi"}

    def __call__(self, method, path, body=None, *, status=200, auth=True, **options):
        url = path if path.startswith("http") else self.sandbox.origin + path
        headers = dict(self.headers)
        if body is not None:
            headers |= {"Accept": "application/json", "Content-Type": "application/json"}
        answer = self.session.request(
            method,
            url,
            json=body,
            headers=headers,
            auth=self.auth if auth is True else auth,
            timeout=10,
            **options,
        )
        assert answer.status_code == status, answer.text
        assert answer.headers.get("Content-Type", "application/json").startswith("application/json")
        return answer.json() if answer.content else ""

    def get(self, path, **options):
        return self("GET", f"/api/v1{path}", **options)


@pytest.fixture(scope="module")
def node(sandbox):
    return Node(sandbox)


@pytest.fixture(scope="module")
def ids(node):
    """The ids of one car and of what it reported."""
    device = node.get("/devices")["devices"][0]["id"]
    vehicle = node.get(f"/devices/{device}/vehicles/_latest")["vehicle"]["id"]
    trip = next(one for one in node.get(f"/devices/{device}/trips")["trips"] if one["status"] == "completed")

    def first(path, key):
        return node.get(path)[key][0]["id"]

    return {
        "device": device,
        "vehicle": vehicle,
        "trip": trip["id"],
        "message": first(f"/devices/{device}/messages", "messages"),
        "event": first(f"/devices/{device}/events", "events"),
        "code": node.get(f"/vehicles/{vehicle}/codes")["codes"][0]["links"]["code"].rpartition("/")[2],
        "collision": first(f"/vehicles/{vehicle}/collisions", "collisions"),
        "report_card": first(f"/devices/{device}/report_cards", "reportCards"),
        "odometer": first(f"/vehicles/{vehicle}/odometers", "odometers"),
    }


# The call, its path and query, the key of the list, and what its meta has to count by.
PAGES = {
    "1 App.devices": ("/devices", "devices", "total"),
    "2 App.devices limit": ("/devices?offset=0&limit=2", "devices", "total"),
    "9 device.vehicles": ("/devices/{device}/vehicles", "vehicles", "total"),
    "11 device.messages": ("/devices/{device}/messages?limit=20", "messages", "remaining"),
    "13 device.snapshots": (
        "/devices/{device}/snapshots?limit=20&fields=rpm%2CvehicleSpeed",
        "snapshots",
        "remaining",
    ),
    "14 device.locations": ("/devices/{device}/locations?limit=20&fields=", "locations", "remaining"),
    "16 device.events": ("/devices/{device}/events?limit=20", "events", "remaining"),
    "17 device.trips": ("/devices/{device}/trips?limit=20", "trips", "remaining"),
    "17 vehicle.trips": ("/vehicles/{vehicle}/trips?limit=20", "trips", "remaining"),
    "18 device.reportCards": ("/devices/{device}/report_cards?limit=20", "reportCards", "remaining"),
    "18 vehicle.reportCards": ("/vehicles/{vehicle}/report_cards?limit=20", "reportCards", "remaining"),
    "19 device.rules": ("/devices/{device}/rules?offset=0&limit=20", "rules", "total"),
    "22 device.subscriptions": ("/devices/{device}/subscriptions?limit=20", "subscriptions", "total"),
    "23 device.collisions": ("/devices/{device}/collisions?limit=20", "collisions", "remaining"),
    "23 vehicle.collisions": ("/vehicles/{vehicle}/collisions?limit=20", "collisions", "remaining"),
    "25 vehicle.codes": ("/vehicles/{vehicle}/codes?limit=20", "codes", "remaining"),
    "26 vehicle.activeCodes": ("/vehicles/{vehicle}/codes?state=active&limit=20", "codes", "remaining"),
    "26 vehicle.inactiveCodes": ("/vehicles/{vehicle}/codes?state=inactive&limit=20", "codes", "remaining"),
    "27 vehicle.odometers": ("/vehicles/{vehicle}/odometers?limit=20", "odometers", "remaining"),
    "29 vehicle.odometerTriggers": ("/vehicles/{vehicle}/odometer_triggers", "odometerTriggers", "remaining"),
    "39 Code.search": ("/codes?number=P0101&offset=0&limit=20", "codes", "total"),
    "a Date as since": ("/devices/{device}/messages?limit=20&since=&until=", "messages", "remaining"),
    "no page at all": ("/devices?offset=0&limit=0", "devices", "total"),
    "no message at all": ("/devices/{device}/messages?limit=0", "messages", "remaining"),
    "past the end": ("/devices?offset=1000&limit=20", "devices", "total"),
}


def list_of(page, key):
    found = page[key]
    return found["features"] if key == "locations" else found


@pytest.mark.parametrize("call", PAGES)
def test_a_list_has_what_the_sdk_reads_of_it(call, node, ids):
    path, key, count = PAGES[call]
    page = node.get(path.format(**ids))
    assert set(page) == {key, "meta"}
    pagination = page["meta"]["pagination"]
    assert type(pagination[count]) is int
    assert ("total" in pagination) is (count == "total")
    links = pagination["links"]
    assert type(links) is dict, "the SDK makes a method of each link"
    assert all(type(link) is str and link for link in links.values())
    assert set(links) <= {"first", "last", "next", "prev", "prior"}
    asked = dict(parse_qsl(path.partition("?")[2]))
    allowed = (OFFSET_LINK if count == "total" else TIME_LINK) | (
        asked.keys() & {"fields", "state", "number"}
    )
    for link in links.values():
        assert {name for name, _ in parse_qsl(urlsplit(link).query)} <= allowed
        assert urlsplit(link).path == f"/api/v1{path.partition('?')[0].format(**ids)}"
    for name in ("total", "limit", "offset", "remaining"):
        assert type(pagination.get(name, 0)) is int
    if int(asked.get("limit", 1)) == 0:
        assert list_of(page, key) == []
    for one in list_of(page, key):
        links = one.get("links", {}) if key != "locations" else one["properties"]["links"]
        assert all(type(link) is str for link in links.values())


@pytest.mark.parametrize("call", PAGES)
def test_every_hop_of_a_list_works_with_the_query_of_its_link_alone(call, node, ids):
    path, key, count = PAGES[call]
    address = path.format(**ids).partition("?")[0]
    page, seen = node.get(path.format(**ids)), []
    for _ in range(4):
        seen += [str(one.get("id") or one["properties"]["id"]) for one in list_of(page, key)]
        link = page["meta"]["pagination"]["links"].get("next" if count == "total" else "prior")
        if link is None:
            break
        page = node.get(f"{address}?{urlsplit(link).query}")
    if "vehicles" not in call:  # a vehicle that was plugged in again is listed again
        assert len(set(seen)) == len(seen)


# The call, its path, the key of the item, and fields that the SDK or its callers read.
ITEMS = {
    "8 Device.fetch": ("/devices/{device}", "device", {"id", "chipId", "createdAt", "links"}),
    "10 device.latestVehicle": ("/devices/{device}/vehicles/_latest", "vehicle", {"id", "vin", "links"}),
    "12 device.message": ("/devices/{device}/messages/{message}", "message", {"id", "timestamp", "data"}),
    "24 Vehicle.fetch": ("/vehicles/{vehicle}", "vehicle", {"id", "vin", "year", "make", "model", "links"}),
    "32 vehicle.bestDistance": (
        "/vehicles/{vehicle}/distances/_best",
        "distance",
        {"value", "confidenceMin"},
    ),
    "33 Trip.fetch": ("/trips/{trip}", "trip", {"id", "start", "stop", "vehicleId", "deviceId", "links"}),
    "38 Code.fetch": ("/codes/{code}", "code", {"id", "number", "description", "make", "system"}),
    "40 Event.fetch": ("/events/{event}", "event", {"id", "timestamp", "eventType", "links"}),
    "47 Collision.fetch": ("/collisions/{collision}", "collision", {"id", "timestamp", "location", "links"}),
    "48 ReportCard.fetch": ("/report_cards/{report_card}", "reportCard", {"id", "grade", "tripId", "links"}),
    "49 Odometer.fetch": ("/odometers/{odometer}", "odometer", {"id", "reading", "date", "links"}),
}


@pytest.mark.parametrize("call", ITEMS)
def test_an_item_has_exactly_its_key_and_what_the_sdk_reads(call, node, ids):
    path, key, fields = ITEMS[call]
    found = node.get(path.format(**ids))
    assert set(found) == {key}
    assert fields <= set(found[key])
    assert all(type(link) is str and link.startswith("http") for link in found[key].get("links", {}).values())


@pytest.mark.parametrize(
    "path", ["/devices/{}", "/vehicles/{}", "/trips/{}", "/rules/{}", "/subscriptions/{}"]
)
def test_what_is_not_there_rejects_with_status_error_and_message(path, node):
    """N9: the SDK shows ``message``, and its callers read ``statusCode``."""
    error = node.get(path.format("821374c0-d6d8-41e3-9c1a-0800200c9a66"), status=404)
    assert error["statusCode"] == 404
    assert error["error"] == "Not Found"
    assert error["message"]


@pytest.mark.parametrize(
    "device",
    [{"id": "0fb5b7f4-0b0e-4c9a-9c0d-000000000077"}, {"caseId": "VNL999"}],
)
def test_a_device_is_added_and_removed(device, node):
    """Rows 3 and 4."""
    made = node("POST", "/api/v1/devices", {"device": device}, status=201)["device"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made["id"])
    assert node.get(f"/devices/{made['id']}")["device"]["id"] == made["id"]
    assert node("DELETE", f"/api/v1/devices/{made['id']}", status=204) == ""
    node.get(f"/devices/{made['id']}", status=404)


@pytest.fixture(scope="module")
def token(node, sandbox):
    """Row 5: the code is exchanged with a JSON body and the client's Basic."""
    callback = Person(sandbox).authorize(sandbox.authorization_url())
    body = {
        "code": dict(parse_qsl(urlsplit(callback).query))["code"],
        "redirect_uri": sandbox.credentials["redirect_uri"],
        "grant_type": "authorization_code",
    }
    return node("POST", "/oauth/token", body, auth=sandbox.client)["access_token"]


def test_a_user_and_the_users_devices(node, token):
    """Rows 6 and 7: reads of the auth service have no Authorization header (N2)."""
    user = node("GET", f"/api/v1/users/_current?access_token={token}", auth=None)["user"]
    assert {"id", "firstName", "lastName", "email"} <= set(user)
    found = node("GET", f"/user/devices?access_token={token}", auth=None)
    assert "meta" not in found
    assert all({"id", "name", "icon"} <= set(one) for one in found["devices"])


SERVICES = {
    "platform": "/devices",
    "telemetry": "/devices/{device}/messages?limit=1",
    "events": "/devices/{device}/events?limit=1",
    "rules": "/devices/{device}/rules",
    "trips": "/devices/{device}/trips?limit=1",
    "behavioral": "/devices/{device}/report_cards?limit=1",
    "safety": "/devices/{device}/collisions?limit=1",
    "diagnostic": "/vehicles/{vehicle}/codes?limit=1",
    "distance": "/vehicles/{vehicle}/odometers?limit=1",
}


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_takes_an_apps_basic_and_a_users_bearer(service, node, token, sandbox):
    """N1. The driver's own car is asked for, which the app sees too."""
    bearer = {"Authorization": f"Bearer {token}"}
    own = requests.get(f"{sandbox.origin}/api/v1/devices", headers=bearer, timeout=10).json()["devices"][0][
        "id"
    ]
    vehicle = node.get(f"/devices/{own}/vehicles/_latest")["vehicle"]["id"]
    path = f"/api/v1{SERVICES[service].format(device=own, vehicle=vehicle)}"
    assert requests.get(sandbox.origin + path, headers=bearer, timeout=10).status_code == 200
    assert node("GET", path)
    host = {"Host": f"{service}.localhost:9000"}
    assert requests.get(sandbox.origin + path, headers=bearer | host, timeout=10).status_code == 200, "N12"


def test_the_fields_of_a_list_stay_in_its_link(node, ids):
    """Row 15: ``prior`` of locations and snapshots takes ``fields`` from the link."""
    for kind in ("snapshots", "locations"):
        page = node.get(f"/devices/{ids['device']}/{kind}?limit=2&fields=rpm")
        link = page["meta"]["pagination"]["links"]["prior"]
        assert dict(parse_qsl(urlsplit(link).query))["fields"] == "rpm"
        page = node("GET", link)
        for one in list_of(page, kind):
            assert set((one.get("data") or one["properties"]["data"]).keys()) == {"rpm"}


def test_rules_and_their_subscriptions(node, ids):
    """Rows 19 to 22, 41 to 46."""
    device = ids["device"]
    made = node(
        "POST",
        f"/api/v1/devices/{device}/rules",
        {"rule": {"name": "High", "boundaries": BOUNDARIES}},
        status=201,
    )
    rule = made["rule"]
    assert "boundaries" not in node.get(f"/devices/{device}/rules?offset=0&limit=20")["rules"][0]
    fetched = node.get(f"/rules/{rule['id']}")["rule"]
    assert fetched["deviceId"] == device
    assert fetched["boundaries"][0]["parameter"] == "rpm"
    assert "max" not in fetched["boundaries"][0]
    assert node("GET", fetched["links"]["self"])["rule"]["boundaries"] == fetched["boundaries"]
    body = {
        "eventType": "rule-enter",
        "url": "http://127.0.0.1:9/",
        "object": {"type": "rule", "id": rule["id"]},
    }
    of_rule = node("POST", f"/api/v1/devices/{device}/subscriptions", {"subscription": body}, status=201)[
        "subscription"
    ]
    plain = {"eventType": "startup", "url": "http://127.0.0.1:9/", "appData": '{"a": 1}'}
    other = node("POST", f"/api/v1/devices/{device}/subscriptions", {"subscription": plain}, status=201)[
        "subscription"
    ]
    assert other["appData"] == plain["appData"]
    page = node.get(f"/devices/{device}/subscriptions?objectType=rule&objectId={rule['id']}")
    assert [one["id"] for one in page["subscriptions"]] == [of_rule["id"]]
    assert page["meta"]["pagination"]["total"] == 1
    assert node.get(f"/devices/{device}/subscriptions?limit=20")["meta"]["pagination"]["total"] == 2
    told = node.get(f"/subscriptions/{other['id']}/notifications?offset=0&limit=20")
    assert type(told["meta"]["pagination"]["total"]) is int
    for link in told["meta"]["pagination"]["links"].values():
        assert {name for name, _ in parse_qsl(urlsplit(link).query)} <= OFFSET_LINK
    for path in (f"/subscriptions/{of_rule['id']}", f"/subscriptions/{other['id']}", f"/rules/{rule['id']}"):
        assert node.get(path)
        assert node("DELETE", f"/api/v1{path}", status=204) == ""
        node.get(path, status=404)


def test_odometers_triggers_and_distances(node, ids):
    """Rows 27 to 32, 49, 50. The unit of the header is that of distances alone (N8)."""
    path = f"/api/v1/vehicles/{ids['vehicle']}"
    best = node("GET", f"{path}/distances/_best")["distance"]
    assert best["unit"] == "mi"
    metres = Node(node.sandbox)
    metres.headers = {}
    assert metres("GET", f"{path}/distances/_best")["distance"]["value"] == pytest.approx(
        best["value"] * 1609.344, rel=1e-6
    )
    found = node("GET", f"{path}/distances?since=2026-11-01T00%3A00%3A00.000Z")["distances"]
    assert all({"confidenceMin", "confidenceMax", "value", "lastOdometerDate"} <= set(one) for one in found)
    reading = {"reading": best["value"] + 1, "unit": "mi", "date": NOW}
    made = node("POST", f"{path}/odometers", {"odometer": reading}, status=201)["odometer"]
    assert made["reading"] == pytest.approx(reading["reading"] * 1609.344)
    trigger = {"type": "milestone", "threshold": 5000, "unit": "km"}
    set_one = node("POST", f"{path}/odometer_triggers", {"odometerTrigger": trigger}, status=201)[
        "odometerTrigger"
    ]
    assert (set_one["type"], set_one["threshold"], set_one["events"]) == ("milestone", 5_000_000, 0)
    for kind, one in (("odometers", made), ("odometer_triggers", set_one)):
        key = {"odometers": "odometer", "odometer_triggers": "odometerTrigger"}[kind]
        assert node.get(f"/{kind}/{one['id']}")[key]["id"] == one["id"]
        assert node("DELETE", f"/api/v1/{kind}/{one['id']}", status=204) == ""
        node.get(f"/{kind}/{one['id']}", status=404)


def test_a_trip_leads_to_its_locations_and_messages(node, ids):
    """Rows 33 to 37: the links are asked for as they are, ``all`` with more parameters behind an ampersand."""
    trip = node.get(f"/trips/{ids['trip']}")["trip"]
    assert "snapshots" not in trip["links"]
    assert "?" in trip["links"]["locations"]
    features = node("GET", trip["links"]["locations"])["locations"]["features"]
    assert features
    assert node("GET", trip["links"]["messages"])["messages"]
    everything, page = [], node("GET", f"{trip['links']['locations']}&limit=100&fields=rpm")
    while True:
        everything += page["locations"]["features"]
        link = page["meta"]["pagination"]["links"].get("prior")
        if link is None:
            break
        asked = dict(parse_qsl(urlsplit(link).query))
        assert (asked["fields"], asked["limit"], "since" in asked) == ("rpm", "100", True)
        page = node("GET", link)
    moments = [one["properties"]["timestamp"] for one in everything]
    assert moments == sorted(moments, reverse=True)
    assert trip["start"] < moments[-1]
    assert moments[0] <= trip["stop"]
    assert abs(len(everything) - trip["stats"]["locationCount"]) <= 1
