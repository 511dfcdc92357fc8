"""The doctor over a table of misconfigurations, each built for real: it names each one, and nothing on a right one."""

from __future__ import annotations

import html
import json
import os
import socket
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial

import pytest

from blueprints.web.services import EXTENSION
from domain.budget import Budget
from domain.doctor.diagnosis import BrowserRequest, Severity, Typed, diagnose
from domain.doctor.probes import RecentProbes
from providers.vinli.oauth.oauth_clients import probe_client
from tests.support.app_process import SECRET_KEY
from tests.support.certificates import Authority
from tests.support.fake_vinli import DEVICES, TOKEN, Hang, fleet
from tests.support.servers import Server, http, json_reply
from tests.support.sites import sandbox_for

HERE = "http://127.0.0.1:8000"
CALLBACK = f"{HERE}/connect/callback"
IMPLICIT = f"{HERE}/implicit/callback"
CARS = "https://cars.example.com"
CLIENTS = "/api/v1/clients"
CATCH = f"{HERE}/workbench/catch"
OPEN = BrowserRequest("http", "127.0.0.1:8000", {})
BENCH = {"VINLI_WORKBENCH_CLIENT_ID": "the-bench-id", "VINLI_WORKBENCH_CLIENT_SECRET": "the-bench-secret"}


@pytest.fixture(scope="module")
def sandbox():
    with sandbox_for(HERE) as sandbox:
        yield sandbox


@pytest.fixture
def good_vinli(vinli):
    """An upstream that lists both clients as they should be, and judges codes."""
    vinli.answers[CLIENTS] = clients()
    vinli.answers[DEVICES] = fleet(2)
    vinli.answers[TOKEN] = json_reply({"error": "invalid_grant"}, 400)
    return vinli


def entry(client_id, kind, redirect_uri):
    return {"id": client_id, "type": kind, "data": {"redirectUri": redirect_uri}}


def clients(code=CALLBACK, implicit=IMPLICIT, **headers):
    listed = [entry("the-client-id", "server", code), entry("the-web-client-id", "web", implicit)]
    return json_reply({"clients": listed}, **headers)


def believes(*client_ids):
    """Answer the token endpoint for these clients, whatever their secret, and refuse the others."""

    def answer(request):
        client_id = (
            b64decode(request.headers["authorization"].removeprefix("Basic ")).decode().partition(":")[0]
        )
        is_known = client_id in client_ids
        return json_reply(
            {"error": "invalid_grant" if is_known else "invalid_client"}, 400 if is_known else 401
        )

    return answer


def now():
    return format_datetime(datetime.now(UTC), usegmt=True)


@contextmanager
def operator(site):
    """A browser in which the operator is signed in."""
    with site.browser() as browser:
        browser.sign_in_as_operator()
        yield browser


def examine(site, incoming=None, typed=None, seconds=20.0):
    diagnosis = diagnose(site.services.installation, incoming, typed or Typed(), Budget(seconds))
    for finding in diagnosis.problems:
        assert finding.todo, finding
    assert diagnosis.is_well == (not diagnosis.problems)
    said = repr(diagnosis)
    about = site.settings
    for secret in (about.vinli_app_secret, about.vinli_client_secret, SECRET_KEY, about.operator_password):
        assert secret not in said
    return diagnosis


def wrong(diagnosis):
    """Return the codes of all that is wrong; one that comes twice is there twice."""
    return sorted(finding.code for finding in (*diagnosis.problems, *diagnosis.warnings))


def unknowns(diagnosis):
    return {finding.code for finding in diagnosis.findings if finding.severity is Severity.UNKNOWN}


def finding(diagnosis, code):
    (found,) = [finding for finding in diagnosis.findings if finding.code == code]
    return found


def test_a_right_configuration_has_nothing_wrong_and_nothing_unknown(sandbox, local_site):
    diagnosis = examine(local_site(sandbox.credentials), OPEN)
    assert wrong(diagnosis) == []
    assert unknowns(diagnosis) == set()
    assert diagnosis.is_well


def test_a_right_configuration_behind_a_proxy_has_nothing_wrong(good_vinli, local_site):
    date = format_datetime(datetime.now(UTC), usegmt=True)
    good_vinli.answers[CLIENTS] = clients(f"{CARS}/connect/callback", f"{CARS}/implicit/callback", date=date)
    site = local_site(good_vinli.origin, PUBLIC_URL=CARS, TRUSTED_PROXIES="1")
    headers = {
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "cars.example.com",
        "X-Forwarded-Port": "443",
    }
    diagnosis = examine(site, BrowserRequest("https", "cars.example.com", headers))
    assert (wrong(diagnosis), unknowns(diagnosis)) == ([], set())


def test_the_right_client_is_named_where_it_is_listed(sandbox, local_site):
    about = sandbox.credentials
    for variable, value in (("VINLI_CLIENT_ID", about["app_id"]), ("VINLI_CLIENT_ID", "somebody")):
        (found,) = examine(local_site(about, **{variable: value})).problems
        assert found.todo.startswith(f"Set VINLI_CLIENT_ID to {about['client_id']}, ")


def test_without_an_implicit_client_nothing_is_wrong(sandbox, local_site):
    about = sandbox.credentials | {"web_client_id": ""}
    diagnosis = examine(local_site(about), OPEN)
    assert (wrong(diagnosis), unknowns(diagnosis)) == ([], set())
    assert not any("implicit" in section.title for section in diagnosis.sections)


