"""The doctor over a table of misconfigurations, each built for real: it names each one, and nothing on a right one."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from blueprints.web.budget import Budget
from blueprints.web.doctor import Standing, Typed, Visit, diagnose
from tests.app_process import SECRET_KEY
from tests.contract.fake_vinli import DEVICES, TOKEN, Hang, fleet
from tests.contract.sites import sandbox_for
from tests.unit.providers.certificates import Authority
from tests.unit.providers.servers import Server, http, json_reply

HERE = "http://127.0.0.1:8000"
CALLBACK = f"{HERE}/connect/callback"
IMPLICIT = f"{HERE}/implicit/callback"
CARS = "https://cars.example.com"
CLIENTS = "/api/v1/clients"
OPEN = Visit("http", "127.0.0.1:8000", {})


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


def examine(site, visit=None, typed=None, seconds=20.0):
    with site.app.app_context():
        diagnosis = diagnose(site.services, visit, typed or Typed(), Budget(seconds))
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
    return {finding.code for finding in diagnosis.findings if finding.standing is Standing.UNKNOWN}


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
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "cars.example.com",
        "X-Forwarded-Port": "443",
    }
    diagnosis = examine(site, Visit("https", "cars.example.com", headers))
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
        ["loopback_name"] * 3,
    ),
    "[::1] for 127.0.0.1": (
        lambda a: {"PUBLIC_URL": "http://[::1]:8000"},
        ["loopback_name"] * 3,
    ),
    "another port": (lambda a: {"PUBLIC_URL": "http://127.0.0.1:8080"}, ["other_port"] * 3),
    "no port": (lambda a: {"PUBLIC_URL": "http://127.0.0.1"}, ["port_missing"] * 3),
    "a site of its own": (lambda a: {"PUBLIC_URL": CARS}, ["other_host"] * 3),
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


REGISTERED = {
    f"{CALLBACK}/": ["trailing_slash"],
    IMPLICIT: ["redirect_uris_swapped"],
    f"{HERE}/workbench/catch": ["redirect_uris_swapped"],
    "https://127.0.0.1:8000/connect/callback": ["scheme_http_https"],
    "http://127.0.0.1/connect/callback": ["port_missing"],
    "http://127.0.0.1:8000//connect/callback": ["doubled_slash"],
    "http://127.0.0.1:8000/connect%2Fcallback": ["encoded_character"],
    "http://127.0.0.1:8000/connect/c%61llback": ["needless_encoding"],
    "http://127.0.0.1:8000/connect/./callback": ["dot_segments"],
    f"{CALLBACK}?flow=code": ["query_parameter_added"],
    f"{CALLBACK}?": ["empty_query"],
    f"{CALLBACK}#": ["fragment"],
    f"{CALLBACK}/*": ["wildcard"],
    f" {CALLBACK}": ["surrounding_blanks"],
    f"{CALLBACK}\r\n": ["invisible_characters"],
    f"\u200b{CALLBACK}": ["invisible_characters"],
    "http://me@127.0.0.1:8000/connect/callback": ["userinfo"],
    "http://127.0.0.1:8000\\connect/callback": ["backslash"],
    "127.0.0.1:8000/connect/callback": ["not_absolute"],
    "javascript:alert(document.cookie)": ["script_scheme"],
    "li.vin.cars://connect/callback": ["custom_scheme"],
    "http://127.0.0.1:80x/connect/callback": ["bad_port"],
    "http://localhost:8000/Connect/Callback/": ["loopback_name", "path_case", "trailing_slash"],
    "https://cars.example.com/connect/callback": ["other_host"],
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
    bench = {"VINLI_WORKBENCH_CLIENT_ID": "the-bench-id", "VINLI_WORKBENCH_CLIENT_SECRET": "the-bench-secret"}
    site = local_site(good_vinli.origin, **bench)
    assert wrong(examine(site)) == ["unknown_workbench_client"]
    good = [entry("the-client-id", "server", CALLBACK), entry("the-web-client-id", "web", IMPLICIT)]
    for uri, codes in ((f"{HERE}/workbench/catch", []), (f"{HERE}/workbench/Catch", ["path_case"])):
        good_vinli.answers[CLIENTS] = json_reply({"clients": [*good, entry("the-bench-id", "server", uri)]})
        assert wrong(examine(site)) == codes


def test_plain_http_is_named_where_https_is_required(good_vinli, local_site):
    good_vinli.answers[CLIENTS] = clients(
        "http://cars.example.com/connect/callback", f"{CARS}/implicit/callback"
    )
    site = local_site(good_vinli.origin, PUBLIC_URL=CARS)
    assert wrong(examine(site, Visit("https", "cars.example.com", {}))) == ["plain_http"]


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
    assert dict(found.facts) == {"Sent": CALLBACK, "Registered": f"{CALLBACK}/"}


FORWARDED = {"X-Forwarded-Proto": "https"}
VISITS = [
    # PUBLIC_URL, TRUSTED_PROXIES, how the request came, what is wrong.
    (CARS, "0", Visit("http", "cars.example.com", FORWARDED), ["trusted_proxies_unset"]),
    (CARS, "0", Visit("http", "cars.example.com", {"Forwarded": 'for=_x;proto="https"'}), ["trusted_proxies_unset"]),
    (CARS, "2", Visit("http", "cars.example.com", FORWARDED), ["trusted_proxies_miscounted"]),
    (CARS, "0", Visit("http", "cars.example.com", {}), ["forwarded_proto_missing"]),
    (CARS, "1", Visit("http", "cars.example.com", {"Via": "1.1 proxy"}), ["forwarded_proto_missing"]),
    (CARS, "1", Visit("http", "cars.example.com", {"X-Forwarded-Proto": "http"}), ["forwarded_proto_http"]),
    (CARS, "0", Visit("https", "cars.example.com", {}), []),
    (CARS, "0", Visit("https", "cars.example.com", {"X-Forwarded-Host": "cars.example.com:443", **FORWARDED}), []),
    (CARS, "1", Visit("https", "cars.example.com", {}), ["no_proxy_in_front"]),
    (HERE, "0", Visit("http", "127.0.0.1:8000", FORWARDED), ["proxy_turned_https_into_http"]),
    (HERE, "1", Visit("https", "127.0.0.1:8000", FORWARDED), ["proxy_turned_https_into_http"]),
    (HERE, "0", Visit("http", "127.0.0.1:8000", {"Forwarded": "proto=https"}), ["proxy_turned_https_into_http"]),
    (HERE, "0", Visit("http", "127.0.0.1:8000", {"X-Forwarded-Host": "cars.example.com"}), ["forwarded_host_differs"]),
    (HERE, "0", Visit("http", "127.0.0.1:8000", {"X-Forwarded-Host": "<b>\r\nx"}), []),
    (HERE, "0", Visit("http", "127.0.0.1:8000", {"X-Forwarded-Proto": "gopher"}), []),
]  # fmt: skip


@pytest.mark.parametrize(("public_url", "trusted", "visit", "codes"), VISITS)
def test_public_url_is_compared_with_how_the_browser_came(
    public_url, trusted, visit, codes, good_vinli, local_site
):
    good_vinli.answers[CLIENTS] = clients(f"{public_url}/connect/callback", f"{public_url}/implicit/callback")
    site = local_site(good_vinli.origin, PUBLIC_URL=public_url, TRUSTED_PROXIES=trusted)
    assert wrong(examine(site, visit)) == codes


def test_the_registration_is_not_blamed_for_a_wrong_public_url(good_vinli, local_site):
    good_vinli.answers[CLIENTS] = clients(f"{CARS}/connect/callback", f"{CARS}/implicit/callback")
    visit = Visit("http", "127.0.0.1:8000", {"X-Forwarded-Host": "cars.example.com", **FORWARDED})
    diagnosis = examine(local_site(good_vinli.origin), visit)
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
        assert found.standing is (Standing.PROBLEM if abs(seconds) > 300 else Standing.WARNING)


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
        ["client_of_another_app", "unknown_implicit_client"],
        {"clock"},
    ),
    "a list of nonsense": (
        {CLIENTS: json_reply({"clients": [None, 7, [], {}, {"id": 7}, {"id": None}]})},
        ["client_of_another_app", "unknown_implicit_client"],
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
    "a platform that is another": ({DEVICES: http(200, b"<html>")}, ["platform_nonsense"], {"clock"}),
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
    os.chmod(site.store_path.parent, 0o755)
    assert wrong(examine(site)) == []


def test_a_store_that_is_a_directory_or_served_to_everybody_is_named(sandbox, local_site, tmp_path):
    (tmp_path / "folder").mkdir()
    site = local_site(sandbox.credentials, STORE_URL=f"sqlite:///{tmp_path}/folder")
    assert wrong(examine(site)) == ["store_no_file"]
    site = local_site(sandbox.credentials, STORE_URL=f"sqlite:///{tmp_path}/folder/store.sqlite3")
    site.app.static_folder = str(tmp_path / "folder")
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
    connect = socket.socket.connect

    def watched(self, address):
        reached.add(address)
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    good_vinli.answers[CLIENTS] = clients("http://127.0.0.2:7/connect", "http://127.0.0.3:7/x")
    examine(local_site(good_vinli.origin), OPEN, Typed("http://127.0.0.4:7/", "http://127.0.0.5:7/"))
    host, _, port = good_vinli.origin.removeprefix("http://").partition(":")
    assert reached == {(host, int(port))}
