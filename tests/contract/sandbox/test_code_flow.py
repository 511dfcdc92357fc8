"""The authorization-code flow at the sandbox, by requests alone: docs general/authentication, RFC 6749 and 7636."""

import base64
import re
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.support.sandbox_process import Person, SandboxProcess

pytestmark = pytest.mark.contract

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess("--drivers", "1") as process:
        yield process


@pytest.fixture
def driver(sandbox):
    return Person(sandbox)


def query_of(uri):
    return {name: values[0] for name, values in parse_qs(urlsplit(uri).query).items()}


def code_for(driver, **parameters):
    return query_of(driver.authorize(driver.sandbox.authorization_url(**parameters)))["code"]


def exchange(sandbox, code, form="data", auth=None, **changes):
    values = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": sandbox.credentials["redirect_uri"],
    }
    values = {name: value for name, value in (values | changes).items() if value is not None}
    url = sandbox.origin + "/oauth/token"
    return requests.post(url, auth=auth or sandbox.client, timeout=10, **{form: values})


def user_of(sandbox, token):
    url = sandbox.origin + "/api/v1/users/_current"
    return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)


def assert_refused(response, error, status=400):
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"


def test_the_whole_flow_ends_with_the_drivers_own_data(sandbox, driver):
    callback = driver.authorize(sandbox.authorization_url(state="s t&=/"))
    assert callback.startswith(sandbox.credentials["redirect_uri"] + "?")
    assert query_of(callback)["state"] == "s t&=/"
    response = exchange(sandbox, query_of(callback)["code"])
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert set(response.json()) == {"access_token", "token_type"}
    user = user_of(sandbox, response.json()["access_token"]).json()["user"]
    assert user["email"] == sandbox.credentials["driver_email"]


@pytest.mark.parametrize("form", ["data", "json"])
def test_the_token_endpoint_takes_both_bodies_that_vinlis_clients_send(sandbox, driver, form):
    response = exchange(sandbox, code_for(driver), form)
    assert re.fullmatch(r"[A-Za-z0-9]{40,}", response.json()["access_token"])
    assert response.json()["token_type"] == "Bearer"


@pytest.mark.parametrize("body", [b"[[[[", b"{}", b'"text"', b"[" * 5000, b"\xff\xfe", b'{"code": 5}'])
def test_a_broken_json_body_is_an_oauth_error(sandbox, body):
    headers = {"Content-Type": "application/json"}
    response = requests.post(
        sandbox.origin + "/oauth/token", data=body, headers=headers, auth=sandbox.client, timeout=10
    )
    assert_refused(response, "unsupported_grant_type")


def test_a_code_is_good_once_and_its_replay_takes_the_token_along(sandbox, driver):
    code = code_for(driver)
    token = exchange(sandbox, code).json()["access_token"]
    assert user_of(sandbox, token).status_code == 200
    assert_refused(exchange(sandbox, code), "invalid_grant")
    assert user_of(sandbox, token).status_code == 401


def test_a_code_is_bound_to_its_redirect_uri(sandbox, driver):
    uri = sandbox.credentials["redirect_uri"]
    for other in (uri + "/", uri.upper(), uri + "?x=1", None):
        assert_refused(exchange(sandbox, code_for(driver), redirect_uri=other), "invalid_grant")


def test_a_code_is_bound_to_its_client(sandbox, driver):
    code = code_for(driver)
    stranger = (sandbox.credentials["web_client_id"], "x")
    assert_refused(exchange(sandbox, code, auth=stranger), "invalid_client", 401)
    assert exchange(sandbox, code).status_code == 200


@pytest.mark.parametrize(
    "auth",
    [("unknown", "secret"), (None, "wrong"), (None, ""), ("", ""), ("ünknown", "ü")],
)
def test_a_client_that_cannot_prove_itself_gets_401_with_a_challenge(sandbox, auth):
    client = (auth[0] if auth[0] is not None else sandbox.client[0], auth[1])
    encoded = base64.b64encode(":".join(client).encode()).decode()
    response = requests.post(
        sandbox.origin + "/oauth/token",
        data={"grant_type": "authorization_code", "code": "x"},
        headers={"Authorization": f"Basic {encoded}"},
        timeout=10,
    )
    assert_refused(response, "invalid_client", 401)
    assert response.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    "header", ["Basic", "Basic /////w==", "Basic b'Y2lkOmNzZWM='", "Bearer x", "InvalidResponse", ""]
)
def test_a_broken_authorization_header_is_no_client(sandbox, header):
    response = requests.post(
        sandbox.origin + "/oauth/token",
        data={"grant_type": "authorization_code", "code": "x"},
        headers={"Authorization": header},
        timeout=10,
    )
    assert_refused(response, "invalid_client", 401)


