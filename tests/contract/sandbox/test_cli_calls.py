"""The calls of vinli-cli 1.2.1, command by command: what it sends, and what it reads of the reply.

Its sign-in commands are in ``test_command_line``, those of the Developer Portal in ``test_developer_portal``.
"""

from __future__ import annotations

import time

import pytest
import requests

from tests.support.sandbox_process import SandboxProcess
from tests.support.stream_client import StreamClient

pytestmark = pytest.mark.contract

# Time lists are always asked for with both ends. A relative one has the offset of the machine and no milliseconds.
ALWAYS = "since=1970-01-01T00%3A00%3A00.000Z&until=2030-01-01T00%3A00%3A00.000Z"
RELATIVE = "since=2026-11-18T12%3A00%3A00-06%3A00&until=2026-11-20T12%3A00%3A00-06%3A00"
VIN = "VV0123456789ABCDE"


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess("--quiet", "--now", "2026-11-20T18:00:00Z", "--pace", "20") as process:
        yield process


@pytest.fixture(scope="module")
def cli(sandbox):
    session = requests.Session()
    session.auth = sandbox.app

    def call(method, path, status=200, **options):
        answer = session.request(method, f"{sandbox.origin}/api/v1{path}", timeout=10, **options)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    return call


@pytest.fixture(scope="module")
def device(cli):
    return cli("GET", "/devices?limit=10&offset=0")["devices"][0]["id"]


def read(value, path):
    """Return what the command reads at a dotted path; fail if it is not there. None may stand in its place."""
    for name in path.split("."):
        if value is None:
            return None
        assert name in value, f"{path} of {value}"
        value = value[name]
    return value


# The command, its path, the key of the list, and the fields of each row that it prints.
LISTS = {
    "1 device list": ("/devices?limit=10&offset=0", "devices", "id name createdAt"),
    "2 device vehicles": (
        "/devices/{}/vehicles?limit=10&offset=0",
        "vehicles",
        "lastStartup id vin year make model trim",
    ),
    "4 device events": (
        "/devices/{}/events?limit=10&" + ALWAYS,
        "events",
        "timestamp id eventType object.id object.type",
    ),
    "5 device messages": ("/devices/{}/messages?limit=10&" + ALWAYS, "messages", "timestamp data"),
    "6 device locations": (
        "/devices/{}/locations?limit=10&fields=rpm&" + ALWAYS,
        "locations",
        "geometry.coordinates properties.timestamp properties.id properties.data.rpm",
    ),
    "7 device snapshots": (
        "/devices/{}/snapshots?limit=10&fields=rpm&" + ALWAYS,
        "snapshots",
        "timestamp id data.rpm",
    ),
    "7 device snapshots without fields": (
        "/devices/{}/snapshots?limit=10&fields=&" + ALWAYS,
        "snapshots",
        "timestamp id data",
    ),
    "8 device trips": (
        "/devices/{}/trips?limit=10&" + ALWAYS,
        "trips",
        "id start stop status stats.averageSpeed stats.fuelEconomy stats.stopCount",
    ),
    "8 device trips of two days": ("/devices/{}/trips?limit=10&" + RELATIVE, "trips", "id start stop status"),
    "11 dummy list": ("/dummies?limit=10", "dummies", "id name deviceId caseId"),
    "12 dummy routes": (
        "/routes?limit=100&offset=0",
        "routes",
        "id name description distanceByVSS duration messageCount locationCount",
    ),
}


@pytest.mark.parametrize("command", LISTS)
def test_a_list_has_what_the_command_prints(command, cli, device):
    path, key, fields = LISTS[command]
    page = cli("GET", path.format(device))
    rows = page[key]["features"] if key == "locations" else page[key]
    assert rows or key == "dummies"
    for row in rows:
        for field in fields.split():
            read(row, field)
        assert row.get("id", row.get("properties", {}).get("id")).islower(), "ids are matched in lower case"
    pagination = page["meta"]["pagination"]
    is_offset = key in {"devices", "vehicles", "dummies", "routes"}
    assert {"total", "offset", "limit"} <= set(pagination) if is_offset else "remaining" in pagination


def test_the_latest_vehicle_or_none(cli, device):
    """Row 3. A device that was never plugged in has null, for which the command prints that there is none."""
    vehicle = cli("GET", f"/devices/{device}/vehicles/_latest")["vehicle"]
    assert {"id", "vin", "lastStartup"} <= set(vehicle)
    fresh = cli("POST", "/devices", 201, json={"device": {"caseId": "VNL123"}})["device"]["id"]
    assert cli("GET", f"/devices/{fresh}/vehicles/_latest") == {"vehicle": None}
    cli("DELETE", f"/devices/{fresh}", 204)


def test_a_stream_acknowledges_and_publishes(cli, sandbox, device):
    """Row 9. Frames of other kinds are passed over."""
    subject = {"type": "device", "id": device}
    with StreamClient(sandbox.origin, app=sandbox.app) as stream:
        stream.send({"type": "sub", "subject": subject})
        frame = stream.receive()
        assert (frame["type"], frame["subject"], frame["payload"]["ack"]) == ("sub", subject, True)
        dummy = cli("POST", "/dummies", 201, json={"dummy": {"name": "streamed"}})["dummy"]
        own = {"type": "device", "id": dummy["deviceId"]}
        stream.send({"type": "sub", "subject": own})
        route = cli("GET", "/routes?limit=100&offset=0")["routes"][0]["id"]
        run = {"run": {"vin": VIN, "routeId": route, "repeat": False}}
        cli("POST", f"/dummies/{dummy['id']}/runs", 201, json=run)
        while (frame := stream.receive())["type"] != "pub" or frame["subject"] != own:
            pass
        assert isinstance(frame["payload"]["data"], dict)
        assert frame["payload"]["timestamp"].endswith("Z")
    cli("DELETE", f"/dummies/{dummy['id']}", 204)


def test_a_dummy_is_made_started_watched_stopped_and_deleted(cli):
    """Rows 10 to 17: dummies and routes are looked up by name, so each name is a text."""
    made = cli("POST", "/dummies", 201, json={"dummy": {"name": "mine"}})["dummy"]
    assert {"id", "name", "deviceId", "caseId"} <= set(made)
    listed = cli("GET", "/dummies?limit=100")["dummies"]
    assert all(isinstance(one["name"], str) for one in listed)
    routes = cli("GET", "/routes?limit=100&offset=0")["routes"]
    assert all(isinstance(one["name"], str) for one in routes)
    path, route = f"/dummies/{made['id']}", next(one for one in routes if "Downtown Route 1" in one["name"])
    assert cli("GET", f"{path}/runs/_current") == {"run": None}
    cli("POST", f"{path}/runs", 201, json={"run": {"vin": VIN, "routeId": route["id"], "repeat": False}})
    time.sleep(1.5)
    status = cli("GET", f"{path}/runs/_current")["run"]["status"]
    wanted = "routeId state repeat repeatCount lastSpeed remainingSeconds remainingMessages"
    assert set(wanted.split()) <= set(status)
    assert (status["state"], status["repeat"]) == ("running", False)
    assert cli("GET", f"/routes/{status['routeId']}")["route"]["name"] == route["name"]
    cli("DELETE", f"{path}/runs/_current", 204)
    assert cli("GET", f"{path}/runs/_current") == {"run": None}
    cli("DELETE", path, 204)
    error = cli("GET", path, 404)
    assert (error["statusCode"], bool(error["error"]), bool(error["message"])) == (404, True, True)
