"""The registry of partners: who is there, in which roles, and what does not show."""

import json

import pytest

from providers.errors import NoToken, Unauthorized
from providers.http.transport import Transport
from providers.partners.partner import Partner, Role
from providers.tokens.auth import TokenAuth
from providers.tokens.engine import TokenSource
from providers.tokens.requests import Body, Client, ClientAuth, TokenRequest
from settings import from_environ
from tests.support.servers import json_reply
from wiring.partners import build_partners

BASE = {
    "SECRET_KEY": "0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c",
    "VINLI_APP_ID": "app",
    "VINLI_APP_SECRET": "app-secret",
    "VINLI_CLIENT_ID": "client",
    "VINLI_CLIENT_SECRET": "client-secret",
}
ANYLINE = {"ANYLINE_CLIENT_ID": "id", "ANYLINE_CLIENT_SECRET": "hush-1"}
AYYEKA = {"AYYEKA_KEY": "key", "AYYEKA_SECRET": "hush-2"}
ASPOSE = {"ASPOSE_CLIENT_ID": "id", "ASPOSE_CLIENT_SECRET": "hush-3"}
SERVICE = {"INSTYLE_API_BASE_URL": "https://api.instyle.example/v1", "INSTYLE_API_KEY": "hush-4"}
ADMIN = {
    "INSTYLE_COGNITO_IDP": "https://cognito.example/pool/",
    "INSTYLE_CLIENT_ID": "client",
    "INSTYLE_USERNAME": "anna",
    "INSTYLE_PASSWORD": "hush-5",
    "INSTYLE_SECRET_HASH": "hush-6",
}
SUPERUSER = {
    "INSTYLE_SUPERUSER_API_KEY": "hush-7",
    "INSTYLE_SUPERUSER_USERNAME": "root",
    "INSTYLE_SUPERUSER_PASSWORD": "hush-8",
    "INSTYLE_SUPERUSER_SECRET_HASH": "hush-9",
    "INSTYLE_CUSTOMER": "acme",
}
ALL = ANYLINE | AYYEKA | ASPOSE | SERVICE | ADMIN | SUPERUSER


@pytest.fixture
def partners(make_transport):
    return lambda variables: build_partners(from_environ(BASE | variables), make_transport(), None)


def clients_of(made):
    return {name: getattr(made, name) for name in made.by_name}


def test_all_four_are_there_in_their_order_set_up_or_not(partners):
    order = ["anyline", "ayyeka", "aspose", "instyle"]
    for variables in ({}, ALL):
        assert list(partners(variables).by_name) == order


def test_without_settings_a_partner_says_what_is_missing_and_has_no_client(partners):
    made = partners({})
    assert set(clients_of(made).values()) == {None}
    for partner in made.by_name.values():
        assert not partner.is_configured
        assert partner.roles == {}
        assert partner.examples
    assert made.by_name["anyline"].missing == ("ANYLINE_CLIENT_ID", "ANYLINE_CLIENT_SECRET")


@pytest.mark.parametrize(
    ("name", "variables"),
    [("anyline", ANYLINE), ("ayyeka", AYYEKA), ("aspose", ASPOSE), ("instyle", SERVICE)],
)
def test_each_is_set_up_by_itself(partners, name, variables):
    made = partners(variables)
    assert [each for each, client in clients_of(made).items() if client] == [name]
    assert [each for each, partner in made.by_name.items() if partner.is_configured] == [name]
    for left_out in variables:
        rest = {variable: text for variable, text in variables.items() if variable != left_out}
        assert partners(rest).by_name[name].missing == (left_out,)
        assert clients_of(partners(rest))[name] is None


@pytest.mark.parametrize(
    ("variables", "roles"),
    [
        (SERVICE, ["service"]),
        (SERVICE | ADMIN, ["service", "admin"]),
        (SERVICE | ADMIN | SUPERUSER, ["service", "admin", "superuser"]),
        (ADMIN | SUPERUSER, []),
    ],
)
def test_roles_are_there_when_their_variables_are_set(partners, variables, roles):
    assert list(partners(variables).by_name["instyle"].roles) == roles


