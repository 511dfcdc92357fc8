"""The resource services of the sandbox: docs platform-services, general/pagination, and what vinli-node 5.0.0 needs."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.support.sandbox_process import Person, SandboxProcess

pytestmark = pytest.mark.contract

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UNKNOWN = "821374c0-d6d8-41e3-9c1a-0800200c9a66"
DEVICE_LINKS = {"self", "vehicles", "latestVehicle", "rules", "events", "subscriptions", "trips"}
TOTAL = 1431


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess("--devices", TOTAL) as process:
        yield process


@pytest.fixture
def app(sandbox):
    """Calls as the app, by Basic; gives responses."""
    with requests.Session() as session:
        session.auth = sandbox.app
        yield lambda path, method="GET", **options: session.request(
            method, sandbox.origin + path, timeout=10, **options
        )


@pytest.fixture
def driver(sandbox):
    """Calls as the first driver, by Bearer."""
    yield from caller_with_token(sandbox, sandbox.credentials["drivers"][0])


@pytest.fixture
def second_driver(sandbox):
    yield from caller_with_token(sandbox, sandbox.credentials["drivers"][1])


def caller_with_token(sandbox, email):
    callback = Person(sandbox, email).authorize(sandbox.authorization_url("token"))
    token = dict(parse_qsl(urlsplit(callback).fragment))["access_token"]
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        yield lambda path, method="GET", **options: session.request(
            method, sandbox.origin + path, timeout=10, **options
        )


def assert_problem(response, status):
    """Check the error shape that vinli-cli, vinli-node and the mobile SDKs read."""
    assert response.status_code == status
    assert set(response.json()) == {"statusCode", "error", "message"}
    assert response.json()["statusCode"] == status


def page_of(response):
    assert response.status_code == 200
    pagination = response.json()["meta"]["pagination"]
    assert all(isinstance(link, str) for link in pagination["links"].values())
    return pagination


# --- paging


def test_the_documented_example_comes_out_as_printed(sandbox, app):
    url = f"{sandbox.origin}/api/v1/devices"
    assert page_of(app("/api/v1/devices")) == {
        "total": 1431,
        "limit": 20,
        "offset": 0,
        "links": {
            "first": f"{url}?limit=20&offset=0",
            "last": f"{url}?limit=20&offset=1420",
            "next": f"{url}?limit=20&offset=20",
        },
    }


def test_following_next_lists_every_device_once_newest_first(app, sandbox):
    path, devices = "/api/v1/devices?limit=100", []
    while path:
        page = app(path)
        devices += page.json()["devices"]
        path = page_of(page)["links"].get("next", "").removeprefix(sandbox.origin)
    assert len({device["id"] for device in devices}) == len(devices) == TOTAL
    created = [device["createdAt"] for device in devices]
    assert created == sorted(created, reverse=True)


def test_the_last_page_is_reached_and_leads_back(app, sandbox):
    last = page_of(app("/api/v1/devices?limit=100"))["links"]["last"].removeprefix(sandbox.origin)
    page = app(last)
    assert len(page.json()["devices"]) == 31
    assert set(page_of(page)["links"]) == {"first", "last", "prev"}
    assert page_of(page)["links"]["prev"].endswith("?limit=100&offset=1300")


def test_more_than_the_maximum_is_clamped(app):
    page = app("/api/v1/devices?limit=500")
    assert page_of(page)["limit"] == len(page.json()["devices"]) == 100


def test_past_the_end_there_is_nothing_and_no_error(app):
    page = app(f"/api/v1/devices?offset={'9' * 30}")
    assert page.json()["devices"] == []
    assert page_of(page)["total"] == TOTAL


@pytest.mark.parametrize("query", ["limit=x", "offset=-1", "sortDirection=up", "sortBy=name"])
def test_a_malformed_query_is_a_bad_request(app, query):
    assert_problem(app(f"/api/v1/devices?{query}"), 400)


def test_sorting_turns_the_list_round_and_links_repeat_it(app):
    page = app("/api/v1/devices?sortDirection=asc&limit=5&unknown=1")
    created = [device["createdAt"] for device in page.json()["devices"]]
    assert created == sorted(created)
    assert page_of(page)["links"]["next"].endswith("?sortDirection=asc&limit=5&offset=5")


# --- who sees what


def test_the_app_sees_all_devices_and_a_driver_their_own(app, driver, second_driver):
    assert page_of(app("/api/v1/devices"))["total"] == TOTAL
    names = [device["name"] for device in driver("/api/v1/devices").json()["devices"]]
    assert names[0] == "Mystery Machine"
    assert len(names) == 3
    assert names[2] is None
    assert page_of(second_driver("/api/v1/devices"))["total"] == 1


def test_a_drivers_list_has_pages_too(driver):
    page = driver("/api/v1/devices?limit=2&offset=2")
    assert page_of(page)["total"] == 3
    assert len(page.json()["devices"]) == 1


def test_another_drivers_device_and_vehicle_are_not_there(app, driver, second_driver):
    device = second_driver("/api/v1/devices").json()["devices"][0]["id"]
    vehicle = second_driver(f"/api/v1/devices/{device}/vehicles/_latest").json()["vehicle"]["id"]
    for path in (f"devices/{device}", f"devices/{device}/vehicles", f"vehicles/{vehicle}"):
        assert_problem(driver(f"/api/v1/{path}"), 404)
        assert app(f"/api/v1/{path}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/devices",
        f"/api/v1/devices/{UNKNOWN}",
        "/api/v1/vehicles",
        "/api/v1/transactions",
        "/api/v1/clients",
    ],
)
@pytest.mark.parametrize(
    "header", [None, "Basic eDp5", "Bearer unknown", "Basic ///", "Bearer", "Digest x", "x"]
)
def test_nobody_gets_401_with_a_challenge(sandbox, path, header):
    headers = {"Authorization": header} if header else {}
    response = requests.get(sandbox.origin + path, headers=headers, timeout=10)
    assert_problem(response, 401)
    assert re.match(r"(Basic|Bearer) realm=", response.headers["WWW-Authenticate"])


def test_a_wrong_token_is_called_invalid(sandbox):
    headers = {"Authorization": "Bearer unknown"}
    response = requests.get(sandbox.origin + "/api/v1/devices", headers=headers, timeout=10)
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_the_oauth_client_is_not_the_app(sandbox):
    assert (
        requests.get(sandbox.origin + "/api/v1/devices", auth=sandbox.client, timeout=10).status_code == 401
    )


# --- devices and vehicles


def test_a_device_has_all_that_clients_demand(app, sandbox):
    device = app("/api/v1/devices?limit=1").json()["devices"][0]
    assert DATE.fullmatch(device["createdAt"])
    assert re.fullmatch(r"VV[0-9A-F]{10}", device["chipId"])
    assert set(device["links"]) == DEVICE_LINKS
    assert all(
        link.startswith(f"{sandbox.origin}/api/v1/devices/{device['id']}")
        for link in device["links"].values()
    )
    answer = app(f"/api/v1/devices/{device['id']}")
    assert answer.json() == {"device": device}


def test_a_vehicle_has_all_that_clients_demand(app, sandbox):
    device = app("/api/v1/devices?limit=1").json()["devices"][0]["id"]
    answer = app(f"/api/v1/devices/{device}/vehicles/_latest").json()
    vehicle = answer["vehicle"]
    assert set(answer) == {"vehicle"}
    assert isinstance(vehicle["year"], str)
    assert len(vehicle["vin"]) == 17
    assert DATE.fullmatch(vehicle["createdAt"])
    assert DATE.fullmatch(vehicle["lastStartup"])
    assert set(vehicle["links"]) == {"self", "trips", "codes", "collisions"}
    assert app(vehicle["links"]["self"].removeprefix(sandbox.origin)).json() == answer


def test_a_history_of_vehicles_is_paged(driver):
    device = driver("/api/v1/devices").json()["devices"][1]["id"]
    page = driver(f"/api/v1/devices/{device}/vehicles?limit=1")
    assert page_of(page)["total"] == 2
    assert set(page.json()) == {"vehicles", "meta"}
    former = driver(f"/api/v1/devices/{device}/vehicles?limit=1&offset=1").json()["vehicles"][0]
    assert former["createdAt"] < page.json()["vehicles"][0]["createdAt"]


def test_some_devices_were_never_plugged_in_and_some_vehicles_are_not_decoded(app):
    devices = app("/api/v1/devices?limit=30").json()["devices"]
    latest = [app(f"/api/v1/devices/{d['id']}/vehicles/_latest").json() for d in devices]
    assert {"vehicle": None} in latest
    unknown = [found["vehicle"] for found in latest if found["vehicle"] and found["vehicle"]["make"] is None]
    assert unknown
    assert all(v["vin"] and v["year"] is v["model"] is v["data"] is None for v in unknown)


def test_a_driver_lists_vehicles_and_the_app_may_not(driver, app):
    assert page_of(driver("/api/v1/vehicles"))["total"] == 4
    assert_problem(app("/api/v1/vehicles"), 403)


@pytest.mark.parametrize(
    "path", [f"devices/{UNKNOWN}", "devices/x", f"vehicles/{UNKNOWN}", "nowhere", "devices/"]
)
def test_what_is_not_there_is_404(app, path):
    assert_problem(app(f"/api/v1/{path}"), 404)


def test_capabilities_are_there_for_ios(driver):
    device = driver("/api/v1/devices").json()["devices"][0]["id"]
    assert driver(f"/api/v1/devices/{device}/capabilities").json() == {"capabilities": {}}


# --- adding and removing, in a sandbox of their own


@pytest.mark.parametrize("wanted", [{"id": UNKNOWN}, {"caseId": "VNL999"}])
def test_the_app_adds_and_removes_a_device(wanted):
    with SandboxProcess() as sandbox:
        url = sandbox.origin + "/api/v1/devices"
        made = requests.post(url, json={"device": wanted}, auth=sandbox.app, timeout=10)
        assert made.status_code == 201
        device = made.json()["device"]
        assert made.headers["Location"] == device["links"]["self"] == f"{url}/{device['id']}"
        assert requests.get(url, auth=sandbox.app, timeout=10).json()["devices"][0] == device
        latest = requests.get(device["links"]["latestVehicle"], auth=sandbox.app, timeout=10)
        assert latest.json() == {"vehicle": None}
        gone = requests.delete(device["links"]["self"], auth=sandbox.app, timeout=10)
        assert (gone.status_code, gone.content) == (204, b"")
        assert_problem(requests.get(device["links"]["self"], auth=sandbox.app, timeout=10), 404)
        assert requests.get(url, auth=sandbox.app, timeout=10).json()["meta"]["pagination"]["total"] == 4


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"device":{}}', b'{"device":{"id":"x"}}', b'{"device":{"caseId":"a b"}}', b'{"device":[]}',
     b'{"device":{"id":"821374c0-d6d8-41e3-9c1a-0800200c9a66","caseId":"VNL999"}}', b"[" * 5000],
)  # fmt: skip
def test_a_device_needs_exactly_one_name(app, body):
    assert_problem(app("/api/v1/devices", "POST", data=body), 400)


def test_a_driver_neither_adds_nor_removes(driver):
    device = driver("/api/v1/devices").json()["devices"][0]["id"]
    assert_problem(driver("/api/v1/devices", "POST", json={"device": {"caseId": "VNL999"}}), 403)
    assert_problem(driver(f"/api/v1/devices/{device}", "DELETE"), 403)


# --- what any client may send


@pytest.mark.parametrize(
    "headers", [{"Accept": "text/plain"}, {"Content-Type": "text/plain"}, {"x-vinli-unit": "km"}]
)
def test_no_header_of_a_client_is_held_against_it(app, headers):
    assert app("/api/v1/devices", headers=headers).status_code == 200


def test_a_method_that_is_not_there_says_which_are(app):
    response = app("/api/v1/devices", "PUT")
    assert_problem(response, 405)
    assert {"GET", "POST"} <= set(response.headers["Allow"].split(", "))


# --- users, and the command line's calls


def test_a_user_comes_by_header_and_by_query(sandbox, driver):
    by_header = driver("/api/v1/users/_current")
    user = by_header.json()["user"]
    assert set(by_header.json()) == {"user"}
    assert user["email"] == sandbox.credentials["driver_email"]
    assert len(by_header.content) < 4096
    assert driver("/user").json() == by_header.json()
    token = by_header.request.headers["Authorization"].removeprefix("Bearer ")
    for path in ("/api/v1/users/_current", "/user", "/user/devices"):
        by_query = requests.get(sandbox.origin + path, params={"access_token": token}, timeout=10)
        assert by_query.json() == driver(path).json()


def test_a_users_devices_come_without_paging(driver):
    answer = driver("/user/devices").json()
    assert set(answer) == {"devices"}
    assert [set(device) for device in answer["devices"]] == [{"id", "name", "icon"}] * 3


@pytest.mark.parametrize("path", ["/api/v1/users/_current", "/user", "/user/devices"])
@pytest.mark.parametrize("query", ["", "?access_token=", "?access_token=unknown"])
def test_without_a_valid_token_there_is_no_user(sandbox, path, query):
    assert_problem(requests.get(sandbox.origin + path + query, timeout=10), 401)


def test_the_query_carries_no_token_to_the_resource_services(sandbox, driver):
    token = driver("/user").request.headers["Authorization"].removeprefix("Bearer ")
    response = requests.get(sandbox.origin + "/api/v1/devices", params={"access_token": token}, timeout=10)
    assert_problem(response, 401)


def test_the_apps_clients_are_listed_without_secrets(app, sandbox):
    clients = app("/api/v1/clients").json()["clients"]
    assert clients == [
        {
            "id": sandbox.credentials["client_id"],
            "type": "server",
            "data": {"redirectUri": sandbox.credentials["redirect_uri"]},
        },
        {
            "id": sandbox.credentials["web_client_id"],
            "type": "web",
            "data": {"redirectUri": sandbox.credentials["implicit_redirect_uri"]},
        },
    ]


# --- transactions


def test_the_apps_calls_are_recorded_by_status_and_path():
    with SandboxProcess() as sandbox:
        for path in ("/api/v1/devices?limit=1", f"/api/v1/devices/{UNKNOWN}", "/api/v1/devices?limit=2"):
            requests.get(sandbox.origin + path, auth=sandbox.app, timeout=10)
        url = sandbox.origin + "/api/v1/transactions"
        answer = requests.get(url, auth=sandbox.app, timeout=10).json()
        assert set(answer) == {"transactions", "meta"}
        calls = [(call["path"], call["statusCode"]) for call in answer["transactions"]]
        assert sorted(calls) == [
            (f"/api/v1/devices/{UNKNOWN}", 404),
            ("/api/v1/devices?limit=1", 200),
            ("/api/v1/devices?limit=2", 200),
        ]
        assert answer["meta"]["stats"] == {
            "periodTotal": 3,
            "serviceUsage": {"vinli-platform-service": 3},
            "allTimeTotal": 3,
        }
        assert answer["meta"]["pagination"]["since"] == "1970-01-01T00:00:00.000Z"
        assert answer["meta"]["pagination"]["links"] == {}


def test_older_calls_are_behind_the_prior_link():
    with SandboxProcess() as sandbox:
        for _ in range(3):
            requests.get(sandbox.origin + "/api/v1/devices", auth=sandbox.app, timeout=10)
            sandbox.control("POST", "/clock", {"advance_seconds": 60})
        url, seen = sandbox.origin + "/api/v1/transactions?limit=1&since=1", []
        while url:
            answer = requests.get(url, auth=sandbox.app, timeout=10).json()
            seen += [call["timestamp"] for call in answer["transactions"]]
            url = answer["meta"]["pagination"]["links"].get("prior")
            assert url is None or {name for name, _ in parse_qsl(urlsplit(url).query)} == {
                "limit",
                "since",
                "until",
            }
        assert len(seen) == 3
        assert seen == sorted(seen, reverse=True)


def test_a_driver_may_not_see_the_apps_calls(driver):
    assert_problem(driver("/api/v1/transactions"), 403)