APP_ID = "VINLI_APP_ID"
SETTINGS = {
    # What is wrong, as changes of the sandbox's right settings, and the codes of all that is named.
    "the App ID as client id": (lambda a: {"VINLI_CLIENT_ID": a["app_id"]}, ["app_id_as_client_id"]),
    "the App ID as implicit client id": (
        lambda a: {"VINLI_WEB_CLIENT_ID": a["app_id"].upper()},
        ["app_id_as_implicit_client_id"],
    ),
    "the client id as App ID": (lambda a: {APP_ID: a["client_id"]}, ["client_id_as_app_id"]),
    "the client id in capitals": (
        lambda a: {"VINLI_CLIENT_ID": a["client_id"].upper()},
        ["client_id_spelling"],
    ),
    "the implicit client id without dashes": (
        lambda a: {"VINLI_WEB_CLIENT_ID": a["web_client_id"].replace("-", "")},
        ["implicit_client_id_spelling"],
    ),
    "an unknown client": (lambda a: {"VINLI_CLIENT_ID": "somebody"}, ["unknown_client"]),
    "an unknown implicit client": (
        lambda a: {"VINLI_WEB_CLIENT_ID": "somebody"},
        ["unknown_implicit_client"],
    ),
    "the clients swapped": (
        lambda a: {"VINLI_CLIENT_ID": a["web_client_id"], "VINLI_WEB_CLIENT_ID": a["client_id"]},
        ["clients_swapped"],
    ),
    "the web client for the code flow": (
        lambda a: {"VINLI_CLIENT_ID": a["web_client_id"], "VINLI_WEB_CLIENT_ID": ""},
        ["web_client_as_client"],
    ),
    "the server client for the implicit flow": (
        lambda a: {"VINLI_CLIENT_ID": "somebody", "VINLI_WEB_CLIENT_ID": a["client_id"]},
        ["implicit_client_wrong_type", "unknown_client"],
    ),
    "a wrong App Secret": (lambda a: {"VINLI_APP_SECRET": "wrong-app-secret"}, ["app_credentials_refused"]),
    "an unknown App ID": (
        lambda a: {APP_ID: "11111111-2222-4333-8444-555555555555"},
        ["app_credentials_refused"],
    ),
    "the client's secret as App Secret": (
        lambda a: {"VINLI_APP_SECRET": a["client_secret"]},
        ["client_secret_as_app_secret"],
    ),
    "a wrong client secret": (lambda a: {"VINLI_CLIENT_SECRET": "wrong-secret"}, ["client_secret_refused"]),
    "the App Secret as client secret": (
        lambda a: {"VINLI_CLIENT_SECRET": a["app_secret"]},
        ["app_secret_as_client_secret"],
    ),
    "localhost for 127.0.0.1": (
        lambda a: {"PUBLIC_URL": "http://localhost:8000"},
        ["public_url_not_registered"],
    ),
    "[::1] for 127.0.0.1": (
        lambda a: {"PUBLIC_URL": "http://[::1]:8000"},
        ["public_url_not_registered"],
    ),
    "another port": (lambda a: {"PUBLIC_URL": "http://127.0.0.1:8080"}, ["public_url_not_registered"]),
    "no port": (lambda a: {"PUBLIC_URL": "http://127.0.0.1"}, ["public_url_not_registered"]),
    "a site of its own": (lambda a: {"PUBLIC_URL": CARS}, ["public_url_not_registered"]),
    "a platform that is not there": (
        lambda a: {"VINLI_PLATFORM_URL": "http://127.0.0.1:9"},
        ["platform_unreachable"],
    ),
    "no Redis": (lambda a: {"STORE_URL": "redis://:the-redis-password@127.0.0.1:9/0"}, ["store_unavailable"]),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_wrong_settings_are_named(name, sandbox, local_site):
    changes, codes = SETTINGS[name]
    variables = changes(sandbox.credentials)
    diagnosis = examine(local_site(sandbox.credentials, **variables))
    assert wrong(diagnosis) == codes
    assert "the-redis-password" not in repr(diagnosis)


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (("--redirect-uri", f"{CALLBACK}/"), ["trailing_slash"]),
        (("--redirect-uri", "http://127.0.0.1:8000/Connect/callback"), ["path_case"]),
        (
            ("--redirect-uri", IMPLICIT, "--implicit-redirect-uri", CALLBACK),
            ["redirect_uris_swapped"],
        ),
    ],
)
def test_a_sandbox_with_another_registration_is_told_from_a_right_one(arguments, codes, local_site):
    with sandbox_for(HERE, *arguments) as sandbox:
        diagnosis = examine(local_site(sandbox.credentials, PUBLIC_URL=HERE), OPEN)
    assert wrong(diagnosis) == codes


# A few of each kind; tests/unit/domain/doctor/test_redirect_uris.py has every way.
REGISTERED = {
    f"{CALLBACK}/": ["trailing_slash"],
    IMPLICIT: ["redirect_uris_swapped"],
    f"{HERE}/workbench/catch": ["redirect_uris_swapped"],
    f" {CALLBACK}": ["surrounding_blanks"],
    f"{CALLBACK}\r\n": ["invisible_characters"],
    "javascript:alert(document.cookie)": ["script_scheme"],
    "http://localhost:8000/Connect/Callback/": ["loopback_name", "path_case", "trailing_slash"],
    "http://cars.example.com/connect/callback": ["other_host", "plain_http"],
}


@pytest.mark.parametrize("registered", REGISTERED)
@pytest.mark.parametrize("is_typed", [False, True])
def test_each_way_to_register_the_wrong_redirect_uri_is_named(registered, is_typed, good_vinli, local_site):
    if is_typed:
        good_vinli.answers[CLIENTS] = http(404)
    else:
        good_vinli.answers[CLIENTS] = clients(registered)
    diagnosis = examine(local_site(good_vinli.origin), OPEN, Typed(registered, IMPLICIT))
    assert wrong(diagnosis) == REGISTERED[registered]
    for found in diagnosis.problems:
        assert ("Sent", CALLBACK) in found.facts or found.code == "redirect_uris_swapped"


