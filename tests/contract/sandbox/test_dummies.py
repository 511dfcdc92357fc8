"""Virtual Vinli over HTTP: dummies, routes, runs, and what follows from a run as for any car."""

from __future__ import annotations

import itertools
import time
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.support.receiver import Receiver, wait_until
from tests.support.sandbox_process import Person, SandboxProcess

pytestmark = pytest.mark.contract

VIN = "VV0123456789ABCDE"
BLOCK = "a9f09ad2-05d6-4b8d-b218-2e65a3229e8e"
# The documented routes: messages, positions, metres by positions and by speed, milliseconds.
DOCUMENTED = {
    "8e90cf47-c6c1-486d-9ba8-194f569c7309": (28, 28, 387.85, 446.427, 86843),
    BLOCK: (43, 43, 588.761, 625.607, 135665),
    "64803498-cc0d-4724-99ef-e0d32d527670": (139, 120, 4506.49, 8904.45, 499277),
    "7e582c36-281c-4551-b54a-0a49cadcb665": (88, 88, 1718.89, 1808.95, 1615955),
    "502361fb-a5aa-46c4-a565-064b7bea2ba1": (39, 39, 381.036, 383.402, 123626),
    "072ef6be-688c-4116-bbcf-dd046531b648": (38, 38, 702.972, 701.821, 119370),
    "377d7edc-ba9f-4d4c-a898-7c955f8d4eb6": (23, 23, 416.802, 436.012, 73684),
    "3914d927-efae-43e8-9a00-5bffb1cae110": (200, 200, 13165.6, 8558.36, 600001),
    "170820b0-fc2d-4ee6-aacd-88011d542545": (277, 260, 9357.61, 9596.56, 957793),
}


@pytest.fixture
def sandbox():
    with SandboxProcess("--quiet", "--pace", "20") as process:
        yield process


@pytest.fixture
def call(sandbox):
    session = requests.Session()
    session.auth = sandbox.app

    def call(method, path, status=200, **options):
        url = path if path.startswith("http") else f"{sandbox.origin}/api/v1{path}"
        answer = session.request(method, url, timeout=10, **options)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    return call


@pytest.fixture
def dummy(call):
    return call("POST", "/dummies", 201, json={"dummy": {"name": "YourDummyName"}})["dummy"]


def start(call, dummy, route=BLOCK, **more):
    return call(
        "POST", f"/dummies/{dummy['id']}/runs", 201, json={"run": {"vin": VIN, "routeId": route} | more}
    )["run"]


def finished(call, dummy):
    deadline = time.monotonic() + 30
    while call("GET", f"/dummies/{dummy['id']}/runs/_current")["run"] is not None:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_the_documented_routes_are_there_and_our_own(call):
    page = call("GET", "/routes?limit=100")
    routes = {route["id"]: route for route in page["routes"]}
    for route_id, numbers in DOCUMENTED.items():
        route = routes[route_id]
        names = ("messageCount", "locationCount", "distanceByGPS", "distanceByVSS", "duration")
        assert tuple(route[name] for name in names) == numbers
        assert call("GET", f"/routes/{route_id}") == {"route": route}
        assert len(route["preview"]) > 20
    assert page["meta"]["pagination"]["total"] == len(routes) > len(DOCUMENTED)


def test_an_app_has_at_most_five_dummies(call):
    made = [call("POST", "/dummies", 201, json={"dummy": {"name": f"d{n}"}})["dummy"] for n in range(5)]
    call("POST", "/dummies", 409, json={"dummy": {"name": "one more"}})
    listed = call("GET", "/dummies?limit=100")
    assert [one["id"] for one in listed["dummies"]] == [one["id"] for one in made[::-1]]
    for one in made:
        assert call("GET", one["links"]["self"]) == {"dummy": one}
        assert call("GET", one["links"]["device"])["device"]["virtual"] is True
        assert call("GET", one["links"]["messages"])["messages"] == []
    call("DELETE", f"/dummies/{made[0]['id']}", 204)
    call("GET", made[0]["links"]["device"], 404)
    call("POST", "/dummies", 201, json={"dummy": {"name": "a new one"}})


