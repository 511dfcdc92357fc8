import base64
import json
import threading
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

import pytest

from providers.errors import Incomplete, InvalidResponse, ServerFailed, TimedOut, Unauthorized
from providers.http.auth import BasicAuth, BearerAuth
from providers.paging.offset_listing import HEAD_START, Outline
from providers.vinli.platform import Device, PlatformClient, Vehicle
from tests.support.servers import http, json_reply

APP = BasicAuth("app", "secret")
DEVICE_ID = "821374c0-d6d8-11e3-9c1a-0800200c9a66"
DEVICE = {
    "id": DEVICE_ID,
    "name": "Mystery Machine",
    "chipId": "VV55C6887CBA",
    "createdAt": "2016-04-07T14:56:18.306Z",
    "icon": "https://vinli-public.s3.amazonaws.com/icon",
    "links": {"self": "http://172.17.0.18:80/api/v1/devices/x"},
}
VEHICLE = {
    "id": "67e1e940-d6da-11e3-9c1a-0800200c9a66",
    "vin": "2B4GP44R6WR942762",
    "year": "2007",
    "make": "Toyota",
    "model": "Camry",
    "trim": None,
    "data": {"drive": "front wheel drive"},
    "createdAt": "2016-08-08T21:12:18.692Z",
    "lastStartup": "2016-08-08T16:12:16.828-05:00",
}


@pytest.fixture
def client_for(make_transport):
    return lambda server, concurrency=4: PlatformClient(make_transport(), server.origin, concurrency)


def device(number):
    return DEVICE | {"id": str(UUID(int=number)), "name": f"Car {number}"}


def page_of(devices, request, limit=None, **more):
    offset, limit = int(request.query["offset"]), limit or int(request.query["limit"])
    pagination = {
        "total": len(devices),
        "limit": limit,
        "offset": offset,
        "links": {"next": "http://10.0.0.1/"},
    }
    return json_reply(
        {"devices": devices[offset : offset + limit], "meta": {"pagination": pagination | more}}
    )


def test_all_devices_are_listed_in_order(serve, client_for):
    devices = [device(number) for number in range(432)]
    server = serve(lambda request: page_of(devices, request))
    listing = client_for(server).devices(APP)
    assert listing.total == 432
    assert [entry.name for entry in listing] == [f"Car {number}" for number in range(432)]
    assert sorted(int(request.query["offset"]) for request in server.received) == [0, 100, 200, 300, 400]
    assert {request.query["limit"] for request in server.received} == {"100"}
    assert {request.path for request in server.received} == {"/api/v1/devices"}
    assert {request.headers["authorization"] for request in server.received} == {
        "Basic " + base64.b64encode(b"app:secret").decode()
    }


def test_no_more_connections_are_opened_than_requests_are_in_flight(serve, client_for):
    devices = [device(number) for number in range(2_000)]
    server = serve(lambda request: page_of(devices, request))
    client = client_for(server)
    for _ in range(2):
        assert len(list(client.devices(APP))) == 2_000
    assert server.connections <= 4


def test_a_server_that_gives_smaller_pages_is_followed(serve, client_for):
    devices = [device(number) for number in range(55)]
    server = serve(lambda request: page_of(devices, request, limit=20))
    assert len(list(client_for(server).devices(APP))) == 55
    assert [request.query["limit"] for request in server.received] == ["100", "20", "20"]


def test_a_list_read_before_is_asked_for_at_once_with_the_same_credentials(serve, client_for):
    devices = [device(number) for number in range(432)]
    together = threading.Barrier(5)

    def respond(request):
        if is_second:
            together.wait(10)
        return page_of(devices, request)

    is_second = False
    client = client_for(serve(respond), concurrency=5)
    assert len(list(client.devices(APP))) == 432
    is_second = True
    assert [entry.name for entry in client.devices(APP)] == [f"Car {number}" for number in range(432)]


def test_a_first_page_that_was_only_looked_at_is_remembered_too_and_not_for_others(serve, client_for):
    devices = [device(number) for number in range(150)]
    server = serve(lambda request: page_of(devices, request))
    client = client_for(server)
    client.devices_page(APP, 0, 100)
    client.devices_page(BearerAuth("abc"), 0, 24)
    assert list(client._outlines.values()) == [Outline(150, 100, 0)]
    assert list(client._outlines) == [APP]


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": -100}, {"total": 10**30}, {"total": -1}])
def test_a_first_page_that_cannot_be_is_no_guess_for_the_next_reading(serve, client_for, wrong):
    devices = [device(number) for number in range(150)]
    answers = [wrong, wrong, {}]

    def respond(request):
        page = json.loads(page_of(devices, request).partition(b"\r\n\r\n")[2])
        page["meta"]["pagination"] |= answers.pop(0) if answers else {}
        return json_reply(page)

    client = client_for(serve(respond))
    for _ in range(2):
        with pytest.raises(InvalidResponse):
            client.devices(APP)
    assert len(list(client.devices(APP))) == 150