@pytest.mark.parametrize("left_out", ADMIN | SUPERUSER)
def test_one_variable_less_and_the_role_is_off_and_the_page_says_why(partners, left_out):
    variables = {name: text for name, text in (SERVICE | ADMIN | SUPERUSER).items() if name != left_out}
    partner = partners(variables).by_name["instyle"]
    assert ("admin" if left_out in ADMIN else "superuser") not in partner.roles
    assert left_out in partner.about
    assert partner.is_configured


def test_the_superuser_is_not_talked_about_before_it_is_begun(partners):
    assert "superuser" not in partners(SERVICE | ADMIN).by_name["instyle"].about


def test_an_example_is_never_of_a_role_that_is_off(partners):
    for variables in (SERVICE, SERVICE | ADMIN, ALL):
        for partner in partners(variables).by_name.values():
            assert {example.role for example in partner.examples} <= {"", *partner.roles} or not partner.roles


def test_headers_for_a_shell_hold_variables(partners):
    roles = partners(ALL).by_name["instyle"].roles
    assert roles["service"].shell_headers == {"x-api-key": "$INSTYLE_API_KEY", "Authorization": "None"}
    assert roles["admin"].shell_headers == {
        "x-api-key": "$INSTYLE_API_KEY",
        "Authorization": "$INSTYLE_ID_TOKEN",
    }
    assert roles["superuser"].shell_headers == {
        "x-api-key": "$INSTYLE_SUPERUSER_API_KEY",
        "Authorization": "$INSTYLE_SUPERUSER_ID_TOKEN",
        "x-selected-customer": "$INSTYLE_CUSTOMER",
    }
    access = partners(ALL | {"INSTYLE_TOKEN": "access"}).by_name["instyle"].roles["admin"]
    assert access.shell_headers["Authorization"] == "Bearer $INSTYLE_ACCESS_TOKEN"
    anyline = partners(ALL).by_name["anyline"].default_role
    assert anyline.shell_headers == {"Authorization": "Bearer $ANYLINE_TOKEN"}


def test_nothing_shows_a_secret(partners):
    made = partners(ALL)
    shown = repr(made)
    for partner in made.by_name.values():
        shown += repr(partner) + str(partner)
        for role in partner.roles.values():
            shown += repr(role) + repr(role.auth)
            if role.source:
                shown += repr(role.source) + repr(role.source.request)
    for client in clients_of(made).values():
        shown += repr(client)
    assert "anna" in shown
    assert "hush" not in shown


def requests_of(made):
    roles = [role for partner in made.by_name.values() for role in partner.roles.values()]
    return [role.source.request for role in roles if role.source]


def test_a_rotated_secret_keeps_every_key_and_changes_every_credential(partners):
    before = requests_of(partners(ALL))
    rotated = {name: text.replace("hush", "new") for name, text in ALL.items()}
    after = requests_of(partners(rotated))
    assert [request.key for request in after] == [request.key for request in before]
    for old, new in zip(before, after, strict=True):
        assert old.credentials != new.credentials


def test_no_two_roles_share_a_token(partners):
    keys = [request.key for request in requests_of(partners(ALL))]
    assert len(set(keys)) == len(keys) == 5


def test_a_refusal_names_the_settings_that_were_used(partners):
    computed = {name: text for name, text in ALL.items() if not name.endswith("SECRET_HASH")}
    computed["INSTYLE_CLIENT_SECRET"] = "hush-10"
    for variables in (ALL, computed):
        for request in requests_of(partners(variables)):
            optional = {"ANYLINE_AUDIENCE", "ANYLINE_SCOPE"}
            assert set(request.settings) - optional <= set(variables)
            assert request.settings


def test_documented_lifetimes_stand_in_where_none_is_told(partners):
    lifetimes = {request.provider: request.default_lifetime for request in requests_of(partners(ALL))}
    assert lifetimes == {"anyline": 86400, "ayyeka": 3600, "aspose": 86400, "instyle": 3600}