def test_a_run_sends_messages_and_a_trip_follows(call, dummy):
    assert call("GET", f"/dummies/{dummy['id']}/runs/_current") == {"run": None}
    run = start(call, dummy)
    assert run["status"]["routeId"] == BLOCK
    assert run["status"]["totalMessages"] == 43
    time.sleep(1.5)
    status = call("GET", run["links"]["self"])["run"]["status"]
    assert status["state"] == "running"
    assert 0 < status["sentMessages"] < 43
    assert status["sentMessages"] + status["remainingMessages"] == 43
    assert 0 < status["remainingSeconds"] < 7
    device = dummy["deviceId"]
    trip = call("GET", f"/devices/{device}/trips")["trips"][0]
    assert trip["status"] == "inProgress"
    finished(call, dummy)
    (trip,) = call("GET", f"/devices/{device}/trips")["trips"]
    assert trip["status"] == "completed"
    assert trip["stats"]["messageCount"] == 43
    assert trip["stats"]["distance"] == pytest.approx(588.761, rel=0.01)
    assert trip["stats"]["duration"] == pytest.approx(135665 / 20, abs=5)
    kinds = [event["eventType"] for event in call("GET", f"/devices/{device}/events")["events"]]
    assert kinds == ["trip-completed", "trip-stopped", "shutdown", "trip-started", "startup"]
    vehicle = call("GET", f"/devices/{device}/vehicles/_latest")["vehicle"]
    assert vehicle["vin"] == VIN
    assert call("GET", f"/vehicles/{vehicle['id']}/trips")["trips"] == [trip]
    messages = call("GET", f"/devices/{device}/messages?limit=100")["messages"]
    assert len(messages) == 43
    assert call("GET", f"/messages/{messages[0]['id']}")["message"] == messages[0]


def test_a_run_is_stopped_and_its_trip_ends(call, dummy):
    start(call, dummy, repeat=True)
    time.sleep(1)
    call("DELETE", f"/dummies/{dummy['id']}/runs/_current", 204)
    assert call("GET", f"/dummies/{dummy['id']}/runs/_current") == {"run": None}
    (trip,) = call("GET", f"/devices/{dummy['deviceId']}/trips")["trips"]
    assert trip["status"] == "completed"
    assert 1 < trip["stats"]["messageCount"] < 43
    call("DELETE", f"/dummies/{dummy['id']}/runs/_current", 204)


def test_a_run_that_repeats_makes_trip_after_trip(call, sandbox, dummy):
    sandbox.control("POST", "/pace", {"pace": 100})
    start(call, dummy, repeat="true")
    time.sleep(3.5)
    status = call("GET", f"/dummies/{dummy['id']}/runs/_current")["run"]["status"]
    assert status["repeat"] is True
    assert status["repeatCount"] >= 1
    trips = call("GET", f"/devices/{dummy['deviceId']}/trips")["trips"]
    assert len(trips) == status["repeatCount"] + 1 or len(trips) == status["repeatCount"] + 2
    assert len({trip["id"] for trip in trips}) == len(trips)


def test_a_rule_fires_on_a_run(call, dummy):
    rule = {"name": "moving", "boundaries": [{"type": "parametric", "parameter": "vehicleSpeed", "min": 15}]}
    made = call("POST", f"/devices/{dummy['deviceId']}/rules", 201, json={"rule": rule})["rule"]
    start(call, dummy)
    finished(call, dummy)
    events = call("GET", f"/devices/{dummy['deviceId']}/events?type=rule-*&objectId={made['id']}&limit=100")[
        "events"
    ]
    directions = [event["meta"]["direction"] for event in events]
    assert "enter" in directions
    assert all(one != other for one, other in itertools.pairwise(directions)), "in turns"


@pytest.mark.parametrize(
    "run",
    [
        {"vin": "1FMCU0GX1LG447879", "routeId": BLOCK},
        {"vin": "VV12", "routeId": BLOCK},
        {"vin": "VVI23456789ABCDEF", "routeId": BLOCK},
        {"vin": VIN, "routeId": "nowhere"},
        {"vin": VIN},
        {"vin": VIN, "routeId": BLOCK, "repeat": "maybe"},
        {"vin": VIN, "routeId": BLOCK, "repeat": 3},
        {"routeId": BLOCK},
        {},
    ],
)
def test_a_run_that_cannot_be_is_400(run, call, dummy):
    assert call("POST", f"/dummies/{dummy['id']}/runs", 400, json={"run": run})["statusCode"] == 400


def test_what_is_not_there_and_who_may_not(call, sandbox):
    for path in ("/dummies/x", "/routes/x", "/dummies/x/runs/_current"):
        call("GET", path, 404)
    for path in ("/dummies", "/routes"):
        assert requests.get(f"{sandbox.origin}/api/v1{path}", timeout=10).status_code == 401