def test_while_the_service_is_down_one_reading_is_one_request_and_the_host_is_not_given_up(serve, client_for):
    """Pages asked for by guess are not repeated, do not open the breaker, and are not asked for again."""
    devices = [device(number) for number in range(1_500)]
    is_down, others, waited = threading.Event(), threading.Semaphore(0), []

    def respond(request):
        if not is_down.is_set():
            return page_of(devices, request)
        if request.query["offset"] != "0":
            others.release()
        elif not waited:
            waited.extend(others.acquire(timeout=10) for _ in range(14))
        return http(503)

    server = serve(respond)
    client = client_for(server, concurrency=16)
    list(client.devices(APP))
    is_down.set()
    sent = len(server.received)
    with pytest.raises(ServerFailed):
        client.devices(APP)
    assert waited == [True] * 14
    assert len(server.received) - sent == 14 + 3  # the first page is repeated twice
    with pytest.raises(ServerFailed):
        client.devices(APP)
    assert len(server.received) - sent == 14 + 6
    is_down.clear()
    assert len(list(client.devices(APP))) == 1_500


def test_a_guessed_page_that_failed_is_asked_for_again(serve, client_for):
    devices = [device(number) for number in range(432)]
    refused = []

    def respond(request):
        if is_second and request.query["offset"] == "200" and not refused:
            refused.append(request)
            return http(500)
        if is_second and request.query["offset"] == "0":
            threading.Event().wait(4 * HEAD_START)
        return page_of(devices, request)

    is_second = False
    client = client_for(serve(respond), concurrency=5)
    list(client.devices(APP))
    is_second = True
    assert len(list(client.devices(APP))) == 432
    assert refused


@pytest.mark.parametrize(
    "body",
    [
        b'{"devices": [], "meta": {"pagination": {"total": 0, "limit": 100, "offset": 0}}} x',
        b'{"devices": [], "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"devices": [], "meta": {"pagination": {"total": 1e400, "limit": 100, "offset": 0}}}',
        b"\xff",
        b"",
    ],
)
def test_a_page_that_is_no_json_is_invalid_and_not_quoted(serve, client_for, body):
    server = serve(lambda _: http(200, body))
    with pytest.raises(InvalidResponse) as caught:
        client_for(server).devices(APP)
    assert caught.value.__cause__ is None


def test_a_page_that_does_not_say_it_is_json_is_invalid(serve, client_for):
    body = b'{"devices": [], "meta": {"pagination": {"total": 0, "limit": 100, "offset": 0}}}'
    server = serve(lambda _: http(200, body, content_type="text/html"))
    with pytest.raises(InvalidResponse):
        client_for(server).devices(APP)


def test_an_empty_list_is_a_list(serve, client_for):
    server = serve(lambda request: page_of([], request))
    listing = client_for(server).devices(BearerAuth("abc"))
    assert (listing.total, list(listing)) == (0, [])


def test_the_first_page_fails_before_anything_is_shown(serve, client_for):
    server = serve(lambda _: http(401))
    with pytest.raises(Unauthorized):
        client_for(server).devices(APP)


def test_a_later_page_that_fails_fails_the_list(serve, client_for):
    devices = [device(number) for number in range(250)]

    def respond(request):
        return http(500) if request.query["offset"] == "200" else page_of(devices, request)

    entries = iter(client_for(serve(respond)).devices(APP))
    assert [entry.name for entry in islice(entries, 200)] == [f"Car {number}" for number in range(200)]
    with pytest.raises(ServerFailed):
        next(entries)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"devices": []},
        {"devices": {}, "meta": {"pagination": {"total": 0, "limit": 1, "offset": 0}}},
        {"devices": [], "meta": {"pagination": {"total": "0", "limit": 1, "offset": 0}}},
        {"devices": [], "meta": {"pagination": {"total": True, "limit": 1, "offset": 0}}},
        {"devices": [], "meta": {"pagination": {"total": 0, "limit": 1.5, "offset": 0}}},
        {"devices": None, "meta": {"pagination": {"total": 1, "limit": 1, "offset": 0}}},
        {"devices": [None], "meta": {"pagination": {"total": None, "limit": 1, "offset": 0}}},
        {"devices": [None], "meta": None},
    ],
)
def test_a_page_of_another_shape_is_invalid(serve, client_for, body):
    server = serve(lambda _: json_reply(body))
    with pytest.raises(InvalidResponse):
        client_for(server).devices_page(APP, 0, 1)