def test_the_workbench_has_a_client_of_its_own_to_be_looked_at(good_vinli, local_site):
    site = local_site(good_vinli.origin, **BENCH)
    assert wrong(examine(site)) == ["workbench_client_of_another_app"]
    good_vinli.answers[TOKEN] = believes("the-client-id")
    assert wrong(examine(site)) == ["unknown_workbench_client"]
    good_vinli.answers[TOKEN] = believes("the-client-id", "the-bench-id")
    good = [entry("the-client-id", "server", CALLBACK), entry("the-web-client-id", "web", IMPLICIT)]
    for uri, codes in ((f"{HERE}/workbench/catch", []), (f"{HERE}/workbench/Catch", ["path_case"])):
        good_vinli.answers[CLIENTS] = json_reply({"clients": [*good, entry("the-bench-id", "server", uri)]})
        assert wrong(examine(site)) == codes


def test_the_workbenchs_secret_and_type_are_looked_at(good_vinli, local_site):
    good_vinli.answers[TOKEN] = believes("the-client-id")
    listed = [entry("the-client-id", "server", CALLBACK), entry("the-web-client-id", "web", IMPLICIT)]
    site = local_site(good_vinli.origin, **BENCH)
    good_vinli.answers[CLIENTS] = json_reply({"clients": [*listed, entry("the-bench-id", "server", CATCH)]})
    (found,) = examine(site).problems
    assert found.code == "workbench_client_secret_refused"
    assert found.todo.startswith("Set VINLI_WORKBENCH_CLIENT_SECRET to the secret of the client the-bench-id")
    site = local_site(good_vinli.origin, **BENCH, VINLI_WEB_CLIENT_ID="")
    good_vinli.answers[CLIENTS] = json_reply({"clients": [listed[0], entry("the-bench-id", "web", IMPLICIT)]})
    (found,) = examine(site).problems
    assert found.code == "web_client_as_workbench_client"
    assert found.todo.startswith(
        "In Vinli’s Developer Portal, add a client of the type Server with the redirect URI"
    )
    good_vinli.answers[CLIENTS] = http(404)
    typed = Typed(CALLBACK, IMPLICIT)
    assert wrong(examine(site, typed=typed)) == ["workbench_client_refused"]
    site = local_site(
        good_vinli.origin, **BENCH | {"VINLI_WORKBENCH_CLIENT_SECRET": site.settings.vinli_app_secret}
    )
    assert wrong(examine(site, typed=typed)) == ["app_secret_as_workbench_client_secret"]


def test_plain_http_is_named_where_https_is_required(good_vinli, local_site):
    good_vinli.answers[CLIENTS] = clients(
        "http://cars.example.com/connect/callback", f"{CARS}/implicit/callback"
    )
    site = local_site(good_vinli.origin, PUBLIC_URL=CARS)
    assert wrong(examine(site, BrowserRequest("https", "cars.example.com", {}))) == ["plain_http"]


def test_a_site_that_still_has_the_default_address_is_told_its_own(good_vinli, local_site):
    good_vinli.answers[CLIENTS] = clients(f"{CARS}/connect/callback")
    found = finding(examine(local_site(good_vinli.origin), OPEN), "other_host")
    assert found.todo.startswith(f"Set PUBLIC_URL to {CARS},")


def test_the_words_for_a_trailing_slash_are_enough_to_mend_it(good_vinli, local_site):
    good_vinli.answers[CLIENTS] = clients(f"{CALLBACK}/")
    found = finding(examine(local_site(good_vinli.origin)), "trailing_slash")
    assert "Developer Portal" in found.todo
    assert "from “/connect/callback/” to “/connect/callback”" in found.todo
    assert CALLBACK in found.todo
    assert dict(found.facts) == {"Client": "the-client-id", "Sent": CALLBACK, "Registered": f"{CALLBACK}/"}


FORWARDED = {"X-Forwarded-Proto": "https"}
SHARED, UNSET = "visitors_share_address", "trusted_proxies_unset"


def came(scheme, host, headers, remote="203.0.113.7"):
    return BrowserRequest(scheme, host, headers, remote)


INCOMING = [
    # PUBLIC_URL, TRUSTED_PROXIES, how the request came, what is wrong.
    (CARS, "0", came("http", "cars.example.com", FORWARDED), ["trusted_proxies_unset"]),
    (CARS, "0", came("http", "cars.example.com", {"Forwarded": 'for=_x;proto="https"'}), ["trusted_proxies_unset"]),
    (CARS, "2", came("http", "cars.example.com", FORWARDED), ["trusted_proxies_miscounted", SHARED]),
    (CARS, "0", came("http", "cars.example.com", FORWARDED, "10.0.0.1"), ["trusted_proxies_unset", SHARED]),
    (CARS, "0", came("http", "cars.example.com", {**FORWARDED, "X-Forwarded-For": "::2"}, "::1"), [UNSET]),
    (CARS, "0", came("https", "cars.example.com", {"X-Real-IP": "192.0.2.7"}, "10.0.0.1"), [SHARED]),
    (CARS, "0", came("http", "cars.example.com", {}), ["forwarded_proto_missing"]),
    (CARS, "1", came("http", "cars.example.com", {"Via": "1.1 proxy"}), ["forwarded_proto_missing", SHARED]),
    (CARS, "1", came("http", "cars.example.com", {"X-Forwarded-Proto": "http"}), ["forwarded_proto_http", SHARED]),
    (CARS, "0", came("https", "cars.example.com", {}), []),
    (CARS, "0", came("https", "cars.example.com", {"X-Forwarded-Host": "cars.example.com:443", **FORWARDED}), []),
    (CARS, "1", came("https", "cars.example.com", {}), ["no_proxy_in_front"]),
    (HERE, "0", came("http", "127.0.0.1:8000", FORWARDED), ["proxy_turned_https_into_http"]),
    (HERE, "1", came("https", "127.0.0.1:8000", FORWARDED), ["proxy_turned_https_into_http", SHARED]),
    (HERE, "0", came("http", "127.0.0.1:8000", {"Forwarded": "proto=https"}), ["proxy_turned_https_into_http"]),
    (HERE, "0", came("http", "127.0.0.1:8000", {"X-Forwarded-Host": "cars.example.com"}), ["forwarded_host_differs"]),
    (HERE, "0", came("http", "127.0.0.1:8000", {"X-Forwarded-Host": "<b>\r\nx"}), []),
    (HERE, "0", came("http", "127.0.0.1:8000", {"X-Forwarded-Proto": "gopher"}), []),
]  # fmt: skip


