"""Rules, events and subscriptions of the sandbox, called as vinli-node 5.0.0, vinli-cli and the mobile SDKs do."""

from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.support.sandbox_process import Person, SandboxProcess

pytestmark = pytest.mark.contract

UNKNOWN = "821374c0-d6d8-41e3-9c1a-0800200c9a66"
BOUNDARIES = [
    {"type": "parametric", "parameter": "vehicleSpeed", "min": 35, "max": None},
    {"type": "radius", "lon": -90.0811, "lat": 29.9508, "radius": 500},
]


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def app(sandbox):
    """Calls as the app, by Basic; takes paths and links."""
    with requests.Session() as session:
        session.auth = sandbox.app
        yield caller(sandbox, session)


@pytest.fixture
def drivers(sandbox):
    """Two callers with access tokens, as the mobile SDKs."""
    sessions = []
    for email in sandbox.credentials["drivers"][:2]:
        callback = Person(sandbox, email).authorize(sandbox.authorization_url("token"))
        session = requests.Session()
        session.headers["Authorization"] = (
            "Bearer " + dict(parse_qsl(urlsplit(callback).fragment))["access_token"]
        )
        sessions.append(session)
    yield [caller(sandbox, session) for session in sessions]
    for session in sessions:
        session.close()


def caller(sandbox, session):
    def call(path, method="GET", **options):
        url = path if path.startswith("http") else f"{sandbox.origin}/api/v1/{path}"
        return session.request(method, url, timeout=10, **options)

    return call


@pytest.fixture
def device(drivers):
    return drivers[0]("devices?limit=1").json()["devices"][0]["id"]


def test_node_makes_lists_fills_and_deletes_a_rule(app, device):
    made = app(f"devices/{device}/rules", "POST", json={"rule": {"name": "Fast", "boundaries": BOUNDARIES}})
    rule = made.json()["rule"]
    assert made.status_code == 201
    assert set(made.json()) == {"rule"}
    assert app(made.headers["Location"]).json()["rule"]["id"] == rule["id"]
    page = app(f"devices/{device}/rules?offset=0&limit=20").json()
    assert page["meta"]["pagination"]["total"] == 1
    [listed] = page["rules"]
    assert listed["deviceId"] == device
    assert len(app(listed["links"]["self"]).json()["rule"]["boundaries"]) == 2
    assert app(listed["links"]["events"]).status_code == 200
    about = {"type": "rule", "id": rule["id"]}
    body = {"subscription": {"eventType": "rule-*", "url": "http://127.0.0.1:1/", "object": about}}
    subscription = app(f"devices/{device}/subscriptions", "POST", json=body).json()["subscription"]
    found = app(f"devices/{device}/subscriptions?objectType=rule&objectId={rule['id']}").json()
    assert found["subscriptions"] == [subscription]
    assert found["meta"]["pagination"]["total"] == 1
    told = app(f"subscriptions/{subscription['id']}/notifications?offset=0&limit=20").json()
    assert isinstance(told["meta"]["pagination"]["total"], int)
    for path in (f"subscriptions/{subscription['id']}", f"rules/{rule['id']}"):
        gone = app(path, "DELETE")
        assert (gone.status_code, gone.content) == (204, b"")
        assert app(path).status_code == 404


def test_the_command_line_asks_for_events_with_both_dates(app, device):
    query = "limit=10&since=1970-01-01T00%3A00%3A00.000Z&until=2030-01-01T00%3A00%3A00.000Z"
    page = app(f"devices/{device}/events?{query}").json()
    assert set(page) == {"events", "meta"}
    assert {"remaining", "until", "since", "limit", "sortDir", "links"} == set(page["meta"]["pagination"])


def test_a_driver_makes_rules_and_no_other_driver_sees_them(app, drivers, device):
    own, other = drivers
    rule = own(f"devices/{device}/rules", "POST", json={"rule": {"name": "x", "boundaries": BOUNDARIES}})
    body = {"subscription": {"eventType": "startup", "url": "http://127.0.0.1:1/"}}
    subscription = own(f"devices/{device}/subscriptions", "POST", json=body)
    assert (rule.status_code, subscription.status_code) == (201, 201)
    paths = [
        *(f"devices/{device}/{kind}" for kind in ("rules", "events", "subscriptions")),
        rule.headers["Location"],
        subscription.headers["Location"],
        subscription.headers["Location"] + "/notifications",
    ]
    for path in paths:
        assert own(path).status_code == app(path).status_code == 200
        assert other(path).status_code == 404
    assert other(rule.headers["Location"], "DELETE").status_code == 404
    assert other(subscription.headers["Location"], "PUT", json=body).status_code == 404
    assert own(rule.headers["Location"], "DELETE").status_code == 204


@pytest.mark.parametrize(
    "path",
    [*(f"devices/{UNKNOWN}/{kind}" for kind in ("rules", "events", "subscriptions")), f"rules/{UNKNOWN}",
     f"events/{UNKNOWN}", f"subscriptions/{UNKNOWN}", f"notifications/{UNKNOWN}", f"events/{UNKNOWN}/notifications"],
)  # fmt: skip
def test_nobody_gets_401_and_the_app_404(sandbox, app, path):
    assert requests.get(f"{sandbox.origin}/api/v1/{path}", timeout=10).status_code == 401
    assert app(path).status_code == 404


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("rules.localhost", "rules", 200),
        ("events.localhost", "rules", 404),
        ("events.localhost", "subscriptions", 200),
        ("events.localhost", "events", 200),
        ("platform.localhost", "events", 404),
    ],
)
def test_each_service_has_its_own_host(app, device, host, path, status):
    assert app(f"devices/{device}/{path}", headers={"Host": host}).status_code == status
