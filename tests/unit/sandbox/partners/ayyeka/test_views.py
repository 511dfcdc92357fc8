import base64
import json

import pytest

from tests.unit.sandbox.partners.partner_desk import Desk, bearer


@pytest.fixture
def desk():
    return Desk()


def test_the_document_s_request_gets_the_document_s_answer(desk):
    basic = base64.b64encode(f"{desk['AYYEKA_KEY']}:{desk['AYYEKA_SECRET']}".encode()).decode()
    response = desk.send(
        "POST",
        "/auth/token",
        data=b"grant_type=client_credentials",
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Basic {basic}", "Cache-Control": "no-cache"},
    )
    assert response.status_code == 200
    headers = {name: response.headers[name] for name in ("Cache-Control", "Content-Type", "Pragma")}
    assert headers == {
        "Cache-Control": "no-store",
        "Content-Type": "application/json; charset=utf-8",
        "Pragma": "no-cache",
    }
    assert list(response.json) == ["access_token", "token_type", "expires_in"]
    assert (response.json["token_type"], response.json["expires_in"]) == ("JWT", 3600)
    claims = json.loads(base64.urlsafe_b64decode(response.json["access_token"].split(".")[1] + "=="))
    assert (claims["aud"], claims["iss"], claims["sub"]) == ("2091", "Cloud", "6237:708")


def test_wrong_credentials_are_refused(desk):
    for auth in (
        ("x", desk["AYYEKA_SECRET"]),
        (desk["AYYEKA_KEY"], "x"),
        (desk["AYYEKA_KEY"], ""),
        ("ü", "ü"),
    ):
        response = desk.ayyeka_token(auth)
        assert (response.status_code, response.json["error"]) == (401, "invalid_client")
        assert response.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "authorization", ["", "Basic", "Basic x", "Basic eA==", "Bearer x", "Digest username=x"]
)
def test_a_header_that_is_no_basic_is_refused(desk, authorization):
    response = desk.send(
        "POST",
        "/auth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": authorization},
    )
    assert response.status_code == 401


def test_credentials_in_the_body_are_refused(desk):
    fields = {"client_id": desk["AYYEKA_KEY"], "client_secret": desk["AYYEKA_SECRET"]}
    assert desk.ayyeka_token(**fields).status_code == 400
    fields["grant_type"] = "client_credentials"
    response = desk.send("POST", "/auth/token", data=fields)
    assert (response.status_code, response.json["error"]) == (400, "invalid_request")


def test_json_is_refused(desk):
    auth = (desk["AYYEKA_KEY"], desk["AYYEKA_SECRET"])
    response = desk.send("POST", "/auth/token", json={"grant_type": "client_credentials"}, auth=auth)
    assert (response.status_code, response.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"grant_type=password",
        b"grant_type=client_credentials&grant_type=client_credentials",
        b"\xff=\xff",
    ],
)
def test_another_grant_is_refused(desk, body):
    auth = (desk["AYYEKA_KEY"], desk["AYYEKA_SECRET"])
    kind = "application/x-www-form-urlencoded"
    assert desk.send("POST", "/auth/token", data=body, content_type=kind, auth=auth).status_code == 400


def test_sites_are_listed_as_in_the_quickstart(desk):
    token = desk.ayyeka_token().json["access_token"]
    response = desk.send("GET", "/v2.0/site", headers=bearer(token))
    assert response.status_code == 200
    assert len(response.json) == 6
    for site in response.json:
        assert isinstance(site["id"], int)
        assert isinstance(site["latitude"], str)
        assert -90 <= float(site["latitude"]) <= 90
        assert site["creation_date"].endswith("Z")
        assert "." not in site["creation_date"]
        assert site["status"] in ("Active", "Inactive")


def test_a_refusal_has_the_shape_of_ayyeka_s_own_client(desk):
    response = desk.send("GET", "/v2.0/site", headers=bearer("x"))
    assert response.status_code == 401
    assert set(response.json) == {"message", "request_id"}


def test_a_token_for_another_audience_is_refused(desk):
    token = desk.partners.jwts.issue("ayyeka", 60, {"aud": "2092"})
    assert desk.send("GET", "/v2.0/site", headers=bearer(token)).status_code == 401