def test_credentials_reach_no_origin_that_was_not_set(partners, make_transport):
    transport = make_transport()
    build_partners(from_environ(BASE | ALL), transport, None)
    with pytest.raises(ValueError, match="evil"):
        transport.request("anyline", "GET", "https://evil.example/")


# A partner that nobody thought of


def invented(origin: str, transport: Transport) -> Partner:
    """A fifth partner, of shapes that the four do not have, declared and nothing more."""
    request = TokenRequest(
        provider="invented",
        url=f"{origin}/sessions",
        client_id="robot",
        client_secret="beep",
        body=Body.JSON,
        client_auth=ClientAuth.BASIC,
        fields={"purpose": "api", "who": Client.ID},
        headers={"X-Version": "7"},
        token_at=("data", "jwt"),
        token_types=frozenset({"token"}),
        default_lifetime=1200,
        settings=("INVENTED_SECRET",),
    )
    transport.allow(origin)
    source = TokenSource(request, transport)
    role = Role(
        "robot", "Does things.", TokenAuth(source, "Token"), source, {"Authorization": "Token $TOKEN"}
    )
    return Partner(
        name="invented",
        title="Invented",
        about="Made up.",
        document="none",
        origin=f"{origin}/api",
        missing=(),
        roles={"robot": role},
        examples=(),
    )


def test_a_fifth_partner_takes_a_declaration_and_no_code(serve, make_transport):
    def respond(request):
        if request.path == "/sessions":
            return json_reply({"data": {"jwt": "opaque-1", "token_type": "Token"}, "ok": True})
        return json_reply({"hello": request.headers["authorization"]})

    server, transport = serve(respond), make_transport()
    partner = invented(server.origin, transport)
    for _ in range(3):
        answer = partner.call(transport, "POST", "/things?x=1", body=b'{"a": 1}')
        assert answer.json() == {"hello": "Token opaque-1"}
    token, *calls = server.received
    assert len(calls) == 3
    assert token.headers["authorization"] == "Basic cm9ib3Q6YmVlcA=="
    assert token.headers["x-version"] == "7"
    assert json.loads(token.body) == {"purpose": "api", "who": "robot"}
    assert calls[0].target == "/api/things?x=1"
    state = partner.default_role.source.state()
    assert 1100 < (state.valid_until - state.fetched_at).total_seconds() <= 1201


def test_a_fifth_partner_renews_after_a_401_and_says_what_to_set_when_refused(serve, make_transport):
    given = iter(["old", "new"])

    def respond(request):
        if request.path == "/sessions":
            token = next(given, None)
            return (
                json_reply({"data": {"jwt": token}})
                if token
                else json_reply({"error": "invalid_client"}, 401)
            )
        return json_reply({}, 200 if request.headers["authorization"] == "Token new" else 401)

    server, transport = serve(respond), make_transport()
    partner = invented(server.origin, transport)
    assert partner.call(transport, "GET", "/things").status == 200
    assert [request.path for request in server.received].count("/sessions") == 2
    with pytest.raises(NoToken) as caught:
        invented(server.origin, transport).call(transport, "GET", "/things")
    assert (caught.value.remedy, caught.value.settings) == ("settings", ("INVENTED_SECRET",))


@pytest.mark.parametrize("path", ["things", "//evil.example/", "/a b", "/a\\b", "", "/a\nb"])
def test_a_call_stays_with_its_partner(serve, make_transport, path):
    server, transport = serve(lambda _: json_reply({})), make_transport()
    with pytest.raises(ValueError, match="slash"):
        invented(server.origin, transport).call(transport, "GET", path)
    assert server.received == []


def test_a_key_without_a_token_that_is_refused_says_so(serve, make_transport):
    server = serve(lambda _: json_reply({"message": "Unauthorized"}, 401))
    variables = BASE | SERVICE | {"INSTYLE_API_BASE_URL": server.origin}
    made = build_partners(from_environ(variables), make_transport(), None)
    with pytest.raises(Unauthorized):
        made.instyle.images()