def test_a_secret_in_the_body_is_refused(sandbox, driver):
    secret = {"client_id": sandbox.client[0], "client_secret": sandbox.client[1]}
    response = requests.post(
        sandbox.origin + "/oauth/token", data={"grant_type": "authorization_code"} | secret, timeout=10
    )
    assert_refused(response, "invalid_request")
    assert_refused(exchange(sandbox, code_for(driver), **secret), "invalid_request")


def test_another_client_in_the_body_is_refused(sandbox, driver):
    response = exchange(sandbox, code_for(driver), client_id=sandbox.credentials["web_client_id"])
    assert_refused(response, "invalid_request")


@pytest.mark.parametrize("grant_type", ["password", "refresh_token", "", "client_credentials", "\x00"])
def test_other_grants_are_not_supported(sandbox, grant_type):
    assert_refused(exchange(sandbox, "x", grant_type=grant_type), "unsupported_grant_type")


def test_a_parameter_that_comes_twice_is_refused(sandbox, driver):
    uri = sandbox.credentials["redirect_uri"]
    values = [
        ("grant_type", "authorization_code"),
        ("code", code_for(driver)),
        ("code", "x"),
        ("redirect_uri", uri),
    ]
    response = requests.post(sandbox.origin + "/oauth/token", data=values, auth=sandbox.client, timeout=10)
    assert_refused(response, "invalid_request")


def test_a_code_without_an_owner_or_a_missing_one_is_refused(sandbox):
    assert_refused(exchange(sandbox, "unknown"), "invalid_grant")
    assert_refused(exchange(sandbox, None), "invalid_request")


def test_the_token_endpoint_answers_posts_alone(sandbox):
    response = requests.get(sandbox.origin + "/oauth/token", auth=sandbox.client, timeout=10)
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


# --- PKCE


def test_a_challenge_has_to_be_met(sandbox, driver):
    asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    assert exchange(sandbox, code_for(driver, **asked), code_verifier=VERIFIER).status_code == 200
    wrong = base64.urlsafe_b64encode(sha256(b"wrong").digest()).decode().rstrip("=")
    assert_refused(exchange(sandbox, code_for(driver, **asked), code_verifier=wrong), "invalid_grant")
    assert_refused(exchange(sandbox, code_for(driver, **asked)), "invalid_request")
    assert_refused(exchange(sandbox, code_for(driver, **asked), code_verifier="short"), "invalid_request")


def test_a_plain_challenge_is_compared_as_it_is(sandbox, driver):
    assert (
        exchange(sandbox, code_for(driver, code_challenge=VERIFIER), code_verifier=VERIFIER).status_code
        == 200
    )


def test_a_verifier_without_a_challenge_is_refused(sandbox, driver):
    assert_refused(exchange(sandbox, code_for(driver), code_verifier=VERIFIER), "invalid_request")


# --- consent


def test_an_approved_client_gets_through_at_once_next_time(sandbox):
    driver = Person(sandbox, sandbox.credentials["drivers"][2])
    assert "transaction_id" in after_sign_in(driver).text
    driver.authorize(sandbox.authorization_url())
    response = driver.get(sandbox.authorization_url(state="again"))
    assert response.status_code == 302
    assert query_of(response.headers["Location"])["state"] == "again"


def test_a_refusal_goes_back_as_access_denied(sandbox):
    driver = Person(sandbox, sandbox.credentials["drivers"][1])
    answer = query_of(driver.authorize(sandbox.authorization_url(state="s"), "cancel"))
    assert (answer["error"], answer["state"]) == ("access_denied", "s")
    assert "code" not in answer


def test_each_driver_gets_their_own_token(sandbox):
    for email in sandbox.credentials["drivers"]:
        token = exchange(sandbox, code_for(Person(sandbox, email))).json()["access_token"]
        assert user_of(sandbox, token).json()["user"]["email"] == email


def after_sign_in(driver):
    driver.sign_in()
    return driver.get(driver.sandbox.authorization_url())
