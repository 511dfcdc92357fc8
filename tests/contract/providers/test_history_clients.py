"""The clients of Vinli's services against the sandbox: what a car did, as the app and as its driver sees it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import requests

from providers.errors import Forbidden, NotFound, Unauthorized
from providers.http.auth import BasicAuth, BearerAuth
from providers.http.transport import Transport
from providers.vinli.behavioral import BehavioralClient
from providers.vinli.diagnostic import DiagnosticClient
from providers.vinli.distance import DistanceClient
from providers.vinli.events import EventsClient
from providers.vinli.platform import PlatformClient
from providers.vinli.safety import SafetyClient
from providers.vinli.telemetry import TelemetryClient
from providers.vinli.transactions import TransactionsClient
from providers.vinli.trips import TripsClient
from providers.vinli.values import device, vehicle
from tests.support.sandbox_process import Person, SandboxProcess

pytestmark = pytest.mark.contract

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess("--quiet", "--now", NOW.isoformat()) as process:
        yield process


@pytest.fixture(scope="module")
def transport(sandbox):
    transport = Transport(pool_size=16)
    transport.allow(sandbox.origin)
    yield transport
    transport.close()


@pytest.fixture(scope="module")
def driver(sandbox):
    """The credentials of the driver of the first car."""
    redirected = Person(sandbox).authorize(sandbox.authorization_url("token"))
    token = dict(pair.split("=") for pair in redirected.partition("#")[2].split("&"))["access_token"]
    return BearerAuth(token)


@pytest.fixture(scope="module", params=["app", "driver"])
def auth(request, sandbox, driver):
    return BasicAuth(*sandbox.app) if request.param == "app" else driver


@pytest.fixture(scope="module")
def ids(sandbox, transport):
    platform, auth = PlatformClient(transport, sandbox.origin, 4), BasicAuth(*sandbox.app)
    first = platform.devices_page(auth, 0, 1).items[0]
    return first.id, platform.latest_vehicle(auth, first.id).id


def client(kind, transport, sandbox):
    return kind(transport, sandbox.origin, 8)


def test_messages_of_a_day_are_read_whole_and_in_order(auth, transport, sandbox, ids):
    telemetry = client(TelemetryClient, transport, sandbox)
    for subject in (device(ids[0]), vehicle(ids[1])):
        listing = telemetry.messages(auth, subject, since=NOW - 4 * DAY, until=NOW)
        found = list(listing)
        assert len(found) == listing.total == len({one.id for one in found}) > 300
        assert all(before.at >= after.at for before, after in pairwise(found))
        assert all(NOW - 4 * DAY < one.at <= NOW for one in found)
    page = telemetry.messages_page(auth, device(ids[0]), until=NOW, limit=5)
    assert page.items == found[:5]
    assert page.remaining >= len(found) - 5
    assert telemetry.message(auth, ids[0], found[0].id) == found[0]
    assert found[0].engine_rpm > 0


def test_reading_in_parts_equals_following_the_links(auth, transport, sandbox, ids):
    since = round((NOW - 2 * DAY).timestamp() * 1000)
    url = f"{sandbox.origin}/api/v1/devices/{ids[0]}/messages?limit=100&since={since}"
    followed = []
    while url:
        page = requests.get(url, auth=sandbox.app, timeout=10).json()
        followed += [message["id"] for message in page["messages"]]
        url = page["meta"]["pagination"]["links"].get("prior")
    telemetry = client(TelemetryClient, transport, sandbox)
    listing = telemetry.messages(auth, device(ids[0]), since=NOW - 2 * DAY, until=NOW)
    assert [message.id for message in listing] == followed


def test_locations_and_snapshots(auth, transport, sandbox, ids):
    telemetry = client(TelemetryClient, transport, sandbox)
    places = list(telemetry.locations(auth, device(ids[0]), ["rpm"], since=NOW - DAY, until=NOW))
    assert places
    assert all(one.position is not None and set(one.values) == {"rpm"} for one in places)
    assert telemetry.locations_page(auth, device(ids[0]), limit=1).items[0].values == {}
    coolant = list(telemetry.snapshots(auth, vehicle(ids[1]), ["coolantTemp"], since=NOW - DAY, until=NOW))
    assert all(20 <= one.number("coolantTemp") <= 95 for one in coolant)
    assert telemetry.snapshots_page(auth, device(ids[0]), ["coolantTemp"], limit=2).items == coolant[:2]


def test_trips(auth, transport, sandbox, ids):
    trips = client(TripsClient, transport, sandbox)
    found = list(trips.trips(auth, device(ids[0]), since=NOW - 30 * DAY, until=NOW))
    assert found[0].is_under_way
    assert not any(trip.is_under_way for trip in found[1:])
    trip = found[1]
    assert trips.trip(auth, trip.id) == trip
    assert trip.statistics.distance_m > 0
    assert trip.statistics.duration_ms == round((trip.stop - trip.start).total_seconds() * 1000)
    assert trip.start_position is not None
    assert len(trip.preview) > 20
    assert trips.trips_page(auth, vehicle(ids[1]), limit=3).items == found[:3]


def test_events(auth, transport, sandbox, ids):
    events = client(EventsClient, transport, sandbox)
    found = list(events.events(auth, device(ids[0]), since=NOW - 10 * DAY, until=NOW))
    assert {event.kind for event in found} >= {"startup", "shutdown", "trip-started", "trip-completed"}
    assert events.event(auth, found[0].id) == found[0]
    only = events.events_page(auth, vehicle(ids[1]), kind="trip-*", limit=4).items
    assert {event.object_kind for event in only} == {"trip"}


def test_diagnosis(auth, transport, sandbox, ids):
    diagnostic = client(DiagnosticClient, transport, sandbox)
    codes = list(diagnostic.codes(auth, ids[1], until=NOW))
    assert codes == diagnostic.codes_page(auth, ids[1]).items
    assert all(code.is_active for code in diagnostic.codes(auth, ids[1], "active", until=NOW))
    entry = diagnostic.search(auth, codes[0].number)[0]
    assert entry.description == codes[0].description
    assert diagnostic.catalogue_entry(auth, entry.id) == entry
    assert diagnostic.battery(auth, ids[1]).status in {"green", "yellow", "red"}


def test_distance_safety_and_behaviour(auth, transport, sandbox, ids):
    distance = client(DistanceClient, transport, sandbox)
    latest = distance.latest(auth, ids[1])
    assert latest.least_m < latest.metres < latest.most_m
    week = distance.latest(auth, ids[1], since=NOW - 7 * DAY, until=NOW)
    assert 0 < week.metres < 1_000_000
    reading = distance.odometers_page(auth, ids[1]).items[0]
    assert distance.odometer(auth, reading.id) == reading
    collisions = client(SafetyClient, transport, sandbox)
    one = collisions.collisions_page(auth, device(ids[0])).items[0]
    assert collisions.collision(auth, one.id) == one
    assert one.position is not None
    behavioral = BehavioralClient(transport, sandbox.origin)
    overall = behavioral.overall(auth, ids[0], since=NOW - 30 * DAY, until=NOW)
    assert sum(overall.counts.values()) == overall.trips
    trip = client(TripsClient, transport, sandbox).trips_page(auth, device(ids[0]), limit=2).items[1]
    card = behavioral.of_trip(auth, trip.id)
    assert behavioral.report_card(auth, card.id) == card


def test_report_cards_are_read_whole(auth, transport, sandbox, ids):
    behavioral = BehavioralClient(transport, sandbox.origin)
    window = {"since": NOW - 120 * DAY, "until": NOW}
    trips = client(TripsClient, transport, sandbox).trips(auth, vehicle(ids[1]), **window)
    completed = [trip.id for trip in trips if trip.status == "completed"]
    pages = list(behavioral.report_cards(auth, vehicle(ids[1]), **window))
    cards = [card for page in pages for card in page.items]
    assert len(pages) > 2
    assert [card.trip_id for card in cards] == completed
    first = behavioral.report_cards_page(auth, vehicle(ids[1]), limit=3, **window)
    assert (first.items, first.remaining, first.skipped) == (cards[:3], len(cards) - 3, 0)


def test_an_odometer_and_its_triggers(auth, transport, sandbox, ids):
    distance = client(DistanceClient, transport, sandbox)
    shown = distance.latest(auth, ids[1]).metres
    reading = distance.set_odometer(auth, ids[1], shown + 10, at=NOW)
    assert (reading.metres, reading.at) == (pytest.approx(shown + 10), NOW)
    assert distance.latest(auth, ids[1], until=NOW).metres == pytest.approx(shown + 10, abs=1)
    distance.delete_odometer(auth, reading.id)
    assert distance.latest(auth, ids[1], until=NOW).metres == pytest.approx(shown, abs=1)
    trigger = distance.set_trigger(auth, ids[1], "milestone", 5_000_000)
    assert distance.triggers(auth, ids[1]) == [trigger]
    assert distance.trigger(auth, trigger.id) == trigger
    assert (trigger.kind, trigger.threshold_m, trigger.events) == ("milestone", 5_000_000, 0)
    distance.delete_trigger(auth, trigger.id)
    for gone in (lambda: distance.odometer(auth, reading.id), lambda: distance.trigger(auth, trigger.id)):
        with pytest.raises(NotFound):
            gone()


def test_the_record_of_calls(transport, sandbox, driver):
    transactions = client(TransactionsClient, transport, sandbox)
    app = BasicAuth(*sandbox.app)
    PlatformClient(transport, sandbox.origin, 4).devices_page(app, 0, 1)
    page = transactions.transactions_page(app, limit=5)
    call = next(one for one in page.items if "/devices" in one.path)
    assert (call.method, call.status, call.service) == ("GET", 200, "vinli-platform-service")
    everything = list(transactions.transactions(app, until=NOW + 400 * DAY))
    assert len({one.id for one in everything}) == len(everything) >= page.remaining
    with pytest.raises(Forbidden):
        transactions.transactions_page(driver)


def test_what_is_not_there_or_not_theirs(transport, sandbox, driver):
    trips = client(TripsClient, transport, sandbox)
    with pytest.raises(NotFound):
        trips.trip(driver, "7f0e8d1c-0000-4000-8000-000000000001")
    with pytest.raises(NotFound):
        trips.trip(driver, "../devices")
    platform = PlatformClient(transport, sandbox.origin, 4)
    devices = platform.devices_page(BasicAuth(*sandbox.app), 0, 4).items
    for other in devices[3:]:
        with pytest.raises(NotFound):
            trips.trips_page(driver, device(other.id))
    with pytest.raises(Unauthorized):
        trips.trips_page(BearerAuth("made-up"), device(devices[0].id))