def test_a_driver_has_the_dummies_of_their_account(call, sandbox, dummy):
    """The mobile SDKs send nothing but a driver's token; a dummy is in an account once it was added by its case."""

    def tokens(email=None):
        callback = Person(sandbox, email).authorize(sandbox.authorization_url("token"))
        return {"Authorization": "Bearer " + dict(parse_qsl(urlsplit(callback).fragment))["access_token"]}

    def ask(method, path, headers, **options):
        return requests.request(
            method, f"{sandbox.origin}/api/v1{path}", headers=headers, timeout=10, **options
        )

    def names(headers):
        return [one["name"] for one in ask("GET", "/dummies", headers).json()["dummies"]]

    one, other = tokens(), tokens("driver2@example.com")
    assert names(one) == []
    assert ask("GET", f"/dummies/{dummy['id']}", one).status_code == 404
    person = Person(sandbox)
    person.sign_in()
    form = {"device[caseId]": (None, dummy["caseId"]), "device[name]": (None, "mine")}
    added = person.session.post(f"{sandbox.origin}/api/v1/devices", files=form, timeout=10)
    assert (added.status_code, added.json()["device"]["id"]) == (201, dummy["deviceId"])
    own = ask("POST", "/dummies", one, json={"dummy": {"name": "a driver's own"}})
    assert own.status_code == 201
    assert names(one) == ["a driver's own", "YourDummyName"]
    assert names(other) == []
    run = {"run": {"vin": VIN, "routeId": BLOCK, "repeat": "true"}}
    assert ask("POST", f"/dummies/{dummy['id']}/runs", other, json=run).status_code == 404
    assert ask("POST", f"/dummies/{dummy['id']}/runs", one, json=run).status_code == 201
    devices = [device["id"] for device in ask("GET", "/devices", one).json()["devices"]]
    assert {dummy["deviceId"], own.json()["dummy"]["deviceId"]} <= set(devices)
    assert ask("DELETE", f"/dummies/{own.json()['dummy']['id']}", other).status_code == 404
    assert ask("DELETE", f"/dummies/{own.json()['dummy']['id']}", one).status_code == 204


@pytest.mark.parametrize("now", [(), ("--now", "2026-06-01T12:00:00Z")], ids=["now", "another time"])
def test_subscribers_hear_of_a_run_whatever_the_time(now):
    with (
        Receiver() as receiver,
        SandboxProcess("--quiet", "--pace", "60", *now) as sandbox,
        requests.Session() as session,
    ):
        session.auth = sandbox.app

        def post(path, **body):
            answer = session.post(f"{sandbox.origin}/api/v1{path}", json=body, timeout=10)
            assert answer.status_code == 201, answer.text
            return answer.json()

        dummy = post("/dummies", dummy={"name": "heard"})["dummy"]
        where = f"/devices/{dummy['deviceId']}/subscriptions"
        for kind in ("startup", "trip-*", "shutdown"):
            post(where, subscription={"eventType": kind, "url": receiver.url})
        post(f"/dummies/{dummy['id']}/runs", run={"vin": VIN, "routeId": BLOCK})
        wait_until(lambda: len(receiver.posts) == 5)
        told = [body["event"]["eventType"] for body in receiver.bodies()]
        assert sorted(told) == ["shutdown", "startup", "trip-completed", "trip-started", "trip-stopped"]
        url = f"{sandbox.origin}/api/v1/devices/{dummy['deviceId']}"
        events = session.get(f"{url}/events", timeout=10).json()["events"]
        assert sorted(event["eventType"] for event in events) == sorted(told)
        (trip,) = session.get(f"{url}/trips", timeout=10).json()["trips"]
        assert trip["status"] == "completed"
        statistics = trip["stats"]
        assert 0 < statistics["averageSpeed"] <= statistics["averageMovingSpeed"] <= statistics["maxSpeed"]
        assert 10 < statistics["fuelEconomy"] < 60


def test_a_route_of_a_file_is_listed_and_driven(tmp_path):
    path = tmp_path / "beach.geojson"
    path.write_text(
        '{"type": "LineString", "coordinates": [[-97.1, 27.8], [-97.12, 27.81], [-97.13, 27.83]]}'
    )
    with SandboxProcess("--quiet", "--pace", "50", "--route", path) as sandbox, requests.Session() as session:
        session.auth = sandbox.app
        origin = f"{sandbox.origin}/api/v1"
        routes = session.get(f"{origin}/routes?limit=100", timeout=10).json()["routes"]
        (route,) = [one for one in routes if one["name"] == "beach"]
        assert route["distanceByGPS"] == pytest.approx(4690, rel=0.05)
        dummy = session.post(f"{origin}/dummies", json={"dummy": {"name": "b"}}, timeout=10).json()["dummy"]
        run = {"run": {"vin": VIN, "routeId": route["id"]}}
        assert session.post(f"{origin}/dummies/{dummy['id']}/runs", json=run, timeout=10).status_code == 201
        path = f"{origin}/dummies/{dummy['id']}/runs/_current"
        deadline = time.monotonic() + 30
        while session.get(path, timeout=10).json()["run"]:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        (trip,) = session.get(f"{origin}/devices/{dummy['deviceId']}/trips", timeout=10).json()["trips"]
    lon, lat = trip["stopPoint"]["coordinates"]
    assert (lon, lat) == (pytest.approx(-97.13, abs=0.001), pytest.approx(27.83, abs=0.001))
    assert trip["stats"]["distance"] == pytest.approx(route["distanceByGPS"], rel=0.1)
