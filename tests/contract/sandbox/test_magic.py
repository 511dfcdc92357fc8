"""The magic drivers: what exactly comes back at each endpoint for a driver with whom something goes wrong."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.support.sandbox_process import Page, Person, SandboxProcess

pytestmark = pytest.mark.contract

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = {
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
}
NAMES = [
    *("denies", "error-in-body", "server-error", "no-state", "wrong-state", "expired-code", "used-code"),
    *("wrong-verifier", "invalid-client", "slow-token", "token-500", "token-empty", "token-html"),
    *("token-no-type", "token-type-jwt", "token-expired", "short-token", "refresh-rotating", "drops-token"),
    *("user-401", "user-500", "devices-500", "no-devices", "many-devices", "hostile-names"),
]


@pytest.fixture(scope="module")
def running():
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def sandbox(running):
    """The shared sandbox; the usual driver gets what is usual, whatever a magic one met."""
    yield running
    code = query_of(Person(running).authorize(running.authorization_url(state="s")))["code"]
    token = exchange(running, code).json()["access_token"]
    assert get(running, "/api/v1/users/_current", token).status_code == 200
    assert get(running, "/api/v1/devices", token).json()["meta"]["pagination"]["total"] == 3


def driver(sandbox, name):
    return Person(sandbox, f"{name}@magic.example.com")


def query_of(uri):
    return {name: values[0] for name, values in parse_qs(urlsplit(uri).query).items()}


def callback_of(sandbox, name, decision="approve", flow="code"):
    uri = driver(sandbox, name).authorize(sandbox.authorization_url(flow, state="the-state"), decision)
    return query_of(uri.replace("#", "?"))


def exchange(sandbox, code, auth=None, timeout=10, **changes):
    uri = sandbox.credentials["redirect_uri"]
    values = {"grant_type": "authorization_code", "code": code, "redirect_uri": uri} | changes
    return requests.post(
        sandbox.origin + "/oauth/token", data=values, auth=auth or sandbox.client, timeout=timeout
    )


def token_response(sandbox, name, **options):
    return exchange(sandbox, callback_of(sandbox, name)["code"], **options)


def renew(sandbox, refresh_token):
    values = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return requests.post(sandbox.origin + "/oauth/token", data=values, auth=sandbox.client, timeout=10)


def get(sandbox, path, token):
    return requests.get(sandbox.origin + path, headers={"Authorization": f"Bearer {token}"}, timeout=10)


def token_of(sandbox, name):
    return token_response(sandbox, name).json()["access_token"]


def assert_refused(response, status, error):
    assert (response.status_code, response.json()["error"]) == (status, error)


def test_all_are_listed_in_their_order_with_the_password(sandbox):
    answer = sandbox.control("GET", "/magic-drivers")
    assert set(answer) == {"password", "drivers"}
    assert answer["password"] == sandbox.credentials["driver_password"]
    assert [entry["name"] for entry in answer["drivers"]] == NAMES
    for entry in answer["drivers"]:
        assert set(entry) == {"name", "email", "title", "what"}
        assert entry["email"] == f"{entry['name']}@magic.example.com"
        assert entry["title"]
        assert entry["what"].endswith(".")


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Host": "rebound.example"}])
def test_the_list_is_for_programs_of_this_machine(sandbox, headers):
    url = sandbox.origin + "/_sandbox/magic-drivers"
    response = requests.get(url, headers=headers, timeout=10)
    assert response.status_code == 403
    assert sandbox.credentials["driver_password"] not in response.text


# --- the authorization endpoint


@pytest.mark.parametrize("flow", ["code", "token"])
@pytest.mark.parametrize("decision", ["approve", "cancel"])
@pytest.mark.parametrize(("name", "error"), [("denies", "access_denied"), ("server-error", "server_error")])
def test_an_error_comes_by_redirect_whatever_is_pressed(sandbox, name, error, decision, flow):
    answer = callback_of(sandbox, name, decision, flow)
    assert set(answer) == {"error", "error_description", "state"}
    assert (answer["error"], answer["state"]) == (error, "the-state")


def test_a_refusal_goes_back_even_where_others_stay_in_the_body():
    with SandboxProcess("--denial", "body") as sandbox:
        assert callback_of(sandbox, "denies")["error"] == "access_denied"


def test_an_error_in_the_body_never_redirects(sandbox):
    person = driver(sandbox, "error-in-body")
    person.sign_in()
    for _ in range(2):
        form = Page(person.get(sandbox.authorization_url(state="s")).text).form("transaction_id")
        response = person.post(form["action"], form["fields"])
        assert response.status_code == 400
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "invalid_request" in response.text
        assert "does not go back to the app" in response.text
        assert "Location" not in response.headers


@pytest.mark.parametrize("flow", ["code", "token"])
def test_a_state_is_left_out(sandbox, flow):
    assert "state" not in callback_of(sandbox, "no-state", flow=flow)


@pytest.mark.parametrize("flow", ["code", "token"])
def test_a_state_is_changed_each_time_anew(sandbox, flow):
    states = {callback_of(sandbox, "wrong-state", flow=flow)["state"] for _ in range(2)}
    assert len(states) == 2
    assert "the-state" not in states


@pytest.mark.parametrize("name", ["no-state", "wrong-state"])
def test_a_code_without_its_state_is_good(sandbox, name):
    assert token_response(sandbox, name).status_code == 200


# --- the token endpoint


@pytest.mark.parametrize("name", ["expired-code", "used-code", "wrong-verifier"])
def test_the_code_is_refused(sandbox, name):
    assert_refused(token_response(sandbox, name), 400, "invalid_grant")


def test_a_verifier_that_fits_is_said_not_to(sandbox):
    url = sandbox.authorization_url(state="s", **CHALLENGE)
    code = query_of(driver(sandbox, "wrong-verifier").authorize(url))["code"]
    response = exchange(sandbox, code, code_verifier=VERIFIER)
    assert_refused(response, 400, "invalid_grant")
    wrong = query_of(Person(sandbox).authorize(url))["code"]
    assert response.json() == exchange(sandbox, wrong, code_verifier="x" * 43).json()


def test_a_right_secret_is_refused_as_a_wrong_one_is(sandbox):
    refused = token_response(sandbox, "invalid-client")
    wrong = token_response(sandbox, "no-state", auth=(sandbox.client[0], "wrong"))
    assert_refused(refused, 401, "invalid_client")
    assert refused.json() == wrong.json()
    assert refused.headers["WWW-Authenticate"] == wrong.headers["WWW-Authenticate"]


def test_a_slow_token_endpoint_is_silent_at_first(sandbox):
    with pytest.raises(requests.ReadTimeout):
        token_response(sandbox, "slow-token", timeout=(5, 0.3))


@pytest.mark.parametrize(("name", "status"), [("token-500", 500), ("token-html", 200)])
def test_a_page_comes_in_place_of_a_token(sandbox, name, status):
    response = token_response(sandbox, name)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.text.startswith("<!doctype html>")


def test_a_refusal_says_nothing(sandbox):
    response = token_response(sandbox, "token-empty")
    assert (response.status_code, response.content) == (403, b"")
    assert "Content-Type" not in response.headers


def test_a_connection_is_cut(sandbox):
    with pytest.raises(requests.ConnectionError):
        token_response(sandbox, "drops-token")


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("token-no-type", {}),
        ("token-type-jwt", {"token_type": "JWT"}),
        ("token-expired", {"token_type": "Bearer", "expires_in": 0}),
        ("short-token", {"token_type": "Bearer", "expires_in": 60}),
        ("no-devices", {"token_type": "Bearer"}),
    ],
)
def test_a_token_response_has_its_shape(sandbox, name, rest):
    response = token_response(sandbox, name)
    answer = response.json()
    token = answer.pop("access_token")
    assert (response.status_code, answer) == (200, rest)
    status = get(sandbox, "/api/v1/users/_current", token).status_code
    assert status == (401 if name == "token-expired" else 200)


def test_shapes_do_not_follow_the_options():
    options = ("--refresh-token", "on", "--expires-in", "600", "--token-type", "mac", "--pkce", "off")
    with SandboxProcess(*options, "--echo-state", "off") as sandbox:
        assert set(token_response(sandbox, "token-no-type").json()) == {"access_token"}
        assert token_response(sandbox, "short-token").json()["expires_in"] == 60
        assert_refused(token_response(sandbox, "wrong-verifier"), 400, "invalid_grant")
        assert "state" in callback_of(sandbox, "wrong-state")
        usual = token_response(sandbox, "no-devices").json()
        assert (usual["token_type"], usual["expires_in"]) == ("mac", 600)
        assert renew(sandbox, usual["refresh_token"]).status_code == 200


def test_a_short_token_does_expire():
    with SandboxProcess() as sandbox:
        token, usual = token_of(sandbox, "short-token"), token_of(sandbox, "no-devices")
        sandbox.control("POST", "/clock", {"advance_seconds": 61})
        assert get(sandbox, "/api/v1/users/_current", token).status_code == 401
        assert get(sandbox, "/api/v1/users/_current", usual).status_code == 200


def test_refresh_tokens_rotate(sandbox):
    first = token_response(sandbox, "refresh-rotating").json()
    assert set(first) == {"access_token", "token_type", "expires_in", "refresh_token"}
    second = renew(sandbox, first["refresh_token"]).json()
    assert set(second) == set(first)
    assert second["refresh_token"] != first["refresh_token"]
    assert get(sandbox, "/api/v1/devices", first["access_token"]).status_code == 401
    assert get(sandbox, "/api/v1/devices", second["access_token"]).status_code == 200
    assert_refused(renew(sandbox, first["refresh_token"]), 400, "invalid_grant")
    assert renew(sandbox, second["refresh_token"]).status_code == 200
    assert_refused(renew(sandbox, "unknown"), 400, "unsupported_grant_type")


def test_a_rotating_driver_gets_no_refresh_token_in_a_fragment(sandbox):
    assert "refresh_token" not in callback_of(sandbox, "refresh-rotating", flow="token")


# --- calls with the token


def test_a_token_is_good_for_nothing(sandbox):
    token = token_of(sandbox, "user-401")
    for path in ("/api/v1/users/_current", "/user", "/api/v1/devices", "/api/v1/vehicles", "/user/devices"):
        response = get(sandbox, path, token)
        assert response.status_code == 401
        assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize(("name", "user", "devices"), [("user-500", 500, 200), ("devices-500", 200, 500)])
def test_one_call_breaks_and_the_others_work(sandbox, name, user, devices):
    token = token_of(sandbox, name)
    assert get(sandbox, "/api/v1/users/_current", token).status_code == user
    assert get(sandbox, "/api/v1/devices", token).status_code == devices
    assert get(sandbox, "/api/v1/vehicles", token).status_code == 200


# --- data


def devices_of(sandbox, token):
    answer = get(sandbox, "/api/v1/devices?limit=100", token).json()
    total = answer["meta"]["pagination"]["total"]
    devices = answer["devices"]
    for offset in range(100, total, 100):
        page = get(sandbox, f"/api/v1/devices?limit=100&offset={offset}", token).json()
        devices += page["devices"]
    assert len(devices) == total
    return devices


@pytest.mark.parametrize(
    ("name", "count"), [("no-devices", 0), ("many-devices", 2000), ("hostile-names", 16), ("no-state", 1)]
)
def test_a_driver_has_so_many_devices_and_the_app_none_of_them(sandbox, name, count):
    fleet = requests.get(sandbox.origin + "/api/v1/devices", auth=sandbox.app, timeout=10).json()
    devices = devices_of(sandbox, token_of(sandbox, name))
    assert len({device["id"] for device in devices}) == count
    assert fleet["meta"]["pagination"]["total"] == 4
    for device in devices[:3]:
        url = f"{sandbox.origin}/api/v1/devices/{device['id']}"
        for method in ("GET", "DELETE"):
            assert requests.request(method, url, auth=sandbox.app, timeout=10).status_code == 404


@pytest.mark.parametrize("name", ["many-devices", "hostile-names", "no-state"])
def test_their_devices_and_vehicles_are_found_by_their_driver_alone(sandbox, name):
    token, stranger = token_of(sandbox, name), token_of(sandbox, "wrong-state")
    devices = get(sandbox, "/api/v1/devices?limit=20", token).json()["devices"]
    for device in devices:
        path = f"/api/v1/devices/{device['id']}"
        assert get(sandbox, path, token).json()["device"] == device
        assert get(sandbox, path, stranger).status_code == 404
        vehicles = get(sandbox, path + "/vehicles", token).json()["vehicles"]
        latest = get(sandbox, path + "/vehicles/_latest", token).json()["vehicle"]
        assert latest == next(iter(vehicles), None)
        for vehicle in vehicles:
            path = f"/api/v1/vehicles/{vehicle['id']}"
            assert get(sandbox, path, token).json()["vehicle"] == vehicle
            assert get(sandbox, path, stranger).status_code == 404
            assert requests.get(sandbox.origin + path, auth=sandbox.app, timeout=10).status_code == 404
    all_vehicles = get(sandbox, "/api/v1/vehicles", token).json()["meta"]["pagination"]["total"]
    assert all_vehicles >= len(devices) * 3 / 4


def test_hostile_names_are_of_every_kind(sandbox):
    token = token_of(sandbox, "hostile-names")
    user = get(sandbox, "/api/v1/users/_current", token).json()["user"]
    assert "<script>" in user["firstName"]
    assert all(part in user["lastName"] for part in ('"', "\u202e", "\u0301", "\r\n", "W" * 100))
    names = [device["name"] for device in devices_of(sandbox, token)]
    assert {None, ""} <= set(names)
    written = "".join(name or "" for name in names)
    assert "\x00" not in written
    assert all(part in written for part in ("<script>", "'", '"', "\u202e", "\u0351", "\r\n", "\x1b"))
    vehicles = get(sandbox, "/api/v1/vehicles?limit=100", token).json()["vehicles"]
    for field in ("make", "model", "trim"):
        values = {vehicle[field] for vehicle in vehicles}
        assert {None, ""} <= values
        assert any("<" in (value or "") for value in values)


def test_the_sandboxs_own_pages_stay_whole_with_a_hostile_driver():
    with SandboxProcess() as sandbox:
        person = driver(sandbox, "hostile-names")
        person.sign_in()
        for page in (person.get("/"), person.get(sandbox.authorization_url())):
            assert page.status_code == 200
            assert "&lt;script&gt;" in page.text
            assert "<script" not in page.text
