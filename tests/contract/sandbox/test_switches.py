"""Every behaviour that Vinli's documents leave open, switched away from its default."""

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


@pytest.fixture(scope="module")
def usual_sandbox():
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def sandbox(request):
    """A sandbox of the test's own, or the shared one where no switch is thrown."""
    if not request.param:
        yield request.getfixturevalue("usual_sandbox")
        return
    with SandboxProcess(*request.param) as process:
        yield process


def started_with(*arguments):
    return pytest.mark.parametrize("sandbox", [arguments], indirect=True)


def query_of(uri):
    return {name: values[0] for name, values in parse_qs(urlsplit(uri).query).items()}


def fragment_of(uri):
    return {name: values[0] for name, values in parse_qs(urlsplit(uri).fragment).items()}


def token_request(sandbox, auth=True, **values):
    return requests.post(
        sandbox.origin + "/oauth/token", data=values, auth=sandbox.client if auth else None, timeout=10
    )


def exchange(sandbox, code, **changes):
    uri = sandbox.credentials["redirect_uri"]
    values = {"grant_type": "authorization_code", "code": code, "redirect_uri": uri}
    return token_request(sandbox, **(values | changes))


def code_for(sandbox, **parameters):
    return query_of(Person(sandbox).authorize(sandbox.authorization_url(**parameters)))["code"]


def status_with(sandbox, token):
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(sandbox.origin + "/api/v1/devices", headers=headers, timeout=10).status_code


@started_with("--echo-state", "off")
def test_state_does_not_come_back(sandbox):
    person = Person(sandbox)
    assert set(query_of(person.authorize(sandbox.authorization_url(state="s")))) == {"code"}
    assert "state" not in fragment_of(person.authorize(sandbox.authorization_url("token", state="s")))
    refused = Person(sandbox, sandbox.credentials["drivers"][1]).authorize(
        sandbox.authorization_url(state="s"), "cancel"
    )
    assert "state" not in query_of(refused)


@started_with("--refresh-token", "on", "--expires-in", "600")
def test_tokens_expire_and_are_renewed(sandbox):
    answer = exchange(sandbox, code_for(sandbox)).json()
    assert set(answer) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert answer["expires_in"] == 600
    sandbox.control("POST", "/clock", {"advance_seconds": 601})
    assert status_with(sandbox, answer["access_token"]) == 401
    renewed = token_request(sandbox, grant_type="refresh_token", refresh_token=answer["refresh_token"])
    assert renewed.status_code == 200
    assert "refresh_token" not in renewed.json()
    assert status_with(sandbox, renewed.json()["access_token"]) == 200
    again = token_request(sandbox, grant_type="refresh_token", refresh_token=answer["refresh_token"])
    assert again.status_code == 200


@started_with("--refresh-token", "on")
def test_a_refresh_token_is_bound_and_can_be_revoked(sandbox):
    refresh_token = exchange(sandbox, code_for(sandbox)).json()["refresh_token"]
    asked = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    assert token_request(sandbox, auth=False, **asked).status_code == 401
    assert token_request(sandbox, **asked | {"refresh_token": "unknown"}).json()["error"] == "invalid_grant"
    sandbox.control("POST", "/tokens/revoke", {})
    assert token_request(sandbox, **asked).json()["error"] == "invalid_grant"


@started_with("--refresh-token", "on")
def test_the_implicit_flow_has_no_refresh_token(sandbox):
    fragment = fragment_of(Person(sandbox).authorize(sandbox.authorization_url("token")))
    assert set(fragment) == {"access_token", "token_type"}


@started_with("--token-type", "none")
def test_token_type_is_left_out(sandbox):
    assert set(exchange(sandbox, code_for(sandbox)).json()) == {"access_token"}


@started_with("--token-type", "bearer")
def test_token_type_is_spelled_as_told(sandbox):
    assert exchange(sandbox, code_for(sandbox)).json()["token_type"] == "bearer"


@started_with("--pkce", "off")
def test_pkce_is_unheard_of(sandbox):
    assert exchange(sandbox, code_for(sandbox, **CHALLENGE)).status_code == 200
    assert exchange(sandbox, code_for(sandbox), code_verifier="anything").status_code == 200
    assert exchange(sandbox, code_for(sandbox, code_challenge="short")).status_code == 200


@started_with("--pkce", "required")
def test_pkce_is_required(sandbox):
    refused = Person(sandbox).get(sandbox.authorization_url())
    assert refused.status_code == 400
    assert "code_challenge" in refused.text
    assert exchange(sandbox, code_for(sandbox, **CHALLENGE), code_verifier=VERIFIER).status_code == 200
    assert fragment_of(Person(sandbox).authorize(sandbox.authorization_url("token")))["access_token"]


@started_with("--code-lifetime", "5")
def test_a_code_lasts_as_long_as_told(sandbox):
    code = code_for(sandbox)
    sandbox.control("POST", "/clock", {"advance_seconds": 6})
    assert exchange(sandbox, code).json()["error"] == "invalid_grant"


@started_with("--denial", "body")
def test_a_refusal_stays_in_the_body(sandbox):
    person = Person(sandbox)
    person.sign_in()
    form = Page(person.get(sandbox.authorization_url()).text).form("transaction_id")
    response = person.post(form["action"], form["fields"] | {"cancel": "1"})
    assert response.status_code == 403
    assert "access_denied" in response.text
    assert "Location" not in response.headers