@pytest.mark.parametrize("count", [24, 100])
@pytest.mark.parametrize("limit", [None, 20, 10])
def test_a_numbered_page_is_whole_when_the_limit_is_cut(serve, client_for, count, limit):
    devices = [device(number) for number in range(250)]

    def respond(request):
        asked = int(request.query["limit"])
        return page_of(devices, request, limit=min(asked, limit or asked))

    page = client_for(serve(respond)).devices_page(APP, count, count)
    assert [entry.name for entry in page.items] == [f"Car {n}" for n in range(count, 2 * count)]
    assert (page.total, page.offset, page.limit) == (250, count, count)


def test_the_last_numbered_page_is_short_and_the_one_after_it_empty(serve, client_for):
    devices = [device(number) for number in range(30)]
    client = client_for(serve(lambda request: page_of(devices, request)))
    assert len(client.devices_page(APP, 24, 24).items) == 6
    assert client.devices_page(APP, 48, 24).items == []


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"offset": 0}, InvalidResponse),
        ({"limit": 1_000}, InvalidResponse),
        ({"total": 10**9}, InvalidResponse),
        ({"total": 10}, Incomplete),
    ],
)
def test_a_numbered_page_that_does_not_add_up_is_refused(serve, client_for, wrong, kind):
    devices = [device(number) for number in range(100)]
    server = serve(lambda request: page_of(devices, request, **wrong))
    with pytest.raises(kind) as caught:
        client_for(server).devices_page(APP, 24, 24)
    assert caught.value.provider == "vinli platform"


def test_the_listing_names_its_provider_when_pages_do_not_add_up(serve, client_for):
    devices = [device(number) for number in range(150)]
    server = serve(lambda request: page_of(devices, request, offset=0))
    with pytest.raises(InvalidResponse) as caught:
        list(client_for(server).devices(APP))
    assert caught.value.provider == "vinli platform"


@pytest.mark.parametrize("deadline", [None, 4.0])
def test_the_deadline_is_for_all_parts_of_a_page_together(serve, client_for, clock, deadline):
    devices = [device(number) for number in range(100)]

    def respond(request):
        clock.advance(3)
        return page_of(devices, request, limit=5)

    server = serve(respond)
    with pytest.raises(TimedOut) as caught:
        client_for(server).devices_page(APP, 0, 24, deadline=deadline)
    assert caught.value.provider == "vinli platform"
    assert len(server.received) == (2 if deadline else 4)


def test_without_time_left_nothing_is_asked(serve, client_for):
    server = serve(lambda _: json_reply({}))
    client = client_for(server)
    for ask in (
        lambda: client.devices_page(APP, 0, 24, deadline=0.0),
        lambda: client.device(APP, DEVICE_ID, deadline=0.0),
        lambda: client.latest_vehicle(APP, DEVICE_ID, deadline=-1.0),
    ):
        with pytest.raises(TimedOut, match="no time was left"):
            ask()
    assert server.connections == 0


def test_one_device(serve, client_for):
    server = serve(lambda _: json_reply({"device": DEVICE}))
    found = client_for(server).device(BearerAuth("abc"), DEVICE_ID.upper())
    created_at = datetime(2016, 4, 7, 14, 56, 18, 306_000, tzinfo=UTC)
    assert found == Device(
        id=DEVICE_ID, name="Mystery Machine", chip_id="VV55C6887CBA", created_at=created_at, is_virtual=False
    )
    (request,) = server.received
    assert request.target == f"/api/v1/devices/{DEVICE_ID}"
    assert request.headers["authorization"] == "Bearer abc"


@pytest.mark.parametrize("wrong", [{"id": None}, {"id": 5}, {"id": "48ef1264-7fd2-4319-8789-g9a6b85b7a8f"}])
def test_a_device_without_a_usable_id_is_refused(wrong):
    with pytest.raises(ValueError, match="id"):
        Device.from_json(DEVICE | wrong)


# A record with one of these is one odd row: the fields, what they are read as, and the flaws that are named.
ODD = [
    ({"name": 5}, {"name": "5"}, ()),
    ({"name": ["x"]}, {"name": None}, ("name",)),
    ({"name": "My car \ud83d"}, {"name": "My car \ufffd"}, ("name",)),
    ({"name": "a\0b"}, {"name": "a\ufffdb"}, ("name",)),
    ({"virtual": "yes"}, {"is_virtual": False}, ("virtual",)),
    ({"chipId": None}, {"chip_id": None}, ("chipId",)),
    ({"chipId": 12345}, {"chip_id": "12345"}, ()),
    ({"chipId": {"a": 1}}, {"chip_id": None}, ("chipId",)),
    ({"createdAt": None}, {"created_at": None}, ("createdAt",)),
    ({"createdAt": "yesterday"}, {"created_at": None}, ("createdAt",)),
    ({"createdAt": 1_460_040_978_306}, {"created_at": None}, ("createdAt",)),
    ({"createdAt": "0001-01-01T00:00:00+14:00"}, {"created_at": None}, ("createdAt",)),
    ({"\ud83d": "\ud83d", "more": [None, {"x": "\0"}]}, {}, ()),
]


