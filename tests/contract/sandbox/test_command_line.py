"""What vinli-cli 1.2.1 does at the auth service, step by step: rows 22 to 25 of its commands."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.support.sandbox_process import Page, SandboxProcess

pytestmark = pytest.mark.contract

# The command line's own expression for the first Set-Cookie header.
COOKIE = re.compile(r"(?:[^\x00-\x20()<>@,;:\\\"/\[\]?={}\x7F]+)\s*=\s*(?:([^\x00-\x20\",;\\\x7F]*))")


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def fresh():
    """A sandbox in which nobody has consented to anything, and no device was added."""
    with SandboxProcess() as process:
        yield process


def sign_in(sandbox, password=None):
    session = {
        "email": sandbox.credentials["driver_email"],
        "password": password or sandbox.credentials["driver_password"],
    }
    return requests.post(sandbox.origin + "/api/v1/sessions", json={"session": session}, timeout=10)


def cookie_of(response):
    return COOKIE.match(response.headers["Set-Cookie"])[0]


def web_client(sandbox):
    answer = requests.get(sandbox.origin + "/api/v1/clients", auth=sandbox.app, timeout=10).json()
    return next(client for client in answer["clients"] if client["type"] == "web")


def ask(sandbox, client, cookie):
    query = {
        "client_id": client["id"],
        "redirect_uri": client["data"]["redirectUri"],
        "response_type": "token",
    }
    url = sandbox.origin + "/oauth/authorization/new"
    return requests.get(url, params=query, headers={"Cookie": cookie}, allow_redirects=False, timeout=10)


def token_in(response):
    return parse_qs(urlsplit(response.headers["Location"]).fragment)["access_token"][0]


def test_authorize_twice(fresh):
    client, session = web_client(fresh), cookie_of(sign_in(fresh))
    page = ask(fresh, client, session)
    assert page.status_code == 200
    transaction_id = Page(page.text).form("transaction_id")["fields"]["transaction_id"]
    decision = requests.post(
        fresh.origin + "/oauth/authorization",
        json={"transaction_id": transaction_id},
        headers={"Cookie": f"{session}; {cookie_of(page)}"},
        allow_redirects=False,
        timeout=10,
    )
    assert decision.headers["Location"].startswith(client["data"]["redirectUri"] + "#access_token=")
    again = ask(fresh, client, session)
    assert again.status_code == 302
    for response in (decision, again):
        headers = {"Authorization": f"Bearer {token_in(response)}"}
        assert requests.get(fresh.origin + "/api/v1/devices", headers=headers, timeout=10).status_code == 200


@pytest.mark.parametrize("name", ["id", "redirectUri"])
def test_invalid_client_information_is_at_least_400(sandbox, name):
    client = web_client(sandbox)
    if name == "id":
        client["id"] = "unknown"
    else:
        client["data"]["redirectUri"] += "x"
    assert ask(sandbox, client, cookie_of(sign_in(sandbox))).status_code >= 400


def test_a_wrong_password_is_401(sandbox):
    response = sign_in(sandbox, "wrong")
    assert response.status_code == 401
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"session":1}', b'{"session":{"email":1,"password":2}}']
)
def test_a_broken_sign_in_is_400(sandbox, body):
    response = requests.post(sandbox.origin + "/api/v1/sessions", data=body, timeout=10)
    assert response.status_code == 400
    assert response.json()["statusCode"] == 400


def test_add_device_puts_it_first_in_the_drivers_list(fresh):
    session = cookie_of(sign_in(fresh))
    response = add_device(fresh, session, "vnl999", "Beach car")
    assert response.status_code == 201
    token = token_in(decided(fresh, session))
    url = fresh.origin + "/user/devices"
    devices = requests.get(url, params={"access_token": token}, timeout=10).json()["devices"]
    assert [device["name"] for device in devices] == [
        "Beach car",
        "Mystery Machine",
        devices[2]["name"],
        None,
    ]


def test_add_device_needs_a_session_and_a_case(sandbox):
    assert add_device(sandbox, "sandbox_session=unknown", "VNL999", "x").status_code == 401
    refused = add_device(sandbox, cookie_of(sign_in(sandbox)), "no such case!", "x")
    assert refused.status_code == 400
    assert "caseId" in refused.json()["message"]


def add_device(sandbox, session, case_id, name):
    fields = {"device[caseId]": (None, case_id), "device[name]": (None, name)}
    url = sandbox.origin + "/api/v1/devices"
    return requests.post(url, files=fields, headers={"Cookie": session}, timeout=10)


def decided(sandbox, session):
    page = ask(sandbox, web_client(sandbox), session)
    fields = Page(page.text).form("transaction_id")["fields"]
    headers = {"Cookie": f"{session}; {cookie_of(page)}"}
    url = sandbox.origin + "/oauth/authorization"
    return requests.post(url, data=fields, headers=headers, allow_redirects=False, timeout=10)


@pytest.mark.parametrize("path", ["/api/v1/sessions", "/api/v1/devices"])
def test_pages_of_other_sites_use_no_session(sandbox, path):
    session = cookie_of(sign_in(sandbox))
    headers = {"Cookie": session, "Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-site"}
    response = requests.post(sandbox.origin + path, headers=headers, data=b"{}", timeout=10)
    assert response.status_code == 403
