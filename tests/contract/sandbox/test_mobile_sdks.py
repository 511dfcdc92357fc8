"""What the mobile SDKs demand (strictness that the Node SDK has not), and every route that any client calls."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.support.sandbox_process import Person, SandboxProcess

pytestmark = pytest.mark.contract

NOW = "2026-11-20T18:00:00.000Z"
# android2 parses dates with this pattern and no other.
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
VIN = "VVABCDEFGH0123456"


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess("--quiet", "--now", NOW, "--devices", "45") as process:
        yield process


@pytest.fixture(scope="module")
def token(sandbox):
    callback = Person(sandbox).authorize(sandbox.authorization_url("token"))
    return dict(parse_qsl(urlsplit(callback).fragment))["access_token"]


@pytest.fixture(scope="module")
def phone(sandbox, token):
    """Call as the mobile SDKs do: with the driver's token in the header, for every service."""

    def call(method, path, body=None):
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        return requests.request(
            method, f"{sandbox.origin}/api/v1{path}", json=body, headers=headers, timeout=10
        )

    return call


@pytest.fixture(scope="module")
def ids(phone):
    """The ids of the driver's first car and of what it reported."""

    def first(path, key):
        found = phone("GET", path).json()[key]
        return (found["features"][0]["properties"] if key == "locations" else found[0])["id"]

    device = first("/devices", "devices")
    vehicle = phone("GET", f"/devices/{device}/vehicles/_latest").json()["vehicle"]["id"]
    trips = phone("GET", f"/devices/{device}/trips").json()["trips"]
    return {
        "d": device,
        "v": vehicle,
        "m": first(f"/devices/{device}/messages", "messages"),
        "e": first(f"/devices/{device}/events", "events"),
        "t": next(trip["id"] for trip in trips if trip["status"] == "completed"),
        "card": first(f"/devices/{device}/report_cards", "reportCards"),
        "collision": first(f"/devices/{device}/collisions", "collisions"),
        "code": first("/codes?number=P0420", "codes"),
        "odometer": first(f"/vehicles/{vehicle}/odometers", "odometers"),
        "r": first("/routes", "routes"),
    }


# --- one rule of the mobile SDKs after the other

ITEMS = {
    "/devices/{d}": "device",
    "/vehicles/{v}": "vehicle",
    "/devices/{d}/vehicles/_latest": "vehicle",
    "/devices/{d}/messages/{m}": "message",
    "/events/{e}": "event",
    "/trips/{t}": "trip",
    "/report_cards/{card}": "reportCard",
    "/trips/{t}/report_cards/_current": "reportCard",
    "/collisions/{collision}": "collision",
    "/codes/{code}": "code",
    "/vehicles/{v}/battery_statuses/_current": "batteryStatus",
    "/vehicles/{v}/distances/_latest": "distance",
    "/odometers/{odometer}": "odometer",
    "/routes/{r}": "route",
}
BY_OFFSET = {
    "/devices": "devices",
    "/devices/{d}/vehicles": "vehicles",
    "/devices/{d}/rules": "rules",
    "/devices/{d}/subscriptions": "subscriptions",
    "/codes?number=P0420": "codes",
    "/dummies": "dummies",
    "/routes": "routes",
}
BY_TIME = {
    "/devices/{d}/messages": "messages",
    "/devices/{d}/locations": "locations",
    "/devices/{d}/snapshots": "snapshots",
    "/devices/{d}/events": "events",
    "/devices/{d}/trips": "trips",
    "/devices/{d}/report_cards": "reportCards",
    "/devices/{d}/collisions": "collisions",
    "/vehicles/{v}/codes": "codes",
    "/vehicles/{v}/odometers": "odometers",
    "/vehicles/{v}/odometer_triggers": "odometerTriggers",
}
# The links that android2 demands of each record.
LINKS = {
    "devices": "self vehicles latestVehicle rules events subscriptions trips",
    "vehicles": "self trips codes collisions",
    "messages": "self",
    "snapshots": "self",
    "events": "self notifications",
    "reportCards": "self trip device vehicle",
    "collisions": "self device vehicle",
    "odometers": "self vehicle",
}


@pytest.mark.parametrize("path", ITEMS)
def test_an_item_has_exactly_its_one_key(path, phone, ids):
    answer = phone("GET", path.format(**ids))
    assert (answer.status_code, list(answer.json())) == (200, [ITEMS[path]])


