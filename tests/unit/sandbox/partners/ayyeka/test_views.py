import base64
import json

import pytest

from tests.support.partner_calls import PartnerCalls, bearer


@pytest.fixture
def calls():
    return PartnerCalls()


def test_the_document_s_request_gets_the_document_s_answer(calls):
    basic = base64.b64encode(f"{calls['AYYEKA_KEY']}:{calls['AYYEKA_SECRET']}".encode()).decode()
    response = calls.send(
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


def test_wrong_credentials_are_refused(calls):
    for auth in (
        ("x", calls["AYYEKA_SECRET"]),
        (calls["AYYEKA_KEY"], "x"),
        (calls["AYYEKA_KEY"], ""),
        ("ü", "ü"),
    ):
        response = calls.ayyeka_token(auth)
        assert (response.status_code, response.json["error"]) == (401, "invalid_client")
        assert response.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "authorization", ["", "Basic", "Basic x", "Basic eA==", "Bearer x", "Digest username=x"]
)
def test_a_header_that_is_no_basic_is_refused(calls, authorization):
    response = calls.send(
        "POST",
        "/auth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": authorization},
    )
    assert response.status_code == 401


def test_credentials_in_the_body_are_refused(calls):
    fields = {"client_id": calls["AYYEKA_KEY"], "client_secret": calls["AYYEKA_SECRET"]}
    assert calls.ayyeka_token(**fields).status_code == 400
    fields["grant_type"] = "client_credentials"
    response = calls.send("POST", "/auth/token", data=fields)
    assert (response.status_code, response.json["error"]) == (400, "invalid_request")


def test_json_is_refused(calls):
    auth = (calls["AYYEKA_KEY"], calls["AYYEKA_SECRET"])
    response = calls.send("POST", "/auth/token", json={"grant_type": "client_credentials"}, auth=auth)
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
def test_another_grant_is_refused(calls, body):
    auth = (calls["AYYEKA_KEY"], calls["AYYEKA_SECRET"])
    kind = "application/x-www-form-urlencoded"
    assert calls.send("POST", "/auth/token", data=body, content_type=kind, auth=auth).status_code == 400


def test_sites_are_listed_as_in_the_quickstart(calls):
    token = calls.ayyeka_token().json["access_token"]
    response = calls.send("GET", "/v2.0/site", headers=bearer(token))
    assert response.status_code == 200
    assert len(response.json) == 6
    for site in response.json:
        assert isinstance(site["id"], int)
        assert isinstance(site["latitude"], str)
        assert -90 <= float(site["latitude"]) <= 90
        assert site["creation_date"].endswith("Z")
        assert "." not in site["creation_date"]
        assert site["status"] in ("Active", "Inactive")


def test_a_refusal_has_the_shape_of_ayyeka_s_own_client(calls):
    response = calls.send("GET", "/v2.0/site", headers=bearer("x"))
    assert response.status_code == 401
    assert set(response.json) == {"message", "request_id"}


def test_a_token_for_another_audience_is_refused(calls):
    token = calls.partners.jwts.issue("ayyeka", 60, {"aud": "2092"})
    assert calls.send("GET", "/v2.0/site", headers=bearer(token)).status_code == 401