@pytest.mark.parametrize(("public_url", "trusted", "incoming", "codes"), INCOMING)
def test_public_url_is_compared_with_how_the_browser_came(
    public_url, trusted, incoming, codes, good_vinli, local_site
):
    good_vinli.answers[CLIENTS] = clients(f"{public_url}/connect/callback", f"{public_url}/implicit/callback")
    site = local_site(good_vinli.origin, PUBLIC_URL=public_url, TRUSTED_PROXIES=trusted)
    assert wrong(examine(site, incoming)) == codes


def test_proxies_that_overwrite_the_scheme_are_not_counted_by_it(good_vinli, local_site):
    """With two proxies of which one hands on what it got, trusting a single one would break the limits."""
    good_vinli.answers[CLIENTS] = clients(f"{CARS}/connect/callback", f"{CARS}/implicit/callback")
    site = local_site(good_vinli.origin, PUBLIC_URL=CARS, TRUSTED_PROXIES="2")
    for proto, addresses, words in (
        ("https", "192.0.2.1, 192.0.2.2", "append"),
        ("https", "192.0.2.1", "Set TRUSTED_PROXIES=1."),
        ("https", "", "Set TRUSTED_PROXIES=1."),
        ("https, https, https", "192.0.2.1, 192.0.2.2, 192.0.2.3", "Set TRUSTED_PROXIES=3."),
    ):
        headers = {"X-Forwarded-Proto": proto, "X-Forwarded-For": addresses}
        found = finding(
            examine(site, came("http", "cars.example.com", headers)), "trusted_proxies_miscounted"
        )
        assert words in found.todo
        assert ("TRUSTED_PROXIES=" in found.todo) == ("TRUSTED_PROXIES=" in words)


REGISTERED_AT = [
    # What all clients are registered with, PUBLIC_URL, how the request came, what is wrong.
    (CARS, HERE, None, ["public_url_not_registered"]),
    (CARS, HERE, OPEN, ["public_url_not_registered"]),
    ("http://localhost:8000", HERE, None, ["public_url_not_registered"]),
    ("http://localhost:8000", HERE, OPEN, ["loopback_name"] * 2),
    (HERE, CARS, came("https", "cars.example.com", {}), ["other_host"] * 2),
    (HERE, CARS, came("http", "127.0.0.1:8000", {}), ["public_url_not_registered"]),
    (
        HERE,
        CARS,
        came("http", "cars.example.com", {}),
        ["forwarded_proto_missing", "other_host", "other_host"],
    ),
    (HERE, CARS, came("https", "cars.example.com:8443", {}), ["host_differs", "other_host", "other_host"]),
    ("http://cars.example.com", HERE, None, ["other_host", "other_host", "plain_http", "plain_http"]),
    ("https://CARS.example.com", CARS, None, ["host_case"] * 2),
]


PORT = "https://cars.example.com:8443"
# PUBLIC_URL, TRUSTED_PROXIES, the scheme, Host and headers that arrive, and the origin that is seen in them.
ORIGINS = [
    (PORT, "1", "https", "cars.example.com", {"X-Forwarded-Port": "8443", **FORWARDED}, PORT),
    (PORT, "1", "https", "cars.example.com", FORWARDED, PORT),
    (PORT, "1", "https", "cars.example.com:8000", {"X-Forwarded-Port": "8443", **FORWARDED}, PORT),
    (PORT, "0", "http", "cars.example.com", {"X-Forwarded-Port": "8443", **FORWARDED}, PORT),
    (PORT, "0", "http", "cars.example.com", FORWARDED, CARS),
    (HERE, "0", "http", "cars.example.com", {"X-Forwarded-Port": "8443", **FORWARDED}, PORT),
    (HERE, "1", "https", "cars.example.com", {"X-Forwarded-Port": "8443", **FORWARDED}, PORT),
    (HERE, "1", "https", "cars.example.com", {"X-Forwarded-Port": "443", **FORWARDED}, CARS),
    (HERE, "1", "https", "cars.example.com", {"X-Forwarded-Port": "x<", **FORWARDED}, CARS),
    (HERE, "1", "https", "app", {"X-Forwarded-Host": "cars.example.com", "X-Forwarded-Port": "8443"}, PORT),
]


