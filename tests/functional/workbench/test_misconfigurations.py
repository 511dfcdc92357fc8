"""Misconfigurations against an upstream that judges: each is named, and its advice leads to a good report."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from domain.budget import Budget
from domain.doctor.diagnosis import Typed, diagnose
from tests.support.app_process import free_port
from tests.support.certificates import Authority
from tests.support.fake_vinli import AUTHORIZE, DEVICES, SIGN_IN_PAGE, TOKEN, fleet
from tests.support.servers import Server, http, json_reply

HERE = "http://127.0.0.1:8000"
CALLBACK = f"{HERE}/connect/callback"
IMPLICIT = f"{HERE}/implicit/callback"
CLIENTS = "/api/v1/clients"
OURS, WEB, OTHER = "the-client-id", "the-web-client-id", "another-client-id"


class Judge:
    """Answer as a strict Vinli would. ``clients`` maps ids to [type, secret, redirect URI, app]."""

    def __init__(self, vinli, settings):
        self.clients = {
            OURS: ["server", settings.vinli_client_secret, CALLBACK, "app"],
            WEB: ["web", None, IMPLICIT, "app"],
        }
        self.apps = {(settings.vinli_app_id, settings.vinli_app_secret): "app", ("other", "secret"): "other"}
        self.pkce = "on"
        self.lists = True
        vinli.answers |= {
            CLIENTS: self.list,
            DEVICES: self.devices,
            TOKEN: self.token,
            AUTHORIZE: self.authorize,
        }

    def list(self, request):
        app = self.apps.get(basic(request))
        if not self.lists or app is None:
            return http(404 if not self.lists else 401)
        date = format_datetime(datetime.now(UTC), usegmt=True)
        found = [
            {"id": name, "type": kind, "data": {"redirectUri": uri}}
            for name, (kind, _, uri, owner) in self.clients.items()
            if owner == app
        ]
        return json_reply({"clients": found}, date=date)

    def devices(self, request):
        return fleet(2)(request) if basic(request) in self.apps else json_reply({"message": "no"}, 401)

    def token(self, request):
        name, secret = basic(request)
        known = name in self.clients and self.clients[name][1] == secret
        return json_reply({"error": "invalid_grant" if known else "invalid_client"}, 400 if known else 401)

    def authorize(self, request):
        kind, _, uri, _ = self.clients.get(request.query.get("client_id"), [None] * 4)
        wanted = {"code": "server", "token": "web"}[request.query["response_type"]]
        is_code = wanted == "server"
        faults = {
            "Unknown client": kind is None,
            "The redirect_uri is not registered for this client": uri != request.query["redirect_uri"],
            "unauthorized_client": kind not in {None, wanted},
            "The request cannot be served": is_code
            and self.pkce != "on"
            and (self.pkce == "required") != ("code_challenge" in request.query),
        }
        fault = next((words for words, is_so in faults.items() if is_so), None)
        page = f"<!doctype html><title>Error</title><p>{fault}</p>".encode() if fault else SIGN_IN_PAGE
        return http(400 if fault else 200, page, content_type="text/html")


def basic(request):
    try:
        decoded = b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
    except (KeyError, ValueError):
        return None, None
    name, _, secret = decoded.partition(":")
    return name, secret


@pytest.fixture
def judge(vinli, local_site):
    return Judge(vinli, local_site(vinli.origin).settings)


def examine(site, typed=None):
    return diagnose(site.services.installation, None, typed or Typed(), Budget(20.0))


def wrong(diagnosis):
    return [finding.code for finding in (*diagnosis.problems, *diagnosis.warnings)]


def test_nothing_is_wrong_only_after_a_request_went_through(judge, vinli, local_site):
    site = local_site(vinli.origin)
    assert examine(site).summary == "Nothing is wrong"
    vinli.answers[AUTHORIZE] = http(200, b"<!doctype html><p>built by a script", content_type="text/html")
    assert examine(site).summary == "Nothing is wrong, but 2 things could not be checked"


def client(kind, uri, app="app", secret="another-secret"):
    return [kind, secret, uri, app]


STAGING = "https://staging.example.com/connect/callback"
# What is registered and set otherwise, and the codes of what is found.
REGISTERED = {
    "a similarly named client has our redirect URI": (
        {OURS: client("server", STAGING), OTHER: client("server", CALLBACK)},
        {},
        ["another_client_than_client"],
    ),
    "an unknown client, and another has our redirect URI": (
        {OTHER: client("server", CALLBACK)},
        {"VINLI_CLIENT_ID": "nobody"},
        ["unknown_client"],
    ),
    "only a web client has our redirect URI": (
        {OURS: client("web", CALLBACK, secret=None)},
        {},
        ["web_client_as_client"],
    ),
    "both clients belong to another app": (
        {OURS: client("server", CALLBACK, "other", None), WEB: client("web", IMPLICIT, "other")},
        {},
        ["client_of_another_app", "implicit_client_of_another_app"],
    ),
    "the first letter of the path is Cyrillic": (
        {OURS: client("server", CALLBACK.replace("/connect", "/сonnect"), secret=None)},
        {},
        ["lookalike_letter"],
    ),
    "two addresses in one field": (
        {OURS: client("server", f"{CALLBACK}, {STAGING}", secret=None)},
        {},
        ["several_addresses"],
    ),
    "a doubled scheme": ({OURS: client("server", f"http://{CALLBACK}", secret=None)}, {}, ["doubled_scheme"]),
    "0.0.0.0": (
        {OURS: client("server", CALLBACK.replace("127.0.0.1", "0.0.0.0"), secret=None)},
        {},
        ["any_address"],
    ),
    "a trailing slash": ({OURS: client("server", f"{CALLBACK}/", secret=None)}, {}, ["trailing_slash"]),
}


@pytest.mark.parametrize("name", REGISTERED)
def test_what_is_registered_wrongly_is_named_and_the_advice_mends_it(name, judge, vinli, local_site):
    registered, variables, codes = REGISTERED[name]
    own_secret = local_site(vinli.origin).settings.vinli_client_secret
    for client_id, (kind, secret, uri, app) in registered.items():
        judge.clients[client_id] = [
            kind,
            own_secret if secret is None and kind == "server" else secret,
            uri,
            app,
        ]
    site = local_site(vinli.origin, **variables)
    diagnosis = examine(site)
    assert wrong(diagnosis) == codes
    assert "PUBLIC_URL" not in "".join(finding.todo for finding in diagnosis.problems)
    mended = local_site(vinli.origin, **variables | follow(judge, diagnosis))
    assert examine(mended).summary == "Nothing is wrong"


ADDED = re.compile(r"add a client of the type (\w+) with the redirect URI (\S+)\. Set (\w+) to its id")


def follow(judge, diagnosis):
    """Do what the advice says, as a person would: change a setting, or what is registered. Return the settings."""
    variables = {}
    for finding in (*diagnosis.problems, *diagnosis.warnings):
        todo = finding.todo
        if "VINLI_APP_ID and VINLI_APP_SECRET to those of the app that owns" in todo:
            variables |= {"VINLI_APP_ID": "other", "VINLI_APP_SECRET": "secret"}
        elif added := re.search(
            r"add a client of the type (\w+) with the redirect URI (\S+)\. Set (\w+) to its id", todo
        ):
            judge.clients["a-new-client"] = client(added[1].lower(), added[2])
            variables |= {added[3]: "a-new-client", "VINLI_CLIENT_SECRET": "another-secret"}
        elif there := re.search(r"Set (VINLI_\w+) to (\S+), which has", todo):
            assert there[2] == finding.value
            variables |= {there[1]: finding.value, "VINLI_CLIENT_SECRET": judge.clients[finding.value][1]}
        else:
            assert "Developer Portal" in todo
            judge.clients[OURS][2] = finding.value
    return variables


@pytest.mark.parametrize(
    ("pkce", "setting", "code"), [("required", "off", "pkce_required"), ("never", "on", "pkce_refused")]
)
def test_pkce_that_the_server_minds_is_named(pkce, setting, code, judge, vinli, local_site):
    judge.pkce = pkce
    (found,) = examine(local_site(vinli.origin, VINLI_PKCE=setting)).problems
    assert found.code == code
    assert found.todo == f"Set VINLI_PKCE={found.value}"
    assert examine(local_site(vinli.origin, VINLI_PKCE=found.value)).summary == "Nothing is wrong"


@pytest.mark.parametrize("lists", [True, False])
def test_an_exchanged_id_and_secret_are_named_and_not_shown(lists, judge, vinli, local_site):
    settings = local_site(vinli.origin).settings
    judge.lists = lists
    swapped = {
        "VINLI_CLIENT_ID": settings.vinli_client_secret,
        "VINLI_CLIENT_SECRET": settings.vinli_client_id,
    }
    diagnosis = examine(local_site(vinli.origin, **swapped), Typed(CALLBACK, IMPLICIT))
    assert wrong(diagnosis) == ["client_id_and_secret_exchanged"]
    assert settings.vinli_client_secret not in repr(diagnosis)


def test_an_exchanged_app_id_and_secret_are_named_and_not_shown(judge, vinli, local_site):
    settings = local_site(vinli.origin).settings
    judge.apps = {(settings.vinli_app_secret, settings.vinli_app_id): "app"}
    diagnosis = examine(local_site(vinli.origin), Typed(CALLBACK, IMPLICIT))
    assert wrong(diagnosis) == ["app_id_and_secret_exchanged"]
    assert settings.vinli_app_secret not in repr(diagnosis)


def test_an_old_answer_of_a_cache_is_no_wrong_clock(judge, vinli, local_site):
    old = format_datetime(datetime.now(UTC) - timedelta(seconds=600), usegmt=True)
    listed = [
        {"id": OURS, "type": "server", "data": {"redirectUri": CALLBACK}},
        {"id": WEB, "type": "web", "data": {"redirectUri": IMPLICIT}},
    ]
    vinli.answers[CLIENTS] = json_reply({"clients": listed}, date=old, age="600")
    assert examine(local_site(vinli.origin)).summary == "Nothing is wrong"
    vinli.answers[CLIENTS] = json_reply({"clients": listed}, date=old)
    assert wrong(examine(local_site(vinli.origin))) == ["clock_skew"]


PAGE = http(403, b"<!doctype html><title>Blocked by policy</title>", content_type="text/html")


def test_a_firewalls_page_is_no_refusal_of_the_app(judge, vinli, local_site):
    vinli.answers |= dict.fromkeys((CLIENTS, DEVICES, TOKEN, AUTHORIZE), PAGE)
    diagnosis = examine(local_site(vinli.origin))
    assert "auth_blocked" in wrong(diagnosis)
    assert "app_credentials_refused" not in wrong(diagnosis)
    assert ("Page", "Blocked by policy") in diagnosis.problems[0].facts


def test_a_redirect_of_the_network_is_shown_with_its_place(judge, vinli, local_site):
    moved = http(302, location="https://user:pw@portal.example/login?token=canary#x")
    vinli.answers |= dict.fromkeys((CLIENTS, DEVICES, TOKEN, AUTHORIZE), moved)
    diagnosis = examine(local_site(vinli.origin))
    assert "auth_redirected" in wrong(diagnosis)
    assert ("Leads to", "https://portal.example/login") in diagnosis.problems[0].facts
    assert "canary" not in repr(diagnosis)


@pytest.mark.parametrize(
    ("name", "expired", "trusted", "code"),
    [
        ("127.0.0.1", True, True, "auth_tls_expired"),
        ("auth.vin.li", False, True, "auth_tls_name"),
        ("127.0.0.1", False, False, "auth_tls"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said(name, expired, trusted, code, local_site, tmp_path):
    authority = Authority(tmp_path)
    server = Server(lambda _: http(200), tls=authority.server_context(name, expired=expired))
    bundle = {"CA_BUNDLE": str(authority.bundle)} if trusted else {}
    try:
        assert wrong(examine(local_site(server.origin, **bundle))) == [code]
    finally:
        server.close()


def proxy_that_answers(status):
    return Server(lambda _: http(status))


@pytest.mark.parametrize(("status", "code"), [(407, "auth_proxy_password"), (403, "auth_proxy_refused")])
def test_a_proxy_that_refuses_is_named_without_its_password(status, code, local_site):
    server = proxy_that_answers(status)
    proxy = server.origin.replace("http://", "http://me:canary-password@")
    try:
        diagnosis = examine(local_site("https://vinli.example", HTTPS_PROXY=proxy))
    finally:
        server.close()
    assert wrong(diagnosis) == [code]
    assert "canary-password" not in repr(diagnosis)


def test_a_dead_proxy_is_named(local_site):
    proxy = f"http://127.0.0.1:{free_port()}"
    assert wrong(examine(local_site("https://vinli.example", HTTPS_PROXY=proxy))) == ["auth_proxy"]


def test_a_misspelt_stack_is_one_finding_with_the_right_value(local_site):
    site = local_site("", VINLI_STACK=".localhost.invalid", VINLI_AUTH_URL="", VINLI_PLATFORM_URL="")
    (found,) = examine(site).problems
    assert (found.code, found.value) == ("auth_name_from_stack", ".vin.li")