@pytest.mark.parametrize("path", BY_OFFSET)
def test_a_page_by_offset_has_all_that_is_demanded(path, phone, ids):
    page = phone("GET", path.format(**ids)).json()
    assert set(page) == {BY_OFFSET[path], "meta"}
    pagination = page["meta"]["pagination"]
    assert {type(pagination[name]) for name in ("total", "limit", "offset")} == {int}
    assert {"first", "last"} <= set(pagination["links"])
    assert all(urlsplit(link).scheme == "http" for link in pagination["links"].values())
    check_records(page[BY_OFFSET[path]], LINKS.get(BY_OFFSET[path], ""))


@pytest.mark.parametrize("path", BY_TIME)
def test_a_page_by_time_has_all_that_is_demanded(path, phone, ids):
    page = phone("GET", path.format(**ids)).json()
    assert set(page) == {BY_TIME[path], "meta"}
    pagination = page["meta"]["pagination"]
    assert {type(pagination[name]) for name in ("remaining", "limit")} == {int}
    assert pagination["sortDir"] == "desc"
    assert DATE.fullmatch(pagination["since"])
    assert DATE.fullmatch(pagination["until"])
    found = page[BY_TIME[path]]
    check_records(found if isinstance(found, list) else [], LINKS.get(BY_TIME[path], ""))


def check_records(records, links):
    for record in records:
        assert set(links.split()) <= set(record["links"])
        assert all(urlsplit(link).scheme == "http" for link in record["links"].values())
        for name in ("timestamp", "createdAt", "start", "date", "lastStartup"):
            assert record.get(name) is None or DATE.fullmatch(record[name]), (name, record[name])


def test_a_location_has_no_values_if_none_was_asked_for(phone, ids):
    page = phone("GET", f"/devices/{ids['d']}/locations?fields=").json()
    assert page["locations"]["type"] == "FeatureCollection"
    assert [feature["properties"]["data"] for feature in page["locations"]["features"]] == [{}] * 20


def test_a_rule_has_its_object(phone, ids):
    body = {"rule": {"name": "fast", "boundaries": [{"type": "parametric", "parameter": "rpm", "min": 3000}]}}
    made = phone("POST", f"/devices/{ids['d']}/rules", body)
    assert made.status_code == 201, made.text
    rule = made.json()["rule"]
    assert rule["object"] == {"type": "device", "id": ids["d"]}
    listed = phone("GET", f"/devices/{ids['d']}/rules").json()["rules"]
    assert [one["object"] for one in listed if one["id"] == rule["id"]] == [rule["object"]]
    assert phone("DELETE", f"/rules/{rule['id']}").status_code == 204


def test_what_is_not_there_is_null_and_no_error(phone, sandbox):
    """A car that never drove has no vehicle; a dummy that stands has no run."""
    app = sandbox.app
    origin = f"{sandbox.origin}/api/v1"
    devices = requests.get(f"{origin}/devices?limit=100", auth=app, timeout=10).json()["devices"]
    latest = [
        requests.get(f"{origin}/devices/{device['id']}/vehicles/_latest", auth=app, timeout=10)
        for device in devices
    ]
    assert {answer.status_code for answer in latest} == {200}
    assert {"vehicle": None} in [answer.json() for answer in latest]
    made = phone("POST", "/dummies", {"dummy": {"name": "still"}}).json()
    run = phone("GET", f"/dummies/{made['dummy']['id']}/runs/_current")
    assert (run.status_code, run.json()) == (200, {"run": None})


def test_the_web_view_is_led_to_the_redirect_uri_by_a_real_navigation(sandbox):
    """The SDKs watch for the first address that begins with the redirect URI, and read its fragment."""
    url = sandbox.authorization_url("token")
    redirect_uri = dict(parse_qsl(urlsplit(url).query))["redirect_uri"]
    callback = Person(sandbox).authorize(url)
    assert callback.startswith(f"{redirect_uri}#")
    assert "access_token" in dict(parse_qsl(urlsplit(callback).fragment))


# --- every route that any client calls