@pytest.mark.parametrize(("public_url", "trusted", "scheme", "host", "headers", "origin"), ORIGINS)
def test_a_port_that_proxies_name_is_part_of_the_address(
    public_url, trusted, scheme, host, headers, origin, good_vinli, local_site
):
    """The registrations have the address that people use. PUBLIC_URL is advised to be that, or is right."""
    good_vinli.answers[CLIENTS] = clients(f"{origin}/connect/callback", f"{origin}/implicit/callback")
    site = local_site(good_vinli.origin, PUBLIC_URL=public_url, TRUSTED_PROXIES=trusted)
    diagnosis = examine(site, BrowserRequest(scheme, host, {"X-Forwarded-For": "192.0.2.7", **headers}))
    advised = {one.todo for one in diagnosis.problems if "PUBLIC_URL to" in one.todo}
    assert advised == (set() if public_url == origin else {f"Set PUBLIC_URL to {origin}"})


@pytest.mark.parametrize(("registered", "public_url", "incoming", "codes"), REGISTERED_AT)
def test_an_address_that_all_registrations_share_is_one_finding(
    registered, public_url, incoming, codes, good_vinli, local_site
):
    good_vinli.answers[CLIENTS] = clients(f"{registered}/connect/callback", f"{registered}/implicit/callback")
    diagnosis = examine(local_site(good_vinli.origin, PUBLIC_URL=public_url), incoming)
    assert wrong(diagnosis) == codes
    if codes == ["public_url_not_registered"]:
        assert diagnosis.problems[0].todo == f"Set PUBLIC_URL to {registered}"


def test_a_site_whose_registrations_are_still_those_of_a_laptop_is_told_both_ways(good_vinli, local_site):
    good_vinli.answers[CLIENTS] = clients(f"{HERE}/connect/callback", f"{HERE}/implicit/callback")
    todo = examine(local_site(good_vinli.origin, PUBLIC_URL=CARS), None).problems[0].todo
    assert todo.startswith(f"Set PUBLIC_URL to {HERE}. If {CARS} is right, register")


@pytest.mark.parametrize(
    ("code", "implicit"),
    [
        (f"{CARS}/connect/callback", f"{HERE}/implicit/callback"),
        (f"{CARS}/connect/callback", "https://bikes.example.com/implicit/callback"),
        (f"{CARS}/connect/callback", f"{CARS}/implicit/callback/"),
    ],
)
def test_registrations_that_do_not_agree_are_findings_of_their_own(code, implicit, good_vinli, local_site):
    good_vinli.answers[CLIENTS] = clients(code, implicit)
    assert "public_url_not_registered" not in wrong(examine(local_site(good_vinli.origin)))


def test_the_registration_is_not_blamed_for_a_wrong_public_url(good_vinli, local_site):
    good_vinli.answers[CLIENTS] = clients(f"{CARS}/connect/callback", f"{CARS}/implicit/callback")
    incoming = came("http", "127.0.0.1:8000", {"X-Forwarded-Host": "cars.example.com", **FORWARDED})
    diagnosis = examine(local_site(good_vinli.origin), incoming)
    assert wrong(diagnosis) == ["proxy_turned_https_into_http"]
    assert finding(diagnosis, "proxy_turned_https_into_http").todo == f"Set PUBLIC_URL to {CARS}"


@pytest.mark.parametrize(
    ("seconds", "codes", "side"),
    [
        (0, [], ""),
        (20, [], ""),
        (-20, [], ""),
        (120, ["clock_skew"], "ahead of"),
        (-120, ["clock_skew"], "behind"),
        (4000, ["clock_skew"], "ahead of"),
    ],
)
def test_a_clock_that_disagrees_is_named_with_size_and_side(seconds, codes, side, sandbox, local_site):
    site = local_site(sandbox.credentials)
    site.clock.now = datetime.now(UTC).timestamp() + seconds
    diagnosis = examine(site)
    assert wrong(diagnosis) == codes
    if codes:
        found = finding(diagnosis, "clock_skew")
        assert side in found.what
        assert found.severity is (Severity.PROBLEM if abs(seconds) > 300 else Severity.WARNING)


@pytest.mark.parametrize("date", [None, "yesterday", "Thu, 99 Foo 2026 99:99:99 GMT", ""])
def test_a_date_that_is_none_is_no_skew(date, good_vinli, local_site):
    good_vinli.answers[CLIENTS] = clients(**({} if date is None else {"date": date}))
    diagnosis = examine(local_site(good_vinli.origin))
    assert wrong(diagnosis) == []
    assert "clock" in unknowns(diagnosis)


def test_a_date_of_the_fake_upstream_counts(good_vinli, local_site):
    good_vinli.answers[CLIENTS] = clients(
        date=format_datetime(datetime.now(UTC) + timedelta(days=3), usegmt=True)
    )
    assert "days behind" in finding(examine(local_site(good_vinli.origin)), "clock_skew").what


@pytest.mark.parametrize("status", [200, 404, 503])
def test_the_time_is_taken_from_any_answer_where_the_list_is_not_there(status, good_vinli, local_site):
    good_vinli.answers |= {CLIENTS: http(404), "/": http(status, date=now())}
    site = local_site(good_vinli.origin)
    assert "clock" not in unknowns(examine(site))
    site.clock.advance(4000)
    assert finding(examine(site), "clock_skew").severity is Severity.PROBLEM


def test_where_nothing_answers_there_is_no_time_to_take(local_site):
    assert "No answer" in finding(examine(local_site("http://127.0.0.1:9")), "clock").what