@started_with("--remember-consent", "off")
def test_consent_is_asked_for_every_time(sandbox):
    person = Person(sandbox)
    for _ in range(2):
        person.authorize(sandbox.authorization_url())
        assert "transaction_id" in person.get(sandbox.authorization_url()).text


@started_with("--client-types", "strict")
def test_a_strict_server_client_has_no_implicit_flow(sandbox):
    url = sandbox.authorization_url(response_type="token")
    assert Person(sandbox).get(url).status_code == 400


@started_with()
def test_a_lenient_server_client_has_both_flows(sandbox):
    callback = Person(sandbox).authorize(sandbox.authorization_url(response_type="token", state="s"))
    assert callback.startswith(sandbox.credentials["redirect_uri"] + "#access_token=")
    assert fragment_of(callback)["state"] == "s"


@started_with("--client-auth", "basic-or-post")
def test_the_secret_may_come_in_the_body(sandbox):
    client_id, client_secret = sandbox.client
    own = {"client_id": client_id, "client_secret": client_secret}
    assert exchange(sandbox, code_for(sandbox), auth=False, **own).status_code == 200
    assert exchange(sandbox, code_for(sandbox)).status_code == 200
    assert exchange(sandbox, code_for(sandbox), **own).json()["error"] == "invalid_request"
    wrong = own | {"client_secret": "wrong"}
    assert exchange(sandbox, code_for(sandbox), auth=False, **wrong).json()["error"] == "invalid_client"


# --- CORS


ORIGIN = {"Origin": "http://127.0.0.1:8000"}
PREFLIGHT = ORIGIN | {
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "authorization",
}


@started_with()
def test_pages_of_any_origin_may_call_the_api_with_a_token(sandbox):
    for path in ("/api/v1/devices", "/api/v1/users/_current", "/user/devices"):
        asked = requests.options(sandbox.origin + path, headers=PREFLIGHT, timeout=10)
        assert asked.status_code == 204
        assert asked.headers["Access-Control-Allow-Origin"] == "*"
        assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
        answer = requests.get(sandbox.origin + path, headers=ORIGIN, timeout=10)
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (401, "*")
        assert "Access-Control-Allow-Credentials" not in answer.headers


@started_with()
def test_pages_of_other_origins_may_not_read_forms_tokens_or_the_control_interface(sandbox):
    for path in ("/sign-in", "/oauth/authorization/new", "/oauth/token", "/_sandbox/stats"):
        for method in ("GET", "OPTIONS"):
            answer = requests.request(method, sandbox.origin + path, headers=PREFLIGHT, timeout=10)
            assert not [name for name in answer.headers if name.startswith("Access-Control")]


@started_with("--cors", "off")
def test_without_cors_nothing_is_said(sandbox):
    for method in ("GET", "OPTIONS"):
        answer = requests.request(method, sandbox.origin + "/api/v1/devices", headers=PREFLIGHT, timeout=10)
        assert not [name for name in answer.headers if name.startswith("Access-Control")]


# --- what is registered, and where links lead


@started_with("--redirect-uri", "https://example.com/cb?a=b%20c&d")
def test_a_redirect_uri_keeps_its_own_query(sandbox):
    callback = Person(sandbox).authorize(sandbox.authorization_url(state="s"))
    assert callback.startswith("https://example.com/cb?a=b%20c&d&code=")


@started_with("--redirect-uri", "myApp://", "--implicit-redirect-uri", "li.vin.auth://done")
def test_custom_schemes_keep_their_spelling(sandbox):
    person = Person(sandbox)
    assert person.authorize(sandbox.authorization_url()).startswith("myApp://?code=")
    assert person.authorize(sandbox.authorization_url("token")).startswith("li.vin.auth://done#access_token=")


@started_with("--public-url", "https://{service}.vinli.example:8443")
def test_links_are_built_on_the_public_url_of_each_service(sandbox):
    answer = requests.get(sandbox.origin + "/api/v1/devices", auth=sandbox.app, timeout=10).json()
    first = answer["meta"]["pagination"]["links"]["first"]
    assert first.startswith("https://platform.vinli.example:8443/api/v1/devices?")
    links = answer["devices"][0]["links"]
    assert links["trips"].startswith("https://trips.vinli.example:8443/api/v1/devices/")
    assert links["events"].startswith("https://events.vinli.example:8443/api/v1/devices/")


@started_with()
def test_a_host_name_of_a_service_reaches_that_service_alone(sandbox):
    def status(host, path, method="GET", **options):
        headers = {"Host": f"{host}:9000"} | options.pop("headers", {})
        return requests.request(
            method, sandbox.origin + path, headers=headers, auth=sandbox.app, timeout=10, **options
        ).status_code

    device = {"device": {"caseId": "VNL999"}}
    assert status("platform.localhost", "/api/v1/devices") == 200
    assert status("platform-dev.vin.li", "/api/v1/devices") == 200
    assert status("auth.localhost", "/api/v1/devices") == 404
    assert status("platform.localhost", "/api/v1/clients") == 404
    assert status("my.localhost", "/api/v1/clients") == 200
    assert status("trips.localhost", "/api/v1/devices") == 404
    assert status("platform.localhost", "/sign-in") == 404
    assert status("anything.example", "/api/v1/devices") == 200
    assert status("auth.localhost", "/api/v1/devices", "POST", json=device) == 401
    assert status("trips.localhost", "/api/v1/devices", "POST", json=device) == 404
    assert status("platform.localhost", "/api/v1/devices", "POST", json=device) == 201