READS = {
    "platform": "/devices /devices/{d} /devices/{d}/vehicles /devices/{d}/vehicles/_latest /vehicles/{v} "
    "/devices/{d}/capabilities /vehicles /transactions",
    "telemetry": "/devices/{d}/messages /devices/{d}/locations /devices/{d}/snapshots /vehicles/{v}/messages "
    "/vehicles/{v}/locations /vehicles/{v}/snapshots /devices/{d}/messages/{m} /messages/{m} "
    "/messages/{m}?deviceId={d}",
    "events": "/devices/{d}/events /vehicles/{v}/events /events/{e} /devices/{d}/events/{e} "
    "/events/{e}/notifications /devices/{d}/subscriptions /vehicles/{v}/subscriptions /subscriptions/{s} "
    "/subscriptions/{s}/notifications",
    "rules": "/devices/{d}/rules /vehicles/{v}/rules /rules/{rule}",
    "trips": "/devices/{d}/trips /vehicles/{v}/trips /trips/{t}",
    "behavioral": "/devices/{d}/report_cards /vehicles/{v}/report_cards /report_cards/{card} "
    "/devices/{d}/report_cards/overall /trips/{t}/report_cards/_current /trips/{t}/report_card",
    "safety": "/devices/{d}/collisions /vehicles/{v}/collisions /collisions/{collision}",
    "diagnostic": "/vehicles/{v}/codes /codes /codes/{code} /vehicles/{v}/battery_statuses/_current",
    "distance": "/vehicles/{v}/distances /vehicles/{v}/distances/_best /vehicles/{v}/distances/_latest "
    "/vehicles/{v}/odometers /odometers/{odometer} /vehicles/{v}/odometer_triggers /odometer_triggers/{trigger}",
    "dummies": "/dummies /dummies/{y} /routes /routes/{r} /dummies/{y}/runs/_current",
}


@pytest.fixture(scope="module")
def made(sandbox, ids):
    """What clients make before they ask for it."""
    origin = f"{sandbox.origin}/api/v1"

    def make(path, kind, **fields):
        answer = requests.post(f"{origin}{path}", json={kind: fields}, auth=sandbox.app, timeout=10)
        assert answer.status_code == 201, answer.text
        return answer.json()[kind]["id"]

    boundaries = [{"type": "parametric", "parameter": "rpm", "min": 3000}]
    hook = "http://127.0.0.1:9/hook"
    return ids | {
        "rule": make(f"/devices/{ids['d']}/rules", "rule", name="fast", boundaries=boundaries),
        "s": make(f"/devices/{ids['d']}/subscriptions", "subscription", eventType="startup", url=hook),
        "trigger": make(
            f"/vehicles/{ids['v']}/odometer_triggers",
            "odometerTrigger",
            type="milestone",
            threshold=1000,
            unit="km",
        ),
        "y": make("/dummies", "dummy", name="of all routes"),
    }


@pytest.mark.parametrize(
    ("service", "path"), [(service, path) for service, paths in READS.items() for path in paths.split()]
)
def test_every_route_is_there_and_at_no_other_services_host(service, path, sandbox, token, made):
    # Only iOS asks for these, and with a token.
    bearer = {"Authorization": f"Bearer {token}"}
    of_driver = path in {"/vehicles", "/devices/{d}/capabilities"}

    def ask(host):
        return requests.get(
            f"{sandbox.origin}/api/v1{path.format(**made)}",
            headers={"Host": f"{host}.localhost:9000"} | (bearer if of_driver else {}),
            auth=None if of_driver else sandbox.app,
            timeout=10,
        )

    answer = ask(service)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("application/json")
    assert ask("auth" if service != "auth" else "platform").status_code == 404


WRITES = {
    ("PUT", "/subscriptions/{s}"): ({"subscription": {"url": "http://127.0.0.1:9/new", "appData": "x"}}, 200),
    ("PUT", "/devices/{d}/subscriptions/{s}"): ({"subscription": {"url": "http://127.0.0.1:9/newer"}}, 200),
    ("POST", "/vehicles/{v}/subscriptions"): (
        {"subscription": {"eventType": "startup", "url": "http://127.0.0.1:9/"}},
        201,
    ),
    ("POST", "/vehicles/{v}/rules"): (
        {"rule": {"name": "r", "boundaries": [{"type": "parametric", "parameter": "rpm", "max": 900}]}},
        201,
    ),
    ("POST", "/vehicles/{v}/odometers"): ({"odometer": {"reading": 900000, "unit": "km"}}, 201),
    ("POST", "/dummies/{y}/runs"): ({"run": {"vin": VIN, "routeId": "{r}", "repeat": "false"}}, 201),
    ("DELETE", "/dummies/{y}/runs/_current"): (None, 204),
    ("DELETE", "/dummies/{y}"): (None, 204),
    ("DELETE", "/subscriptions/{s}"): (None, 204),
    ("DELETE", "/rules/{rule}"): (None, 204),
    ("DELETE", "/odometer_triggers/{trigger}"): (None, 204),
    ("DELETE", "/odometers/{odometer}"): (None, 204),
}


def test_every_route_that_changes_something_is_there(sandbox, made):
    for (method, path), (body, status) in WRITES.items():
        if body and "run" in body:
            body["run"]["routeId"] = made["r"]
        answer = requests.request(
            method, f"{sandbox.origin}/api/v1{path.format(**made)}", json=body, auth=sandbox.app, timeout=10
        )
        assert answer.status_code == status, (method, path, answer.text)
        if status == 201:
            assert list(answer.json()) == list(body)