UPSTREAM = {
    "no list of clients": ({CLIENTS: http(404)}, [], {"clients", "redirect_uri", "clock"}),
    "a list for others": ({CLIENTS: http(403)}, [], {"clients", "redirect_uri", "clock"}),
    "a list that fails": ({CLIENTS: http(500)}, [], {"clients", "redirect_uri", "clock"}),
    "a list that is none": (
        {CLIENTS: json_reply({"clients": {"a": 1}})},
        [],
        {"clients", "redirect_uri", "clock"},
    ),
    "an empty list": (
        {CLIENTS: json_reply({"clients": []})},
        ["client_of_another_app", "implicit_client_of_another_app"],
        {"clock"},
    ),
    "a list of nonsense": (
        {CLIENTS: json_reply({"clients": [None, 7, [], {}, {"id": 7}, {"id": None}]})},
        ["client_of_another_app", "implicit_client_of_another_app"],
        {"clock"},
    ),
    "a type nobody knows": (
        {
            CLIENTS: json_reply(
                {"clients": [entry("the-client-id", "gadget", CALLBACK), entry("the-web-client-id", None, IMPLICIT)]}
            )
        },
        [],
        {"clock"},
    ),
    "no redirect URI in the list": (
        {CLIENTS: clients(None)},
        [],
        {"redirect_uri", "clock"},
    ),
    "everything failing": (
        {CLIENTS: http(500), TOKEN: http(500), DEVICES: http(500)},
        ["auth_failing"],
        {"clients", "redirect_uri", "clock", "app_credentials", "client_secret"},
    ),
    "everything elsewhere": (
        {CLIENTS: http(404), TOKEN: http(404), DEVICES: http(404)},
        ["auth_nonsense"],
        {"clients", "redirect_uri", "clock", "app_credentials", "client_secret"},
    ),
    "a platform that is another": ({DEVICES: json_reply({})}, ["platform_nonsense"], {"clock"}),
    "everything busy": (
        {CLIENTS: http(429), TOKEN: http(429), DEVICES: http(429)},
        ["auth_throttled"],
        {"clients", "redirect_uri", "clock", "app_credentials", "client_secret"},
    ),
    "an auth service that is busy": (
        {CLIENTS: http(429), TOKEN: http(500)},
        ["auth_throttled"],
        {"clients", "redirect_uri", "clock", "client_secret"},
    ),
    "a list that is busy": ({CLIENTS: http(429)}, [], {"clients", "redirect_uri", "clock"}),
    "a platform that is busy": ({DEVICES: http(429)}, [], {"platform_throttled", "clock"}),
    "a refused client that nobody lists": (
        {CLIENTS: http(404), TOKEN: http(401)},
        ["client_refused"],
        {"clients", "redirect_uri", "clock"},
    ),
    "a token endpoint that says something else": (
        {TOKEN: json_reply({"error": "server_busy"}, 400)},
        [],
        {"client_secret", "clock"},
    ),
    "a token endpoint that believes a made-up code": (
        {TOKEN: json_reply({"access_token": "x" * 20})},
        [],
        {"client_secret", "clock"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UPSTREAM)
def test_an_upstream_that_does_not_help_is_told_from_a_mistake(name, good_vinli, local_site):
    answers, codes, not_known = UPSTREAM[name]
    good_vinli.answers |= answers
    diagnosis = examine(local_site(good_vinli.origin))
    assert wrong(diagnosis) == codes
    assert unknowns(diagnosis) == not_known | {"public_url"}


def test_a_bare_401_of_the_token_endpoint_is_a_probability(good_vinli, local_site):
    good_vinli.answers[TOKEN] = http(401)
    found = finding(examine(local_site(good_vinli.origin)), "client_secret_refused")
    assert found.severity is Severity.WARNING
    assert "probably" in found.title
    good_vinli.answers[TOKEN] = json_reply({"error": "invalid_client"}, 401)
    found = finding(examine(local_site(good_vinli.origin)), "client_secret_refused")
    assert found.severity is Severity.PROBLEM
    assert "probably" not in found.title


def test_what_was_not_seen_is_not_summed_up_as_well(good_vinli, local_site):
    good_vinli.answers[CLIENTS] = clients(date=now())
    site = local_site(good_vinli.origin)
    assert examine(site).summary == examine(site, OPEN).summary == "Nothing is wrong"
    good_vinli.answers[DEVICES] = http(429)
    assert examine(site).summary == "Nothing is wrong, but one thing could not be checked"
    good_vinli.answers[TOKEN] = http(500)
    assert examine(site).summary == "Nothing is wrong, but 2 things could not be checked"
    good_vinli.answers |= {CLIENTS: http(429), TOKEN: http(429)}
    assert examine(site).summary == "One thing is wrong"


def test_what_is_typed_is_compared_with_what_vinli_lists(good_vinli, local_site):
    site = local_site(good_vinli.origin)
    diagnosis = examine(site, OPEN, Typed(f"{CALLBACK}/", f" {IMPLICIT}\n"))
    assert wrong(diagnosis) == ["typed_differs"]
    found = finding(diagnosis, "typed_differs")
    assert "A slash at the end" in found.what
    assert dict(found.facts) == {"Typed": f"{CALLBACK}/", "Listed": CALLBACK}
    assert wrong(examine(site, OPEN, Typed("javascript:alert(1)\ud800", "x" * 3000))) == ["typed_differs"] * 2
    good_vinli.answers[CLIENTS] = clients(f"{CALLBACK}/")
    assert wrong(examine(site, OPEN, Typed(CALLBACK))) == ["trailing_slash", "typed_differs"]
    assert wrong(examine(site, OPEN, Typed(f"{CALLBACK}/"))) == ["trailing_slash"]


def test_how_to_tell_what_is_registered_is_said_for_the_place(good_vinli, local_site):
    good_vinli.answers[CLIENTS] = http(404)
    site = local_site(good_vinli.origin, **BENCH)
    for incoming, words in (
        (OPEN, ["type in here", "type in here", ""]),
        (None, ["--registered.", "--registered-implicit.", ""]),
    ):
        todos = [found.todo for found in examine(site, incoming).findings if found.code == "redirect_uri"]
        assert len(todos) == len(words)
        for todo, word in zip(todos, words, strict=True):
            assert word in todo
            assert ("type in here" in todo) == (word == "type in here")
            assert ("--" in todo) == word.startswith("--")


def test_nothing_that_answers_is_one_problem(local_site):
    assert wrong(examine(local_site("http://127.0.0.1:9"))) == ["auth_unreachable"]


def test_an_upstream_that_hangs_is_too_slow_and_the_budget_holds(good_vinli, local_site):
    hang = Hang()
    good_vinli.answers |= dict.fromkeys((CLIENTS, TOKEN, DEVICES), hang)
    diagnosis = examine(local_site(good_vinli.origin), seconds=0.3)
    hang.release()
    assert wrong(diagnosis) == ["auth_slow"]


def test_a_certificate_that_nobody_vouches_for_is_named(good_vinli, local_site, tmp_path):
    server = Server(lambda _: http(200), tls=Authority(tmp_path).server_context("127.0.0.1"))
    site = local_site(good_vinli.origin, VINLI_PLATFORM_URL=server.origin)
    found = finding(examine(site), "platform_tls")
    server.close()
    assert "CA_BUNDLE" in found.todo


def test_pages_that_are_loaded_again_ask_about_a_secret_twice_a_minute(good_vinli, local_site):
    good_vinli.answers[TOKEN] = json_reply({"error": "invalid_client"}, 401)
    site = local_site(good_vinli.origin)
    with operator(site) as browser:
        for seconds, asked in ((0, 1), (1, 1), (28, 1), (2, 2), (-5000, 3)):
            site.clock.advance(seconds)
            page = browser.get("/workbench").text
            assert "Client secret is wrong" in page
            assert ("seconds ago" in page) == (seconds in (28,))
            assert len(good_vinli.received(TOKEN)) == asked
    examine(site)
    assert len(good_vinli.received(TOKEN)) == 4


def test_two_pages_at_once_ask_about_a_secret_once(good_vinli, local_site):
    hang = Hang()
    good_vinli.answers[TOKEN] = hang
    site = local_site(good_vinli.origin)
    recent = RecentProbes(site.clock)
    with site.app.app_context(), ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(
                recent.probe,
                "id",
                "secret",
                partial(probe_client, site.services.auth, CALLBACK, deadline=5.0),
            )
            for _ in range(2)
        ]
        assert hang.waiting.acquire(timeout=10)
        good_vinli.answers[TOKEN] = json_reply({"error": "invalid_grant"}, 400)
        hang.release()
        assert len({one.result().status for one in both}) == 1
    assert len(good_vinli.received(TOKEN)) == 1


@pytest.mark.parametrize("origin", ["cross-site", "same-site"])
def test_a_link_of_another_site_has_nothing_asked(origin, good_vinli, local_site):
    site = local_site(good_vinli.origin)
    with operator(site) as browser:
        page = browser.get(f"/workbench?registered={CALLBACK}", headers={"Sec-Fetch-Site": origin})
        assert page.status_code == 200
        assert good_vinli.received() == []
        assert "Nothing is wrong" not in page.text
        (link,) = [text for text in page.text.split('"') if text.startswith("/workbench?registered=")]
        page = browser.get(html.unescape(link), headers={"Sec-Fetch-Site": "same-origin"})
        assert f'value="{CALLBACK}"' in page.text
        assert "<title>Doctor: not everything was checked" in page.text
        assert "Nothing is wrong, but one thing could not be checked" in page.text
        good_vinli.answers[TOKEN] = http(401)
        site.clock.advance(60)
        page = browser.get("/workbench")
        assert "Nothing is wrong, but look at this" in page.text
        assert "could not be checked." in page.text
        assert len(good_vinli.received(TOKEN)) == 2


def test_a_store_that_would_be_made_for_the_wrong_user_is_not_made(sandbox, local_site, monkeypatch):
    site = local_site(sandbox.credentials)
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    diagnosis = examine(site)
    assert wrong(diagnosis) == ["store_not_tried"]
    assert diagnosis.is_well
    assert not site.store_path.exists()


def test_a_code_that_is_asked_for_is_made_up_and_new_each_time(good_vinli, local_site):
    site = local_site(good_vinli.origin)
    examine(site)
    examine(site)
    codes = [request.form["code"] for request in good_vinli.received(TOKEN)]
    assert len(set(codes)) == 2


def test_no_entry_of_the_checkup_stays_in_the_store(sandbox, local_site):
    site = local_site(sandbox.credentials)
    examine(site)
    assert site.services.store.purge() == 0
    assert b"checkup:" not in site.store_path.read_bytes()


def test_what_others_may_do_to_the_store_is_named(sandbox, local_site):
    site = local_site(sandbox.credentials)
    examine(site)
    os.chmod(site.store_path, 0o644)
    assert wrong(examine(site)) == ["store_file_open"]
    os.chmod(site.store_path, 0o600)
    os.chmod(site.store_path.parent, 0o777)
    assert wrong(examine(site)) == ["store_directory_open"]
    assert "chmod 700" in finding(examine(site), "store_directory_open").todo
    os.chmod(site.store_path.parent, 0o1777)
    assert wrong(examine(site)) == ["store_directory_open"]
    assert "chmod" not in finding(examine(site), "store_directory_open").todo, "others use this directory too"
    os.chmod(site.store_path.parent, 0o755)
    assert wrong(examine(site)) == []


def test_a_store_that_is_a_directory_or_served_to_everybody_is_named(sandbox, local_site, tmp_path):
    (tmp_path / "folder").mkdir()
    site = local_site(sandbox.credentials, STORE_URL=f"sqlite:///{tmp_path}/folder")
    assert wrong(examine(site)) == ["store_no_file"]
    site = local_site(sandbox.credentials, STORE_URL=f"sqlite:///{tmp_path}/folder/store.sqlite3")
    site.app.extensions[EXTENSION] = replace(site.services, served_files=tmp_path / "folder")
    assert wrong(examine(site)) == ["store_in_static"]


HOSTILE = [
    "<script>alert(1)</script>",
    f"{CALLBACK}\r\nSet-Cookie: a=b",
    f"{CALLBACK}\x1b[31m\x07\x7f",
    "https://[::1",
    "https://[" * 300,
    "http://127.0.0.1:99999999999999999999/",
    "%" * 2000,
    "/" * 2000,
    "x" * 1_000_000,
    "https://cars.example.com/?" + "&a=%25" * 150_000,
    "\u202egnp.exe",
    "\ufeff\u200b\u00ad",
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_registrations_are_problems_and_nothing_else(hostile, good_vinli, local_site):
    good_vinli.answers[CLIENTS] = clients(hostile, hostile)
    diagnosis = examine(local_site(good_vinli.origin), OPEN)
    assert diagnosis.problems
    for found in diagnosis.findings:
        for text in (found.what, found.todo, *(text for pair in found.facts for text in pair)):
            assert text.isprintable()
            assert len(text) < 3000


@pytest.mark.parametrize(
    "hostile", ["\ud800", "\x00", f"{CALLBACK}\udfff", *HOSTILE], ids=range(len(HOSTILE) + 3)
)
def test_hostile_typed_texts_are_problems_and_nothing_else(hostile, good_vinli, local_site):
    good_vinli.answers[CLIENTS] = http(404)
    diagnosis = examine(local_site(good_vinli.origin), OPEN, Typed(hostile, hostile))
    assert diagnosis.problems
    json.dumps([found.facts for found in diagnosis.findings], ensure_ascii=False).encode()


def test_only_the_configured_origins_are_contacted(good_vinli, local_site, monkeypatch):
    reached = set()
    connect = socket.socket.connect_ex

    def watched(self, address):
        reached.add(address)
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect_ex", watched)
    good_vinli.answers[CLIENTS] = clients("http://127.0.0.2:7/connect", "http://127.0.0.3:7/x")
    examine(local_site(good_vinli.origin), OPEN, Typed("http://127.0.0.4:7/", "http://127.0.0.5:7/"))
    host, _, port = good_vinli.origin.removeprefix("http://").partition(":")
    assert reached == {(host, int(port))}


# --- settings in real life


def test_a_partner_that_is_set_in_part_is_named_at_the_start_and_by_the_doctor(
    good_vinli, local_site, caplog
):
    site = local_site(good_vinli.origin, ANYLINE_CLIENT_ID="anyline-client")
    (told,) = [record for record in caplog.records if record.getMessage() == "partner set up in part"]
    named = {"partner": "Anyline", "set": "ANYLINE_CLIENT_ID", "missing": "ANYLINE_CLIENT_SECRET"}
    assert told.fields == named
    assert "ANYLINE_CLIENT_SECRET" in finding(examine(site), "partner_half_set").todo


def test_a_role_that_is_set_in_part_leaves_its_partner_on_and_is_named_whole(good_vinli, local_site):
    """Without an identity provider the role ``service`` of instyle.ai works. Only the sign-in of the admin is off."""
    names = (
        "INSTYLE_API_KEY",
        "INSTYLE_CLIENT_ID",
        "INSTYLE_USERNAME",
        "INSTYLE_PASSWORD",
        "INSTYLE_SECRET_HASH",
    )
    variables = dict.fromkeys(names, "x") | {"INSTYLE_API_BASE_URL": "https://api.example.com"}
    found = finding(examine(local_site(good_vinli.origin, **variables)), "partner_half_set")
    assert found.title == "instyle.ai’s role admin is set up in part"
    assert found.todo.startswith("Set INSTYLE_COGNITO_IDP too, or take ")
    taken = found.todo.partition("or take ")[2].removesuffix(" away.").split(", ")
    assert set(taken) == {*names} - {"INSTYLE_API_KEY"}
    rest = {name: value for name, value in variables.items() if name not in taken}
    assert "partner_half_set" not in wrong(examine(local_site(good_vinli.origin, **rest)))


def test_an_ipv6_address_is_named_where_a_page_has_to_call_it(local_site):
    site = local_site("http://127.0.0.1:9", VINLI_AUTH_URL="http://[::1]:9")
    assert finding(examine(site), "implicit_flow_ipv6").todo.startswith("Use a name in VINLI_AUTH_URL")


@pytest.mark.parametrize(
    "host", ["cars.example.com.", "1.2.3", "cars..example.com", "a" * 64 + ".com", "-a.com"]
)
def test_no_address_is_advised_that_the_start_would_refuse(host, good_vinli, local_site):
    site = local_site(good_vinli.origin)
    for incoming in (
        came("https", host, {"X-Forwarded-Proto": "https"}),
        came("http", "127.0.0.1:8000", {"X-Forwarded-Host": host}),
    ):
        for found in examine(site, incoming).findings:
            assert f"Set PUBLIC_URL to https://{host}" not in found.todo
            assert f"Set PUBLIC_URL to http://{host}" not in found.todo


def test_no_number_of_proxies_is_advised_that_the_start_would_refuse(good_vinli, local_site):
    site = local_site(good_vinli.origin, PUBLIC_URL=CARS, TRUSTED_PROXIES="10")
    many = ", ".join(["https"] * 11)
    incoming = came("http", "cars.example.com", {"X-Forwarded-Proto": many, "X-Forwarded-For": many})
    assert not [
        found.todo for found in examine(site, incoming).findings if "Set TRUSTED_PROXIES=11" in found.todo
    ]
