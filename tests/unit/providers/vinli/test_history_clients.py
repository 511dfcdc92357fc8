"""Odd records and documented contradictions: one record is left out and counted, the rest is returned."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from providers.errors import InvalidResponse
from providers.http.auth import BasicAuth
from providers.vinli.behavioral import BehavioralClient
from providers.vinli.diagnostic import DiagnosticClient
from providers.vinli.distance import DistanceClient
from providers.vinli.events import EventsClient
from providers.vinli.safety import SafetyClient
from providers.vinli.subscriptions import SubscriptionsClient
from providers.vinli.telemetry import TelemetryClient
from providers.vinli.transactions import TransactionsClient
from providers.vinli.trips import TripsClient
from providers.vinli.values import Fields, device, moment_of, position_of
from tests.support.servers import http, json_reply

AUTH = BasicAuth("app", "secret")
ID = "7f0e8d1c-0000-4000-8000-000000000001"
AT = "2016-12-19T14:21:45.846Z"
MOMENT = datetime(2016, 12, 19, 14, 21, 45, 846000, tzinfo=UTC)


def page(key, items, **pagination):
    found = {
        "remaining": 0,
        "limit": 20,
        "until": AT,
        "since": AT,
        "sortDir": "desc",
        "links": {},
    } | pagination
    return json_reply({key: items, "meta": {"pagination": found}})


@pytest.fixture
def asked(serve, make_transport):
    """Return a page or item that a client reads from one answer."""

    def ask(kind, call, answer):
        server = serve(lambda _: answer)
        arguments = (make_transport(), server.origin)
        client = kind(*arguments) if kind is BehavioralClient else kind(*arguments, 4)
        return call(client)

    return ask


def messages(client):
    return client.messages_page(AUTH, device(ID))


GOOD = {"id": ID, "timestamp": AT, "data": {"rpm": 940}}


@pytest.mark.parametrize(
    "odd",
    [
        None,
        7,
        {},
        {"id": ID},
        GOOD | {"timestamp": None},
        GOOD | {"timestamp": "soon"},
        GOOD | {"timestamp": True},
        GOOD | {"timestamp": 1e30},
        GOOD | {"timestamp": [AT]},
    ],
)
def test_one_odd_record_is_left_out_and_counted(odd, asked):
    found = asked(TelemetryClient, messages, page("messages", [GOOD, odd, GOOD]))
    assert [one.at for one in found.items] == [MOMENT, MOMENT]
    assert found.skipped == 1


@pytest.mark.parametrize(
    ("value", "position"),
    [
        ({"type": "Point", "coordinates": [-96.79, 32.78]}, (-96.79, 32.78)),
        ({"type": "point", "coordinates": [-96.79, 32.78, 120]}, (-96.79, 32.78)),
        ({"type": "Feature", "geometry": {"type": "Point", "coordinates": [-96.79, 32.78]}}, (-96.79, 32.78)),
        ({"longitude": -96.79, "latitude": 32.78}, (-96.79, 32.78)),
        ({"lon": -96.79, "lat": 32.78}, (-96.79, 32.78)),
        ({"timestamp": AT, "coordinate": [-96.79, 32.78]}, (-96.79, 32.78)),
        ({"type": "Point", "coordinates": []}, None),
        ({"type": "Point", "coordinates": ["x", "y"]}, None),
        ({"type": "Point", "coordinates": [200, 32]}, None),
        ({"type": "Point", "coordinates": [None, 32]}, None),
        ({}, None),
        (None, None),
        ([1, 2], None),
    ],
)
def test_every_documented_shape_of_a_place_is_read(value, position):
    assert position_of(value) == position


@pytest.mark.parametrize(
    ("message", "position"),
    [
        (GOOD | {"data": {"location": {"type": "Point", "coordinates": [1, 2]}}}, (1, 2)),
        (GOOD | {"location": {"longitude": 1, "latitude": 2}}, (1, 2)),
        (GOOD | {"timestamp": 1482157305846}, None),
        (GOOD | {"data": None}, None),
        (GOOD | {"data": {"rpm": "n/a", "oxygenSensorLocations": ["1a"]}}, None),
    ],
)
def test_messages_of_every_age_are_read(message, position, asked):
    (found,) = asked(TelemetryClient, messages, page("messages", [message])).items
    assert (found.at, found.position) == (MOMENT, position)
    assert found.engine_rpm in (940, None)


@pytest.mark.parametrize(
    "properties",
    [
        {"timestamp": AT, "rpm": 1264},
        {"id": ID, "timestamp": AT, "data": {"rpm": 1264}, "links": {}},
        {"id": ID, "timestamp": AT, "data": {"rpm": 1264}, "links": {}, "rpm": 1264},
    ],
)
def test_values_of_a_location_are_found_in_both_places(properties, asked):
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [1, 2]},
        "properties": properties,
    }
    collection = {"type": "FeatureCollection", "features": [feature, {"type": "Feature"}]}
    answer = page("locations", collection)
    found = asked(TelemetryClient, lambda client: client.locations_page(AUTH, device(ID), ["rpm"]), answer)
    assert [one.values for one in found.items] == [{"rpm": 1264}]
    assert found.skipped == 1


def test_a_trip_with_nothing_but_its_start(asked):
    trip = {"id": ID, "start": AT, "stop": None, "startPoint": None, "preview": None, "stats": None}
    (found,) = asked(
        TripsClient, lambda client: client.trips_page(AUTH, device(ID)), page("trips", [trip])
    ).items
    assert found.is_under_way
    assert found.statistics.distance_m is None


def test_statistics_that_are_odd_are_missing(asked):
    stats = {
        "distance": "2125.35",
        "duration": 612924.0,
        "maxSpeed": None,
        "stopCount": True,
        "averageLoad": [],
    }
    trip = {"id": ID, "start": AT, "stop": AT, "stats": stats, "preview": "x" * 5000}
    (found,) = asked(
        TripsClient, lambda client: client.trips_page(AUTH, device(ID)), page("trips", [trip])
    ).items
    assert (found.statistics.distance_m, found.statistics.duration_ms) == (2125.35, 612924)
    assert (found.statistics.top_speed_kmh, found.statistics.stops) == (None, None)
    assert len(found.preview) == 5000


def test_an_event_of_a_rule_has_its_place(asked):
    meta = {"message": {"id": ID, "timestamp": AT, "snapshot": {"location": {"lat": 32.78, "lon": -96.79}}}}
    event = {"id": ID, "timestamp": AT, "eventType": "rule-enter", "object": None, "meta": meta}
    odd = {"id": ID, "timestamp": AT, "eventType": "dtc-on", "object": 7, "meta": {"code": ID}}
    found = asked(
        EventsClient, lambda client: client.events_page(AUTH, device(ID)), page("events", [event, odd])
    ).items
    assert found[0].position == (-96.79, 32.78)
    assert (found[1].code_id, found[1].object_id) == (ID, None)


def test_both_spellings_of_a_subsystem(asked):
    for name in ("subSystem", "subsystem"):
        answer = json_reply({"code": {"id": ID, "number": "P0001", name: "Fuel"}})
        entry = asked(DiagnosticClient, lambda client: client.catalogue_entry(AUTH, ID), answer)
        assert entry.sub_system == "Fuel"


@pytest.mark.parametrize("body", [{"batteryStatus": None}, {"batteryStatus": {"status": None}}])
def test_a_battery_without_a_verdict(body, asked):
    found = asked(DiagnosticClient, lambda client: client.battery(AUTH, ID), json_reply(body))
    assert found is None or found.status is None


@pytest.mark.parametrize(
    ("unit", "metres"), [("m", 12.0), ("km", 12_000.0), ("mi", 19_312.128), (None, 12.0)]
)
def test_distances_are_metres_whatever_unit_they_come_in(unit, metres, asked):
    answer = json_reply({"distance": {"value": 12, "unit": unit}})
    assert asked(DistanceClient, lambda client: client.latest(AUTH, ID), answer).metres == metres


def test_an_older_server_is_asked_for_its_best_distance(serve, make_transport):
    best = json_reply({"distance": {"value": 5}})
    server = serve(lambda request: best if request.path.endswith("_best") else http(404))
    assert DistanceClient(make_transport(), server.origin, 4).latest(AUTH, ID).metres == 5


@pytest.mark.parametrize(
    "location",
    [
        None,
        {"latitude": 32.7, "longitude": -96.9},
        {"type": "Point", "coordinates": [-96.9, 32.7]},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [-96.9, 32.7]}},
        {"timestamp": AT, "coordinate": [-96.9, 32.7]},
    ],
)
def test_a_collision_in_each_shape(location, asked):
    answer = page("collisions", [{"id": ID, "timestamp": AT, "location": location}])
    (found,) = asked(SafetyClient, lambda client: client.collisions_page(AUTH, device(ID)), answer).items
    assert found.position == (None if location is None else (-96.9, 32.7))


def test_counts_of_grades_may_be_texts_or_numbers(asked):
    body = {
        "reportCard": {"overallGrade": "A"},
        "tripSampleSize": "3",
        "gradeCount": {"A": "2", "B": 1, "C": None},
    }
    overall = asked(BehavioralClient, lambda client: client.overall(AUTH, ID), json_reply(body))
    assert (overall.trips, overall.counts) == (3, {"A": 2, "B": 1})


CARD = {"id": ID, "grade": "A", "tripId": ID}


def cards(items, **pagination):
    return page("reportCards", items, **pagination)


def test_an_odd_report_card_is_left_out_and_counted(asked):
    answer = cards([CARD, None, {"grade": "B"}, 7, CARD | {"grade": None}], remaining=3)
    found = asked(BehavioralClient, lambda client: client.report_cards_page(AUTH, device(ID)), answer)
    assert ([one.grade for one in found.items], found.skipped, found.remaining) == (["A", None], 3, 3)


@pytest.mark.parametrize(
    ("items", "link"),
    [
        ([CARD], "https://b.example/api/v1/devices/x/report_cards?limit=20"),
        ([CARD], "https://b.example/report_cards?until=soon"),
        ([CARD], "nonsense"),
        ([], "https://b.example/report_cards?until=1500000000000"),
        ([CARD], "https://b.example/report_cards?until=1600000000000"),
        ([CARD], "https://b.example/report_cards?until=1700000000000"),
    ],
)
def test_a_link_that_does_not_lead_back_ends_the_report_cards_with_an_error(items, link, asked):
    """A list that ended there without a word would be incomplete, and one that went on would have no end."""
    until = datetime.fromtimestamp(1_600_000_000, UTC)
    answer = cards(items, links={"prior": link}, remaining=5)
    with pytest.raises(InvalidResponse):
        asked(
            BehavioralClient, lambda client: list(client.report_cards(AUTH, device(ID), until=until)), answer
        )


@pytest.mark.parametrize("body", [[], {"reportCards": None}, {"reportCards": {}}, {"meta": {}}])
def test_report_cards_of_another_shape_are_invalid(body, asked):
    with pytest.raises(InvalidResponse):
        asked(BehavioralClient, lambda client: client.report_cards_page(AUTH, device(ID)), json_reply(body))


TOLD = {"id": ID, "state": "error", "createdAt": AT, "responseCode": None, "response": "No response: refused"}


def test_an_odd_subscription_notification_or_transaction_is_left_out(asked):
    good = {"id": ID, "eventType": "startup", "url": "https://me.example/x", "object": None, "appData": None}
    answer = json_reply({"subscriptions": [None, {}, good, {"id": ID}, good | {"url": 7}]})
    found = asked(SubscriptionsClient, lambda client: client.subscriptions(AUTH, device(ID)), answer)
    assert [(one.url, one.object_id, one.app_data) for one in found] == [
        ("https://me.example/x", None, None),
        ("7", None, None),
    ]
    answer = page("notifications", [TOLD, {"id": ID}, TOLD | {"createdAt": "never"}, []])
    told = asked(SubscriptionsClient, lambda client: client.notifications_page(AUTH, ID), answer)
    assert ([one.state for one in told.items], told.items[0].status, told.skipped) == (["error"], None, 3)
    call = {"id": ID, "timestamp": AT, "path": "/api/v1/devices", "statusCode": "200"}
    answer = page("transactions", [call, {}, call | {"timestamp": None}, call | {"statusCode": []}])
    made = asked(TransactionsClient, lambda client: client.transactions_page(AUTH), answer)
    assert ([one.status for one in made.items], made.skipped) == ([200, None], 2)


def test_odd_triggers_of_an_odometer_are_left_out(asked):
    good = {"id": ID, "type": "milestone", "threshold": 5, "unit": "km", "events": "2"}
    answer = json_reply({"odometerTriggers": [good, {}, None, good | {"threshold": "far"}]})
    (found,) = asked(DistanceClient, lambda client: client.triggers(AUTH, ID), answer)
    assert (found.threshold_m, found.events) == (5000, 2)
    with pytest.raises(InvalidResponse):
        asked(DistanceClient, lambda client: client.triggers(AUTH, ID), json_reply({"odometerTriggers": {}}))


@pytest.mark.parametrize(
    "answer",
    [
        json_reply([]),
        json_reply({"messages": []}),
        json_reply({"messages": {}, "meta": {"pagination": {"remaining": 0, "limit": 1}}}),
        json_reply({"messages": [], "meta": {"pagination": {"remaining": "many", "limit": 1}}}),
        json_reply({"messages": [], "meta": None}),
    ],
)
def test_a_page_of_another_shape_is_invalid(answer, asked):
    with pytest.raises(InvalidResponse):
        asked(TelemetryClient, messages, answer)


def test_fields_and_times():
    fields = Fields({"n": "1.5", "bad": "x", "inf": 1e400, "flag": 1, "text": 7, "long": "x" * 900})
    assert (fields.number("n"), fields.number("bad"), fields.number("inf")) == (1.5, None, None)
    assert (fields.flag("flag"), fields.text("text"), len(fields.text("long"))) == (None, "7", 200)
    assert moment_of("2016-12-20T01:15:38.843987+00:00").microsecond == 843987
    with pytest.raises(ValueError, match="no object"):
        Fields([])
