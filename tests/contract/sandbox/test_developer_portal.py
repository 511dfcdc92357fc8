"""The Developer Portal's API as vinli-cli calls it."""

from __future__ import annotations

import pytest
import requests

from tests.support.sandbox_process import SandboxProcess

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess("--quiet") as process:
        yield process


def call(sandbox, method, path, **options):
    return requests.request(method, sandbox.origin + path, timeout=10, **options)


def test_the_catalogue_of_parameters_is_as_published(sandbox):
    found = call(sandbox, "GET", "/parameters.json").json()
    assert len(found) == 163
    kinds = [entry.get("dataType") for entry in found.values()]
    assert [kinds.count(kind) for kind in ("decimal", "string", None)] == [116, 14, 33]
    assert found["rpm"] == {"name": "RPM", "description": "RPM", "dataType": "decimal", "units": "rpm"}
    assert found["vehicleSpeed"]["units"] == "km/h"
    assert sum(entry.get("units") == "%" for entry in found.values()) == 40
    assert all("units" in entry for entry in found.values() if entry.get("dataType") == "decimal")


def test_a_driver_who_signed_in_sees_the_app(sandbox):
    assert call(sandbox, "GET", "/api/v1/apps").status_code == 401
    about = sandbox.credentials
    body = {"email": about["drivers"][0], "password": about["driver_password"]}
    session = call(sandbox, "POST", "/api/v1/sessions", json={"session": body})
    if session.status_code >= 400:
        session = call(sandbox, "POST", "/api/v1/sessions", json=body)
    assert session.status_code == 201
    (app,) = call(sandbox, "GET", "/api/v1/apps", cookies=session.cookies).json()["apps"]
    assert (app["id"], app["secret"]) == sandbox.app
    assert app["name"]
    assert app["description"]
    form = {"app[name]": (None, "Beach"), "app[description]": (None, "y"), "app[status]": (None, "prod")}
    made = call(sandbox, "POST", "/api/v1/apps", files=form, cookies=session.cookies)
    assert (made.status_code, set(made.json())) == (201, {"app"})
    other = made.json()["app"]
    assert (other["name"], other["status"], other["type"]) == ("Beach", "prod", "consumer")
    assert set(other) == set(app)
    listed = call(sandbox, "GET", "/api/v1/apps", cookies=session.cookies).json()["apps"]
    assert listed == [app, other]
    for wrong in (
        {"app[name]": (None, "")},
        form | {"app[type]": (None, "none")},
        form | {"app[name]": (None, "x" * 999)},
    ):
        assert call(sandbox, "POST", "/api/v1/apps", files=wrong, cookies=session.cookies).status_code == 400


def test_an_app_that_was_made_has_nothing_of_the_first_one(sandbox):
    about = sandbox.credentials
    body = {"session": {"email": about["drivers"][0], "password": about["driver_password"]}}
    cookies = call(sandbox, "POST", "/api/v1/sessions", json=body).cookies
    form = {"app[name]": (None, "Empty")}
    made = call(sandbox, "POST", "/api/v1/apps", files=form, cookies=cookies).json()["app"]
    auth = (made["id"], made["secret"])
    for path, key in (
        ("devices", "devices"),
        ("dummies", "dummies"),
        ("clients", "clients"),
        ("transactions", "transactions"),
    ):
        page = call(sandbox, "GET", f"/api/v1/{path}", auth=auth)
        assert (page.status_code, page.json()[key]) == (200, [])
    device = call(sandbox, "GET", "/api/v1/devices", auth=sandbox.app).json()["devices"][0]["id"]
    for path in (
        f"devices/{device}",
        f"devices/{device}/messages",
        f"devices/{device}/trips",
        f"devices/{device}/rules",
    ):
        assert call(sandbox, "GET", f"/api/v1/{path}", auth=auth).status_code == 404
    for path, sent in (("devices", {"device": {"caseId": "VNL111"}}), ("dummies", {"dummy": {"name": "x"}})):
        assert call(sandbox, "POST", f"/api/v1/{path}", json=sent, auth=auth).status_code == 403
    assert call(sandbox, "DELETE", f"/api/v1/devices/{device}", auth=auth).status_code == 404
    assert len(call(sandbox, "GET", "/api/v1/routes", auth=auth).json()["routes"]) > 9
    assert call(sandbox, "GET", "/api/v1/devices", auth=(made["id"], about["app_secret"])).status_code == 401


def test_the_portal_has_a_host_of_its_own(sandbox):
    """vinli-cli signs in where it asks: at dev for apps, at auth for devices. It keeps the first cookie alone."""
    about = sandbox.credentials
    body = {"session": {"email": about["drivers"][0], "password": about["driver_password"]}}
    for service, status in (("dev", 201), ("auth", 201), ("platform", 404), ("trips", 404)):
        there = {"Host": f"{service}.localhost:9000"}
        answer = call(sandbox, "POST", "/api/v1/sessions", json=body, headers=there)
        assert answer.status_code == status, service
        if service == "dev":
            cookie = answer.headers["Set-Cookie"].partition(";")[0]
            apps = call(sandbox, "GET", "/api/v1/apps", headers=there | {"Cookie": cookie})
            assert apps.json()["apps"][0]["id"] == about["app_id"]
    wrong = {"session": {"email": about["drivers"][0], "password": "wrong"}}
    there = {"Host": "dev.localhost:9000"}
    assert call(sandbox, "POST", "/api/v1/sessions", json=wrong, headers=there).status_code == 401


def test_an_account_is_made_once_and_stays_unverified(sandbox):
    user = {"firstName": "Ada", "lastName": "L", "email": "ada@example.com", "password": "secret"}
    made = call(sandbox, "POST", "/api/v1/users", json={"user": user})
    assert made.status_code == 201
    assert "password" not in made.text
    assert "secret" not in made.text
    assert call(sandbox, "POST", "/api/v1/users", json={"user": user}).status_code == 409
    incomplete = call(sandbox, "POST", "/api/v1/users", json={"user": {"email": "x"}})
    assert (incomplete.status_code, "message" in incomplete.json()) == (400, True)
    for body in ({"session": user}, user):
        if (answer := call(sandbox, "POST", "/api/v1/sessions", json=body)).status_code != 400:
            assert answer.status_code == 403
