"""Whatever is sent to the sandbox, it answers for itself: never with a 5xx."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.app import create_app
from sandbox.container import build_sandbox
from sandbox.options import Options
from sandbox.server.recorder import Recorder
from sandbox.world.clock import Clock

ORIGIN = "http://127.0.0.1:9000"
RANDOM = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
NAMES = st.sampled_from(
    ["client_id", "redirect_uri", "response_type", "state", "scope", "code_challenge", "code_challenge_method", "next",
     "grant_type", "code", "code_verifier", "refresh_token", "client_secret", "transaction_id", "cancel", "email",
     "password", "limit", "offset", "since", "until", "sortDir", "sortDirection", "device[caseId]", "é", "",
     "type", "objectId", "objectType", "name", "boundaries", "parameter", "min", "max", "lon", "lat", "radius",
     "coordinates", "url", "eventType", "appData", "object", "id"]
)  # fmt: skip
BOX = build_sandbox(
    Options(refresh_token=True, client_auth="basic-or-post"), ORIGIN, Recorder(), Clock(lambda: 1_800_000_000)
)
GOOD = (
    BOX.vinli.registry.server_client.id, BOX.vinli.registry.server_client.redirect_uri, "code", "token",
    "authorization_code", "refresh_token", "S256", "a" * 43, BOX.vinli.people.password, "driver@example.com",
    "1", "100", "asc", "VNL999", "parametric", "radius", "polygon", "rpm", "rule-*", "startup", "http://127.0.0.1/",
)  # fmt: skip
WATCHED = [
    f"/api/v1/devices/{BOX.vinli.fleet.at(0).id}/{kind}" for kind in ("rules", "subscriptions", "events")
]
VALUES = st.one_of(st.sampled_from(GOOD), st.text(max_size=60))
PAIRS = st.lists(st.tuples(NAMES, VALUES), max_size=8)
ROOTS = st.sampled_from(["session", "device", "rule", "subscription"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | ROOTS, inner),
    max_leaves=10,
)


@pytest.fixture
def client():
    client = create_app(BOX).test_client()
    client.set_cookie("sandbox_session", BOX.vinli.sign_in_sessions.sign_in(0), domain="127.0.0.1")
    return client


def assert_answered(response):
    assert response.status_code < 500, response.text


@RANDOM
@given(pairs=PAIRS)
def test_any_query(client, pairs):
    for path in ("/oauth/authorization/new", "/sign-in", "/sign-up", "/user", "/nowhere"):
        assert_answered(client.get(path, query_string=pairs, base_url=ORIGIN))


@RANDOM
@given(
    pairs=PAIRS,
    path=st.sampled_from(["/api/v1/devices", "/api/v1/transactions", "/api/v1/vehicles", *WATCHED]),
)
def test_any_query_of_the_app(client, pairs, path):
    app = BOX.vinli.registry.app
    assert_answered(client.get(path, query_string=pairs, base_url=ORIGIN, auth=(app.id, app.secret)))


@RANDOM
@given(pairs=PAIRS, path=st.sampled_from(["/oauth/token", "/oauth/authorization", "/sign-in", "/sign-out"]))
def test_any_form(client, pairs, path):
    fields = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    own = BOX.vinli.registry.server_client
    assert_answered(client.post(path, data=fields, base_url=ORIGIN))
    assert_answered(client.post(path, data=fields, base_url=ORIGIN, auth=(own.id, own.secret)))


@RANDOM
@given(
    value=JSON,
    path=st.sampled_from(
        ["/oauth/token", "/oauth/authorization", "/api/v1/sessions", "/api/v1/devices", *WATCHED]
    ),
)
def test_any_json(client, value, path):
    app = BOX.vinli.registry.app
    options = {"data": json.dumps(value), "content_type": "application/json", "base_url": ORIGIN}
    assert_answered(client.post(path, **options))
    assert_answered(create_app(BOX).test_client().post(path, auth=(app.id, app.secret), **options))


@RANDOM
@given(
    body=st.binary(max_size=200), header=st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]))
)
def test_any_body_and_any_authorization(client, body, header):
    for path in ("/oauth/token", "/api/v1/devices", "/api/v1/sessions"):
        for kind in (
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "x",
        ):
            headers = {"Authorization": header}
            options = {"data": body, "content_type": kind, "headers": headers, "base_url": ORIGIN}
            assert_answered(client.post(path, **options))


@RANDOM
@given(
    path=st.text(max_size=40),
    host=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=30),
)
def test_any_path_and_any_host(client, path, host):
    assert_answered(client.get("/" + path.lstrip("/"), base_url=ORIGIN, headers={"Host": host}))
    assert_answered(client.get("/api/v1/devices/" + path.replace("?", ""), base_url=ORIGIN))