@pytest.mark.parametrize(("fields", "read", "flaws"), ODD)
def test_one_odd_record_is_one_marked_row(serve, client_for, fields, read, flaws):
    devices = [device(number) for number in range(250)]
    devices[123] = device(123) | fields
    server = serve(lambda request: page_of(devices, request))
    listed = list(client_for(server).devices(APP))
    assert len(listed) == 250
    assert {name: getattr(listed[123], name) for name in read} == read
    assert set(listed[123].flaws) == set(flaws)
    assert [entry.flaws for entry in listed[:123] + listed[124:]] == [()] * 249


@pytest.mark.parametrize(("fields", "read", "flaws"), ODD)
def test_one_odd_device_is_read_alone_too(serve, client_for, fields, read, flaws):
    server = serve(lambda _: json_reply({"device": DEVICE | fields}))
    found = client_for(server).device(APP, DEVICE_ID)
    assert {name: getattr(found, name) for name in read} == read


@pytest.mark.parametrize(
    "record", [None, 5, "x", [], {}, {"id": None}, {"id": "x"}, {"id": 5, "name": "Car"}]
)
def test_records_without_a_usable_id_are_rows_without_one(serve, client_for, record):
    devices = [device(number) for number in range(250)]
    devices[7] = devices[123] = devices[124] = record
    server = serve(lambda request: page_of(devices, request))
    client = client_for(server)
    for listed in (list(client.devices(APP)), client.devices_page(APP, 0, 250).items):
        assert len(listed) == 250
        assert [n for n, entry in enumerate(listed) if not entry.id] == [7, 123, 124]
        assert "id" in listed[7].flaws
    assert listed[7].name == (record.get("name") if isinstance(record, dict) else None)


@pytest.mark.parametrize("text", [b"\xff", b"\xed\xa0\xbd", b"\\ud83d", b"\\u0000", b"\x01"])
def test_one_odd_character_is_one_marked_row(serve, client_for, text):
    devices = [device(number) | {"name": "ODD" if number == 3 else "Car"} for number in range(5)]

    def respond(request):
        body = page_of(devices, request).partition(b"\r\n\r\n")[2]
        return http(200, body.replace(b"ODD", b"O" + text + b"D"))

    server = serve(respond)
    listed = list(client_for(server).devices(APP))
    assert len(listed) == 5
    assert listed[3].name.startswith("O")
    listed[3].name.encode()


@pytest.mark.parametrize(
    ("fields", "read"),
    [
        ({"year": 2015}, {"year": "2015"}),
        ({"year": 2015.5, "make": None}, {"year": "2015.5", "make": None}),
        ({"year": ["2015"], "vin": 17}, {"year": None, "vin": "17"}),
        ({"lastStartup": "soon", "createdAt": 7}, {"last_startup": None, "created_at": None}),
        ({"make": "Ford \ud83d"}, {"make": "Ford \ufffd"}),
    ],
)
def test_an_odd_field_of_a_vehicle_is_missing_alone(serve, client_for, fields, read):
    server = serve(lambda _: json_reply({"vehicle": {"id": DEVICE_ID, "make": "Ford", **fields}}))
    vehicle = client_for(server).latest_vehicle(APP, DEVICE_ID)
    assert {name: getattr(vehicle, name) for name in read} == read


@pytest.mark.parametrize("fields", [{}, {"virtual": None}, {"virtual": False}])
def test_virtual_may_be_null_or_absent(fields):
    assert Device.from_json(DEVICE | fields).is_virtual is False


def test_an_id_in_capitals_is_the_same_id():
    assert Device.from_json(DEVICE | {"id": DEVICE_ID.upper()}).id == DEVICE_ID


def test_texts_are_cut_and_unknown_fields_dropped():
    made = Device.from_json(DEVICE | {"name": "x" * 10_000, "virtual": True, "unlockToken": "secret"})
    assert len(made.name) == 200
    assert len(Device.from_json(DEVICE | {"name": None, "chipId": "x" * 10_000}).chip_id) == 200
    assert made.is_virtual
    assert "secret" not in repr(made)


def test_a_vehicle_may_have_nothing_but_its_id():
    vehicle = Vehicle.from_json({"id": VEHICLE["id"]})
    assert vehicle == Vehicle(VEHICLE["id"], None, None, None, None, None, None, None)


def test_a_time_without_a_zone_is_utc():
    assert Device.from_json(DEVICE | {"createdAt": "2016-04-07T14:56:18"}).created_at.tzinfo is UTC
