"""What the sandbox tells of its cars, over HTTP: the lists and items of each service, as real clients need them.

Paths, keys, links, dates and statuses follow the docs pages that the sandbox's services name.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.support.sandbox_process import SandboxProcess

pytestmark = pytest.mark.contract

NOW = "2026-11-20T18:00:00.000Z"
STRICT_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# The key of each list by time, and whether it is there for devices, for vehicles or for both.
LISTS = {
    "messages": ("messages", "both"),
    "locations": ("locations", "both"),
    "snapshots": ("snapshots", "both"),
    "events": ("events", "both"),
    "trips": ("trips", "both"),
    "report_cards": ("reportCards", "both"),
    "collisions": ("collisions", "both"),
    "codes": ("codes", "vehicles"),
    "odometers": ("odometers", "vehicles"),
    "odometer_triggers": ("odometerTriggers", "vehicles"),
}
PATHS = [
    f"{kind}/{name}"
    for name, (_, who) in LISTS.items()
    for kind in ("devices", "vehicles")
    if who in ("both", kind)
]


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess("--quiet", "--now", NOW, "--drivers", "2") as process:
        yield process


@pytest.fixture(scope="module")
def api(sandbox):
    session = requests.Session()
    session.auth = sandbox.app

    def get(path, status=200, **options):
        url = path if path.startswith("http") else f"{sandbox.origin}/api/v1{path}"
        answer = session.get(url, timeout=10, **options)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    return get


@pytest.fixture(scope="module")
def subjects(api):
    device = api("/devices")["devices"][0]["id"]
    return {"devices": device, "vehicles": api(f"/devices/{device}/vehicles/_latest")["vehicle"]["id"]}


def path_of(path, subjects):
    kind, name = path.split("/")
    return f"/{kind}/{subjects[kind]}/{name}", LISTS[name][0]


def items_of(page, key):
    found = page[key]
    return found["features"] if key == "locations" else found


def identity(item, key):
    return item["properties"]["id"] if key == "locations" else item["id"]


def walk(value, path=""):
    """Yield every value of a JSON text with the path to it."""
    yield path, value
    if isinstance(value, dict):
        for name, child in value.items():
            yield from walk(child, f"{path}.{name}")
    elif isinstance(value, list):
        for child in value:
            yield from walk(child, path)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_by_time_has_the_documented_shape(path, api, subjects, sandbox):
    address, key = path_of(path, subjects)
    page = api(f"{address}?limit=3")
    assert set(page) == {key, "meta"}, "older Android releases throw on any other key"
    pagination = page["meta"]["pagination"]
    assert set(pagination) == {"remaining", "until", "since", "limit", "sortDir", "links"}
    assert (pagination["since"], pagination["limit"], pagination["sortDir"]) == (
        "1970-01-01T00:00:00.000Z",
        3,
        "desc",
    )
    assert pagination["until"] == NOW
    for name, value in walk(page):
        if name.endswith(".links"):
            assert all(isinstance(link, str) and link.startswith(sandbox.origin) for link in value.values())
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT.*", value):
            assert STRICT_DATE.fullmatch(value), name
        if name.endswith((".id", "deviceId", "vehicleId", "tripId")):
            assert UUID.fullmatch(value), name


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("direction", ["desc", "asc"])
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_are_complete_and_without_repeats(path, direction, limit, api, subjects):
    address, key = path_of(path, subjects)
    days = 1 if path.split("/")[1] in {"messages", "locations", "snapshots"} and limit < 100 else 9
    since = f"2026-11-{20 - days:02d}T18:00:00Z"
    given = "" if direction == "desc" else "&sortDir=asc"
    page = api(f"{address}?limit={limit}&since={since}{given}")
    total = len(items_of(page, key)) + page["meta"]["pagination"]["remaining"]
    seen, pages = [], 0
    while True:
        seen += [identity(item, key) for item in items_of(page, key)]
        pagination = page["meta"]["pagination"]
        assert pagination["remaining"] == total - len(seen)
        link = pagination["links"].get("prior" if direction == "desc" else "next")
        assert (link is None) is (pagination["remaining"] == 0)
        pages += 1
        if link is None or pages > 40:
            break
        names = {name for name, _ in parse_qsl(urlsplit(link).query)}
        assert names <= {"limit", "since", "until", "sortDir"}, "vinli-node refuses links with any other"
        assert ("sortDir" in names) is (direction == "asc")
        page = api(link)
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    "since",
    [
        "2026-11-19T12:00:00.000Z",
        "2026-11-19T12%3A00%3A00%2B00%3A00",
        "2026-11-19T06%3A00%3A00-06%3A00",
        "1795089600000",
    ],
)
def test_every_accepted_form_of_a_date_means_the_same(since, api, subjects):
    pages = [
        api(f"/devices/{subjects['devices']}/trips?until={NOW}&since={one}")
        for one in (since, "1795089600000")
    ]
    assert pages[0]["trips"] == pages[1]["trips"] != []
    assert pages[0]["meta"]["pagination"]["since"] == "2026-11-19T12:00:00.000Z"


def test_empty_values_mean_not_given(api, subjects):
    path = f"/devices/{subjects['devices']}/locations?limit=2"
    assert api(f"{path}&since=&until=&fields=") == api(path)


def test_a_message_is_found_in_every_way(api, subjects):
    device = subjects["devices"]
    message = api(f"/devices/{device}/messages?limit=1")["messages"][0]
    for path in (
        f"/messages/{message['id']}",
        f"/devices/{device}/messages/{message['id']}",
        message["links"]["self"],
    ):
        assert api(path) == {"message": message}
    assert message["data"]["location"]["type"] == "Point"
    assert set(message["data"]["accel"]) == {"maxX", "maxY", "maxZ", "minX", "minY", "minZ"}
    assert isinstance(message["data"]["rpm"], int)


def test_locations_carry_what_was_asked_for_in_both_places(api, subjects):
    path = f"/devices/{subjects['devices']}/locations?limit=5"
    plain = api(path)["locations"]
    assert plain["type"] == "FeatureCollection"
    assert all(feature["properties"]["data"] == {} for feature in plain["features"])
    for feature in api(f"{path}&fields=rpm,vehicleSpeed")["locations"]["features"]:
        found = feature["properties"]
        assert set(found["data"]) == {"rpm", "vehicleSpeed"}
        assert (found["rpm"], found["vehicleSpeed"]) == tuple(found["data"].values())
    everything = api(f"{path}&fields=all")["locations"]["features"][0]["properties"]["data"]
    assert {"rpm", "accel"} <= set(everything)


def test_snapshots_hold_only_the_fields_and_keep_them_in_links(api, subjects):
    page = api(f"/devices/{subjects['devices']}/snapshots?limit=3&fields=coolantTemp")
    assert all(set(snapshot["data"]) == {"coolantTemp"} for snapshot in page["snapshots"])
    link = dict(parse_qsl(urlsplit(page["meta"]["pagination"]["links"]["prior"]).query))
    assert link["fields"] == "coolantTemp"
    snapshot = page["snapshots"][0]
    assert api(f"/messages/{snapshot['id']}")["message"]["timestamp"] == snapshot["timestamp"]


def test_a_trip_and_what_it_links_to_agree(api, subjects):
    trips = api(f"/devices/{subjects['devices']}/trips?limit=9")["trips"]
    assert trips[0]["status"] == "inProgress"
    assert trips[0]["stop"] is None
    trip = next(one for one in trips if one["status"] == "completed")
    assert api(f"/trips/{trip['id']}") == {"trip": trip}
    assert trip["stats"]["distance"] in (trip["stats"]["distanceByGPS"], trip["stats"]["distanceByVSS"])
    messages = api(trip["links"]["messages"] + "&limit=100")
    linked = len(messages["messages"]) + messages["meta"]["pagination"]["remaining"]
    assert linked == trip["stats"]["messageCount"] - 1, "since is exclusive, so the first one is left out"
    kinds = [event["eventType"] for event in api(trip["links"]["events"])["events"]]
    assert kinds == ["trip-completed", "trip-stopped", "shutdown"]
    assert api(trip["links"]["device"])["device"]["id"] == trip["deviceId"]
    assert api(trip["links"]["vehicle"])["vehicle"]["id"] == trip["vehicleId"]
    assert "?" in trip["links"]["locations"], "vinli-node adds parameters with an ampersand"


def test_events_are_filtered(api, subjects):
    path = f"/devices/{subjects['devices']}/events?limit=100"
    kinds = {event["eventType"] for event in api(path)["events"]}
    assert {"startup", "shutdown", "trip-started", "trip-completed"} <= kinds
    trips = api(f"{path}&type=trip-*")["events"]
    assert {event["object"]["type"] for event in trips} == {"trip"}
    one = api(f"{path}&objectId={trips[-1]['object']['id']}")["events"]
    assert {event["object"]["id"] for event in one} == {trips[-1]["object"]["id"]}
    codes = api(f"{path}&type=dtc-on")["events"]
    assert all(api(f"/codes/{event['meta']['code']}")["code"]["number"] for event in codes)
    event = trips[0]
    for address in (event["links"]["self"], f"/devices/{subjects['devices']}/events/{event['id']}"):
        assert api(address) == {"event": event}


def test_report_cards(api, subjects):
    card = api(f"/vehicles/{subjects['vehicles']}/report_cards?limit=1")["reportCards"][0]
    assert card["grade"] in "ABCDFI"
    assert api(card["links"]["self"]) == {"reportCard": card}
    assert api(f"/trips/{card['tripId']}/report_cards/_current") == {"reportCard": card}
    assert api(f"/trips/{card['tripId']}/report_card") == {"reportCards": [card]}
    overall = api(f"/devices/{subjects['devices']}/report_cards/overall")
    assert set(overall) == {"reportCard", "tripSampleSize", "gradeCount"}
    assert sum(map(int, overall["gradeCount"].values())) == overall["tripSampleSize"]
    assert all(isinstance(count, str) for count in overall["gradeCount"].values())


def test_codes_and_the_catalogue(api, subjects):
    path = f"/vehicles/{subjects['vehicles']}/codes"
    everything = api(path)["codes"]
    active, inactive = (api(f"{path}?state={state}")["codes"] for state in ("active", "inactive"))
    assert {code["id"] for code in everything} == {code["id"] for code in (*active, *inactive)}
    assert all(code["stop"] is None for code in active)
    assert api(f"{path}?state=broken", status=400)["statusCode"] == 400
    entry = api(everything[0]["links"]["code"])["code"]
    assert entry["number"] == everything[0]["number"]
    assert entry["subSystem"] == entry["subsystem"]
    found = api(f"/codes?number={entry['number']}&offset=0&limit=20")
    assert found["codes"] == [entry]
    assert found["meta"]["pagination"]["total"] == 1


def test_the_battery_and_collisions(api, subjects):
    status = api(f"/vehicles/{subjects['vehicles']}/battery_statuses/_current")["batteryStatus"]
    assert status["status"] in {"green", "yellow", "red"}
    collision = api(f"/vehicles/{subjects['vehicles']}/collisions")["collisions"][0]
    assert api(collision["links"]["self"]) == {"collision": collision}
    place = collision["location"]
    assert place["coordinates"] == [place["longitude"], place["latitude"]]


def test_distances_and_odometers(api, sandbox, subjects):
    path = f"{sandbox.origin}/api/v1/vehicles/{subjects['vehicles']}"
    metres = api(f"{path}/distances/_latest")["distance"]
    assert metres["unit"] == "m"
    assert metres["confidenceMin"] < metres["value"] < metres["confidenceMax"]
    kilometres = api(f"{path}/distances/_best", headers={"x-vinli-unit": "km"})["distance"]
    assert kilometres["value"] * 1000 == pytest.approx(metres["value"], rel=1e-4)
    assert len(api(f"{path}/distances?since=2026-11-01")["distances"]) == 1
    reading = {"odometer": {"reading": round(metres["value"] / 1000) + 1, "unit": "km", "date": NOW}}
    made = requests.post(f"{path}/odometers", json=reading, auth=sandbox.app, timeout=10)
    assert made.status_code == 201
    assert made.json()["odometer"]["reading"] == reading["odometer"]["reading"] * 1000
    assert api(made.headers["Location"]) == made.json()
    less = {"odometer": {"reading": 5, "unit": "km", "date": NOW}}
    later = {"odometer": less["odometer"] | {"date": "2026-11-20T18:00:01Z"}}
    assert requests.post(f"{path}/odometers", json=later, auth=sandbox.app, timeout=10).status_code == 409
    gone = requests.delete(made.headers["Location"], auth=sandbox.app, timeout=10)
    assert (gone.status_code, gone.content) == (204, b"")
    api(made.headers["Location"], status=404)


def test_a_distance_is_the_sum_of_the_trips(api, subjects):
    """Of an orphaned trip only the part that was reported is known."""
    path, orphaned = f"/vehicles/{subjects['vehicles']}", 0
    for month in range(1, 11):
        window = f"since=2026-{month:02d}-01&until=2026-{month + 1:02d}-01"
        trips, following = [], f"{path}/trips?{window}&limit=100"
        while following:
            page = api(following)
            trips += page["trips"]
            following = page["meta"]["pagination"]["links"].get("prior")
        orphaned += sum(trip["status"] == "orphaned" for trip in trips)
        distance = api(f"{path}/distances/_latest?{window}")["distance"]
        assert distance["value"] == pytest.approx(sum(trip["stats"]["distance"] for trip in trips), abs=1)
        assert distance["confidenceMin"] < distance["value"] < distance["confidenceMax"]
        for trip in trips:
            if trip["status"] == "orphaned":
                asked = f"type=trip-orphaned&objectId={trip['id']}"
                (event,) = api(f"{path}/events?{asked}")["events"]
                assert event["timestamp"] == trip["orphanedAt"] > trip["stop"]
    assert orphaned


def test_a_period_that_ends_before_it_begins_holds_nothing(api, subjects):
    path = f"/vehicles/{subjects['vehicles']}/distances/_latest?since=2026-05-01&until=2026-04-01"
    distance = api(path)["distance"]
    assert (distance["value"], distance["confidenceMin"] <= distance["confidenceMax"]) == (0, True)


def test_two_slashes_are_another_path(api):
    api("//devices", status=404)


def test_a_trigger_of_a_tiny_distance_is_refused(sandbox, subjects):
    path = f"{sandbox.origin}/api/v1/vehicles/{subjects['vehicles']}/odometer_triggers"
    for threshold, unit, status in ((1e-9, "m", 400), (99, "m", 400), (0.09, "km", 400), (100, "m", 201)):
        body = {"odometerTrigger": {"type": "milestone", "threshold": threshold, "unit": unit}}
        made = requests.post(path, json=body, auth=sandbox.app, timeout=10)
        assert made.status_code == status, made.text
    requests.delete(made.json()["odometerTrigger"]["links"]["self"], auth=sandbox.app, timeout=10)


@pytest.mark.parametrize("kind", ["specific", "from_now", "milestone"])
def test_triggers_of_an_odometer(kind, api, sandbox, subjects):
    path = f"{sandbox.origin}/api/v1/vehicles/{subjects['vehicles']}/odometer_triggers"
    body = {"odometerTrigger": {"type": kind, "threshold": 5000, "unit": "km"}}
    made = requests.post(path, json=body, auth=sandbox.app, timeout=10)
    assert made.status_code == 201
    trigger = made.json()["odometerTrigger"]
    assert (trigger["threshold"], trigger["unit"], trigger["events"]) == (5_000_000, "m", 0)
    assert api(trigger["links"]["self"]) == {"odometerTrigger": trigger}
    assert requests.delete(trigger["links"]["self"], auth=sandbox.app, timeout=10).status_code == 204


@pytest.mark.parametrize(
    "path",
    [
        "messages/{}",
        "trips/{}",
        "events/{}",
        "report_cards/{}",
        "collisions/{}",
        "codes/{}",
        "odometers/{}",
        "odometer_triggers/{}",
        "devices/{}/trips",
        "vehicles/{}/messages",
        "vehicles/{}/distances/_latest",
        "trips/{}/report_cards/_current",
    ],
)
@pytest.mark.parametrize("name", ["7f0e8d1c-0000-4000-8000-000000000001", "x", "%00", "%F0%9F%9A%97"])
def test_what_is_not_there_is_404_in_the_usual_shape(path, name, api):
    error = api(f"/{path.format(name)}", status=404)
    assert set(error) == {"statusCode", "error", "message"}


def test_nobody_sees_another_drivers_car(api, sandbox, subjects):
    trip = api(f"/devices/{subjects['devices']}/trips?limit=1")["trips"][0]
    paths = [f"/trips/{trip['id']}", *(path_of(path, subjects)[0] for path in PATHS)]
    for path in paths:
        answer = requests.get(f"{sandbox.origin}/api/v1{path}", timeout=10)
        assert answer.status_code == 401, path
        answer = requests.get(f"{sandbox.origin}/api/v1{path}", auth=("x", "y"), timeout=10)
        assert answer.status_code == 401, path


@pytest.mark.parametrize(
    "query", ["since=yesterday", "until=2026-13-01", "limit=-1", "limit=x", "sortDir=up"]
)
def test_a_question_that_cannot_be_read_is_400(query, api, subjects):
    assert api(f"/devices/{subjects['devices']}/trips?{query}", status=400)["statusCode"] == 400


def test_two_starts_with_the_same_seed_and_time_answer_alike(sandbox, subjects):
    with SandboxProcess("--quiet", "--now", NOW, "--drivers", "2") as other:
        for path in PATHS:
            address, key = path_of(path, subjects)
            pages = [
                requests.get(f"{one.origin}/api/v1{address}", auth=one.app, timeout=10).text.replace(
                    one.origin, ""
                )
                for one in (sandbox, other)
            ]
            if key != "odometerTriggers":
                assert pages[0] == pages[1], path


def test_the_time_at_the_start_is_the_end_of_the_history(subjects):
    with SandboxProcess("--quiet", "--now", "2026-09-01T12:00:00Z") as other:
        url = f"{other.origin}/api/v1/devices/{subjects['devices']}/trips?limit=1"
        trip = requests.get(url, auth=other.app, timeout=10).json()["trips"][0]
    assert trip["start"].startswith("2026-09-01T11:48")
