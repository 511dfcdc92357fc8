"""Misconfigurations against an upstream that judges: each is named, and its advice leads to a good report."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import quote

import pytest

from domain.doctor.diagnosis import Typed
from tests.support.app_process import free_port
from tests.support.certificates import Authority
from tests.support.fake_vinli import AUTHORIZE, DEVICES, TOKEN
from tests.support.judge import (
    CALLBACK,
    CLIENTS,
    HERE,
    IMPLICIT,
    NOT_PRECISE,
    OTHER,
    OURS,
    STAGING,
    WEB,
    Judge,
    Person,
    client,
    examine,
    wrong,
)
from tests.support.servers import Server, http, json_reply


@pytest.fixture
def judge(vinli, local_site):
    return Judge(vinli, local_site(vinli.origin).settings)


def test_nothing_is_wrong_only_after_a_request_went_through(judge, vinli, local_site):
    site = local_site(vinli.origin)
    assert examine(site).summary == "Nothing is wrong"
    vinli.answers[AUTHORIZE] = http(200, b"<!doctype html><p>built by a script", content_type="text/html")
    assert examine(site).summary == "Nothing is wrong, but 2 things could not be checked"


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
    "only a web client has our redirect URI, and ours is staging's": (
        {OURS: client("server", STAGING), OTHER: client("web", CALLBACK, secret=None)},
        {},
        ["another_client_than_client"],
    ),
    "one client is another app's": (
        {WEB: client("web", IMPLICIT, "other"), OTHER: client("web", IMPLICIT)},
        {},
        ["implicit_client_of_another_app"],
    ),
    "one client is another app's, and there is none instead": (
        {OURS: client("server", CALLBACK, "other", None)},
        {},
        ["client_of_another_app"],
    ),
    "the id as its own secret": ({}, {"VINLI_CLIENT_SECRET": OURS}, ["id_as_client_secret"]),
    "another client's id as secret": ({}, {"VINLI_CLIENT_SECRET": WEB}, ["id_as_client_secret"]),
    "a semicolon before the port": (
        {OURS: client("server", CALLBACK.replace(":8000", ";8000"), secret=None)},
        {},
        ["port_separator"],
    ),
    "a fullwidth colon before the port": (
        {OURS: client("server", CALLBACK.replace(":8000", "\N{FULLWIDTH COLON}8000"), secret=None)},
        {},
        ["port_separator"],
    ),
    "the port behind the path": (
        {OURS: client("server", "http://127.0.0.1/connect/callback:8000", secret=None)},
        {},
        ["port_behind_path"],
    ),
    "quotes around it": ({OURS: client("server", f'"{CALLBACK}"', secret=None)}, {}, ["text_around"]),
    "its name before it": (
        {OURS: client("server", f"redirect_uri={CALLBACK}", secret=None)},
        {},
        ["text_around"],
    ),
    "a link of markdown": ({OURS: client("server", f"[it]({CALLBACK})", secret=None)}, {}, ["text_around"]),
    "percent-encoded": (
        {OURS: client("server", quote(CALLBACK, safe=""), secret=None)},
        {},
        ["encoded_address"],
    ),
    "twice without a blank": ({OURS: client("server", CALLBACK * 2, secret=None)}, {}, ["several_addresses"]),
    "a bracket at the end": ({OURS: client("server", f"{CALLBACK})", secret=None)}, {}, ["pasted_end"]),
    "an encoded blank at the end": (
        {OURS: client("server", f"{CALLBACK}%20", secret=None)},
        {},
        ["pasted_end"],
    ),
    "a zero before the port": (
        {OURS: client("server", CALLBACK.replace(":8000", ":08000"), secret=None)},
        {},
        ["port_spelling"],
    ),
    "an IPv6 address without brackets": (
        {OURS: client("server", CALLBACK.replace("127.0.0.1", "::1"), secret=None)},
        {},
        ["ipv6_brackets"],
    ),
    "the redirect URI of the workbench": (
        {OURS: client("server", f"{HERE}/workbench/catch", secret=None)},
        {},
        ["redirect_uris_swapped"],
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
    assert "VINLI_APP_ID" not in "".join(one.todo for one in diagnosis.warnings) or len(codes) == 2
    assert "hidden" not in repr([finding.facts for finding in diagnosis.problems]), "no id is a secret here"
    person = Person(judge, local_site(vinli.origin).settings, variables)
    person.follow(diagnosis)
    assert examine(local_site(vinli.origin, **person.variables)).summary == "Nothing is wrong"


@pytest.mark.parametrize(
    ("pkce", "setting", "code"), [("required", "off", "pkce_required"), ("never", "on", "pkce_refused")]
)
def test_pkce_that_the_server_minds_is_named(pkce, setting, code, judge, vinli, local_site):
    judge.pkce = pkce
    judge.clients["the-workbench"] = client("server", f"{HERE}/workbench/catch")
    shared = {"VINLI_WORKBENCH_CLIENT_ID": "the-workbench", "VINLI_WORKBENCH_CLIENT_SECRET": "another-secret"}
    (found,) = examine(local_site(vinli.origin, VINLI_PKCE=setting, **shared)).problems
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


def test_the_address_of_another_service_is_one_finding(judge, vinli, local_site):
    """Each service knows its own paths alone. The two addresses are exchanged, or one of them stands in both."""
    devices, vinli.answers[DEVICES] = vinli.answers[DEVICES], http(404)
    other = Server(lambda request: devices(request) if request.path == DEVICES else http(404))
    try:
        right = {"VINLI_AUTH_URL": vinli.origin, "VINLI_PLATFORM_URL": other.origin}
        assert examine(local_site(vinli.origin, **right)).summary == "Nothing is wrong"
        swapped = {"VINLI_AUTH_URL": other.origin, "VINLI_PLATFORM_URL": vinli.origin}
        diagnosis = examine(local_site(vinli.origin, **swapped))
        assert wrong(diagnosis) == ["services_exchanged"]
        person = Person(judge, local_site(vinli.origin).settings, swapped)
        person.follow(diagnosis)
        assert person.variables == right
        twice = {"VINLI_AUTH_URL": other.origin, "VINLI_PLATFORM_URL": other.origin}
        (found,) = examine(local_site(vinli.origin, **twice)).problems
        assert (found.code, "VINLI_AUTH_URL" in found.todo) == ("auth_nonsense", True)
    finally:
        other.close()


@pytest.mark.parametrize("lists", [True, False])
def test_the_pairs_of_app_and_client_exchanged_are_one_finding(lists, judge, vinli, local_site):
    settings = local_site(vinli.origin).settings
    judge.lists = lists
    swapped = {
        "VINLI_CLIENT_ID": settings.vinli_app_id,
        "VINLI_CLIENT_SECRET": settings.vinli_app_secret,
        "VINLI_APP_ID": settings.vinli_client_id,
        "VINLI_APP_SECRET": settings.vinli_client_secret,
    }
    typed = Typed(CALLBACK, IMPLICIT)
    diagnosis = examine(local_site(vinli.origin, **swapped), typed)
    assert wrong(diagnosis) == ["app_and_client_exchanged"]
    person = Person(judge, settings, swapped)
    person.follow(diagnosis)
    assert wrong(examine(local_site(vinli.origin, **person.variables), typed)) == []


def test_where_no_clients_are_listed_the_advice_names_what_to_look_for(judge, vinli, local_site):
    judge.lists = False
    settings = local_site(vinli.origin).settings
    misset = {"VINLI_CLIENT_ID": settings.vinli_app_id}
    diagnosis = examine(local_site(vinli.origin, **misset), Typed(CALLBACK, IMPLICIT))
    assert wrong(diagnosis) == ["app_id_as_client_id"]
    assert diagnosis.problems[0].todo.startswith("Set VINLI_CLIENT_ID to the id of the client with")
    person = Person(judge, settings, misset)
    person.follow(diagnosis)
    assert person.variables["VINLI_CLIENT_ID"] == OURS


@pytest.mark.parametrize(
    ("kind", "words"), [("web", "add a client of the type Server"), ("server", "ask Vinli")]
)
def test_a_type_that_the_server_refuses_is_compared_with_the_listed_one(
    kind, words, judge, vinli, local_site
):
    judge.clients[OURS][0] = kind
    refusal = b"<!doctype html><title>Error</title><p>unauthorized_client</p>"
    vinli.answers[AUTHORIZE] = http(400, refusal, content_type="text/html")
    found = {one.code: one for one in examine(local_site(vinli.origin)).problems}
    todo = found["client_authorization_refused"].todo
    assert words in todo
    assert kind == "server" or "VINLI_CLIENT_SECRET to its secret" in todo


def test_a_site_whose_other_client_is_right_is_told_both_ways(judge, vinli, local_site):
    judge.clients[OURS][2] = STAGING
    (found,) = examine(local_site(vinli.origin)).problems
    assert found.todo.startswith("Set PUBLIC_URL to https://staging.example.com")
    assert f"add a client of the type Server with the redirect URI {CALLBACK}" in found.todo


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


def registered(name, uri, kind="server"):
    """Register another redirect URI for a client."""

    def misconfigure(judge, _variables):
        judge.clients[name][2] = uri

    return misconfigure


def setting(**values):
    """Set variables otherwise."""

    def misconfigure(_judge, variables):
        variables.update(values)

    return misconfigure


def another_holds(name, other_uri, kind):
    """Give the redirect URI of a client to another client of the app."""

    def misconfigure(judge, _variables):
        right = judge.clients[name][2]
        judge.clients[name][2] = other_uri
        judge.clients[f"similar-{kind}"] = client(kind, right)

    return misconfigure


def pkce(judged, value):
    def misconfigure(judge, variables):
        judge.pkce = judged
        variables["VINLI_PKCE"] = value

    return misconfigure


# Where something is wrong, what is done, and the code of the finding. Mistakes of one place exclude each other.
MISTAKES = {
    "code: slash": (registered(OURS, f"{CALLBACK}/"), "trailing_slash"),
    "code: Cyrillic": (
        registered(OURS, CALLBACK.replace("/connect", "/\N{CYRILLIC SMALL LETTER ES}onnect")),
        "lookalike_letter",
    ),
    "code: two addresses": (registered(OURS, f"{CALLBACK} {STAGING}"), "several_addresses"),
    "code: scheme twice": (registered(OURS, f"http://{CALLBACK}"), "doubled_scheme"),
    "code: any address": (registered(OURS, CALLBACK.replace("127.0.0.1", "0.0.0.0")), "any_address"),
    "code: capitals in the path": (registered(OURS, CALLBACK.replace("callback", "Callback")), "path_case"),
    "code: another path": (registered(OURS, f"{HERE}/callback"), "other_path"),
    "code: a query": (registered(OURS, f"{CALLBACK}?from=vinli"), "query_parameter_added"),
    "code: another client holds it": (another_holds(OURS, STAGING, "server"), "another_client_than_client"),
    "code: unknown client": (setting(VINLI_CLIENT_ID="nobody"), "unknown_client"),
    "implicit: slash": (registered(WEB, f"{IMPLICIT}/"), "trailing_slash"),
    "implicit: fullwidth letter": (
        registered(WEB, IMPLICIT.replace("/implicit", "/\N{FULLWIDTH LATIN SMALL LETTER I}mplicit")),
        "lookalike_letter",
    ),
    "implicit: another client holds it": (
        another_holds(WEB, "https://staging.example.com/implicit/callback", "web"),
        "another_client_than_implicit_client",
    ),
    "implicit: unknown client": (setting(VINLI_WEB_CLIENT_ID="nobody-on-the-web"), "unknown_implicit_client"),
    "implicit: the App ID": (
        setting(VINLI_WEB_CLIENT_ID="3f9f2f06-1111-4222-8333-abcdefabcdef"),
        "app_id_as_implicit_client_id",
    ),
    "secret: wrong": (setting(VINLI_CLIENT_SECRET="not-the-secret"), "client_secret_refused"),
    "app: wrong secret": (setting(VINLI_APP_SECRET="not-the-app-secret"), "app_credentials_refused"),
    "pkce: required and off": (pkce("required", "off"), "pkce_required"),
    "pkce: refused and on": (pkce("never", "on"), "pkce_refused"),
}


PAIRS = [
    (one, other)
    for one, other in itertools.combinations(MISTAKES, 2)
    if one.split(":")[0] != other.split(":")[0]
]
ROUNDS = 3


@pytest.mark.parametrize("names", random.Random(20261126).sample(PAIRS, 30), ids=" and ".join)
def test_two_misconfigurations_at_once_are_both_named_and_mended(names, judge, vinli, local_site):
    variables: dict[str, str] = {}
    for name in names:
        MISTAKES[name][0](judge, variables)
    person = Person(judge, local_site(vinli.origin).settings, variables)
    expected, named = {MISTAKES[name][1] for name in names}, set()
    for _ in range(ROUNDS):
        diagnosis = examine(local_site(vinli.origin, **person.variables))
        found = set(wrong(diagnosis))
        if "app_credentials_refused" in found:
            found -= NOT_PRECISE
        assert found <= expected - named, "no false alarm, and nothing that was mended before"
        named |= found
        if diagnosis.summary == "Nothing is wrong":
            break
        person.follow(diagnosis)
    assert diagnosis.summary == "Nothing is wrong"
    # Another client has another secret, so the advice about the client replaces a wrong secret too.
    replaced = (
        {"client_secret_refused"} if named & {"unknown_client", "another_client_than_client"} else set()
    )
    assert named | replaced >= expected


def of_many(judge, vinli):
    """Add clients of other installations to the app."""
    for number in range(5):
        judge.clients[f"stage-{number}"] = client("server", STAGING.replace("staging", f"stage-{number}"))
        judge.clients[f"stage-web-{number}"] = client("web", IMPLICIT.replace("127.0.0.1", f"stage-{number}"))


def at(origin):
    """Register the redirect URIs of another PUBLIC_URL."""

    def register(judge, _vinli):
        judge.clients[OURS][2] = f"{origin}/connect/callback"
        judge.clients[WEB][2] = f"{origin}/implicit/callback"

    return register


def without_types(judge, vinli):
    listed = [{"id": name, "data": {"redirectUri": uri}} for name, (_, _, uri, _) in judge.clients.items()]
    vinli.answers[CLIENTS] = json_reply(
        {"clients": listed}, date=format_datetime(datetime.now(UTC), usegmt=True)
    )


def judging_pkce(value):
    def judge_it(judge, _vinli):
        judge.pkce = value

    return judge_it


def unchanged(_judge, _vinli):
    pass


RIGHT = {
    "the usual one": (unchanged, {}),
    "without the implicit flow": (unchanged, {"VINLI_WEB_CLIENT_ID": ""}),
    "without PKCE": (unchanged, {"VINLI_PKCE": "off"}),
    "with PKCE that is required": (judging_pkce("required"), {}),
    "without PKCE that is refused": (judging_pkce("never"), {"VINLI_PKCE": "off"}),
    "beside many other clients": (of_many, {}),
    "at another host": (
        at("https://cars.example.com"),
        {"PUBLIC_URL": "https://cars.example.com", "TRUSTED_PROXIES": "1"},
    ),
    "at a port": (at("https://cars.example.com:8443"), {"PUBLIC_URL": "https://cars.example.com:8443"}),
    "at an IPv6 address": (at("http://[::1]:8000"), {"PUBLIC_URL": "http://[::1]:8000"}),
    "at a Unicode name": (at("https://xn--bcher-kva.example"), {"PUBLIC_URL": "https://bücher.example"}),
    "with a list that gives no types": (without_types, {}),
    "with an issuer and an older key": (
        unchanged,
        {
            "VINLI_ISSUER": "https://auth.vin.li",
            "SECRET_KEY_FALLBACKS": "an-older-key-of-thirty-two-bytes-or-more",
        },
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_configuration_raises_no_alarm(name, judge, vinli, local_site):
    arrange, variables = RIGHT[name]
    arrange(judge, vinli)
    diagnosis = examine(local_site(vinli.origin, **variables))
    assert wrong(diagnosis) == []
    assert diagnosis.summary == "Nothing is wrong"
