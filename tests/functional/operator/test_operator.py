"""The operator's pages: closed without sign-in, not there without a password, and whole lists or none."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys

import pytest

from domain.list_stream import BrokenOff
from tests.support.app_process import ROOT, SECRET_KEY
from tests.support.browser import heading, problem_code, seen
from tests.support.fake_vinli import DEVICES, device, device_page, fleet
from tests.support.operator_links import follow_link, link_of, press_button
from tests.support.pages import Page
from tests.support.servers import http
from tests.support.sites import sandbox_for

pytestmark = pytest.mark.functional

PAGES = (
    "/operator/devices",
    "/operator/devices?q=a",
    "/operator/devices?all=1",
    "/operator/devices.csv",
    "/operator/devices/7f0e8d1c-0000-4000-8000-000000000001",
)


@pytest.fixture
def browser(local):
    with local.browser() as browser:
        yield browser


# --- without a session


@pytest.mark.parametrize("path", ["/operator", *PAGES])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_password_there_are_no_operator_pages(method, path, local_site, vinli):
    local = local_site(vinli.origin, OPERATOR_PASSWORD="")
    with local.browser() as browser:
        assert browser.request(method, path).status_code in {404, 405, 400}
        assert browser.get(path).status_code == 404
        assert "Operator" not in browser.get("/").text
    assert vinli.received(DEVICES) == []


@pytest.mark.parametrize("path", PAGES)
def test_without_signing_in_there_is_no_data(path, browser, vinli):
    _, callback = browser.attempt()
    browser.get(f"{callback}&code=x")
    response = browser.get(path)
    assert response.status_code == 401
    assert "Operator sign-in" in response.text
    assert vinli.received(DEVICES) == []


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("//operator/devices", {}),
        ("/operator//devices", {}),
        ("/operator/./devices", {}),
        ("/operator/devices/", {}),
        ("/operator/devices%2ecsv", {}),
        ("/operator/devices.csv/", {}),
        ("/OPERATOR/devices", {}),
        ("/operator/devices;a=b", {}),
        ("/static/..%2foperator/devices", {}),
        ("/garage/../operator/devices", {}),
        ("/", {"X-Original-URL": "/operator/devices"}),
        ("/", {"X-Rewrite-URL": "/operator/devices"}),
        ("/operator/devices", {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"}),
        ("/operator/devices", {"X-Forwarded-User": "operator", "Remote-User": "operator"}),
        ("/operator/devices", {"Authorization": "Basic b3BlcmF0b3I6b3BlcmF0b3I="}),
        ("/operator/devices", {"User-Agent": "kube-probe/1.0"}),
        ("/operator/devices?page=1&link=x", {}),
    ],
)
def test_no_trick_opens_the_operators_pages(path, headers, browser, vinli):
    response = browser.get(path, headers=headers)
    assert response.status_code in {200, 308, 401, 404}
    assert "Devices of the app" not in response.text
    assert vinli.received(DEVICES) == []


@pytest.mark.parametrize(
    "password",
    ["", "x", "operators-own-passwor", "OPERATORS-OWN-PASSWORD", "operators-own-password ", "é" * 10, "\0"],
)
def test_a_wrong_password_opens_nothing(password, browser):
    response = browser.sign_in_as_operator(password)
    assert response.status_code == 403
    assert "not the operator" in response.text
    assert browser.get("/operator/devices").status_code == 401


def test_the_right_password_opens_the_pages_until_signing_out(browser):
    assert browser.sign_in_as_operator().status_code == 303
    devices = browser.get("/operator/devices")
    assert heading(devices) == "Devices of the app"
    assert browser.submit(devices, "/operator/sign-out").status_code == 303
    assert browser.get("/operator/devices").status_code == 401


def test_a_sign_in_ends_after_half_a_day(local, browser):
    browser.sign_in_as_operator()
    local.clock.advance(12 * 3600 - 60)
    assert browser.get("/operator/devices").status_code == 200
    local.clock.advance(120)
    assert browser.get("/operator/devices").status_code == 401


def test_a_changed_password_ends_every_sign_in(local_site, vinli, tmp_path):
    store = f"sqlite:///{tmp_path}/kept.sqlite3"
    before = local_site(vinli.origin, STORE_URL=store)
    after = local_site(vinli.origin, STORE_URL=store, OPERATOR_PASSWORD="another-password")
    with before.browser() as browser, after.browser() as later:
        browser.sign_in_as_operator()
        later.session.cookies.update(browser.session.cookies)
        assert later.get("/operator/devices").status_code == 401


def test_a_new_key_signs_no_operator_out(local_site, vinli, tmp_path):
    store = f"sqlite:///{tmp_path}/kept.sqlite3"
    before = local_site(vinli.origin, STORE_URL=store)
    newer = {"SECRET_KEY": "a-newer-key-" + "n" * 32, "SECRET_KEY_FALLBACKS": SECRET_KEY}
    after = local_site(vinli.origin, STORE_URL=store, **newer)
    with before.browser() as browser, after.browser() as later:
        browser.sign_in_as_operator()
        later.session.cookies.update(browser.session.cookies)
        assert later.get("/operator/devices").status_code == 200
        later.session.cookies.clear()
        assert follow_link(later, link_of(before)).status_code == 303


def test_the_operators_pages_use_the_app_client_and_never_a_drivers_token(browser, vinli):
    _, callback = browser.attempt()
    browser.get(f"{callback}&code=x")
    browser.sign_in_as_operator()
    for path in PAGES:
        assert browser.get(path).status_code == 200
    sent = {request.headers["authorization"].partition(" ")[0] for request in vinli.received(DEVICES)}
    assert sent == {"Basic"}


# --- the one-click link


def test_a_one_click_link_signs_in_once(local, browser):
    link = link_of(local)
    assert follow_link(browser, link).headers["Location"] == "/operator/devices"
    assert browser.get("/operator/devices").status_code == 200
    with local.browser() as other:
        assert (other.get(link).status_code, problem_code(other.get(link))) == (400, "operator_link_spent")
        assert other.get("/operator/devices").status_code == 401


def test_looking_at_a_link_ahead_of_time_does_not_use_it_up(local, browser):
    link = link_of(local)
    assert browser.get(link, headers={"Sec-Purpose": "prefetch"}).status_code == 503
    assert browser.request("HEAD", link).status_code == 200
    assert browser.request("HEAD", "/operator").status_code == 200
    assert browser.request("OPTIONS", link).status_code in {200, 405}
    for robot in ("Slackbot-LinkExpanding 1.0", "WhatsApp/2", "Mozilla/5.0"):
        page = browser.get(link, headers={"User-Agent": robot})
        assert page.status_code == 200
        assert "vinli_connect_session" not in page.headers.get("Set-Cookie", "")
    assert follow_link(browser, link).status_code == 303


def test_a_link_needs_a_token_of_its_own_page(local, browser):
    link = link_of(local)
    browser.get(link)
    assert browser.post(link).status_code == 400
    assert follow_link(browser, link).status_code == 303


def test_two_buttons_of_one_link_sign_in_one_browser(local, browser):
    link = link_of(local)
    with local.browser() as other:
        one, two = browser.get(link), other.get(link)
        assert press_button(browser, one, link).status_code == 303
        assert seen(press_button(other, two, link)) == (400, "operator_link_spent")


def test_a_signed_in_operator_does_not_use_a_link_up(local, browser):
    link = link_of(local)
    browser.sign_in_as_operator()
    assert browser.get(link).headers["Location"] == "/operator/devices"
    with local.browser() as other:
        assert follow_link(other, link).status_code == 303


def test_a_link_is_good_for_a_day(local, browser):
    link = link_of(local)
    local.clock.advance(24 * 3600 + 60)
    assert browser.get(link).status_code == 400


def test_a_link_ends_with_the_password_it_was_made_for(local, local_site, vinli):
    link = link_of(local)
    changed = local_site(
        vinli.origin, STORE_URL=local.settings.store_url, OPERATOR_PASSWORD="another-password"
    )
    with changed.browser() as browser:
        assert browser.get(link).status_code == 400
        assert browser.get("/operator/devices").status_code == 401


@pytest.mark.parametrize("link", ["", "x", "a.b.c", "%00", "é", "x" * 5000])
def test_a_link_that_is_none_opens_nothing(link, browser):
    assert browser.get(f"/operator?link={link}").status_code == 400
    assert browser.get("/operator/devices").status_code == 401


# --- lists


def test_the_list_is_paged_and_searched(browser, vinli):
    vinli.answers[DEVICES] = fleet(250)
    browser.sign_in_as_operator()
    first = browser.get("/operator/devices")
    assert "1 to 100 of 250" in " ".join(first.text.split())
    assert "/operator/devices?page=2" in Page(first.text).links
    assert "201 to 250 of 250" in " ".join(browser.get("/operator/devices?page=3").text.split())
    assert browser.get("/operator/devices?page=99").status_code == 200
    found = browser.get("/operator/devices?q=device 24")
    assert "11 of 250 devices match" in found.text
    assert "The list is complete: 250 devices" in browser.get("/operator/devices?all=1").text


def test_a_page_is_whole_when_the_platform_gives_fewer_at_once(browser, vinli):
    vinli.answers[DEVICES] = fleet(130, most=10)
    browser.sign_in_as_operator()
    first = browser.get("/operator/devices")
    assert "1 to 100 of 130" in " ".join(first.text.split())
    assert first.text.count("<tr>") == 1 + 100
    assert browser.get("/operator/devices?page=2").text.count("<tr>") == 1 + 30


@pytest.mark.parametrize("page", ["0", "-1", "x", "1e9", "٣", "9" * 50, "%00", "1&page=2"])
def test_a_page_number_that_is_none_means_the_first(page, browser, vinli):
    vinli.answers[DEVICES] = fleet(250)
    browser.sign_in_as_operator()
    assert "1 to 100 of 250" in " ".join(browser.get(f"/operator/devices?page={page}").text.split())


@pytest.mark.parametrize(
    "query", ["<script>alert(1)</script>", '"><img src=x>', "{{7*7}}", "'", "%", "\\", "é", "x" * 5000]
)
def test_what_is_searched_for_is_inert(query, browser, vinli):
    vinli.answers[DEVICES] = fleet(3)
    browser.sign_in_as_operator()
    response = browser.request("GET", "/operator/devices", params={"q": query})
    assert response.status_code == 200
    assert "<script>alert" not in response.text
    assert "<img src=x" not in response.text
    assert "0 of 3 devices match" in response.text


FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", '=HYPERLINK("http://evil.example")')


def test_formulas_in_the_csv_are_neutralised_and_the_rest_is_left_alone(browser, vinli):
    names = [*FORMULAS, 'My car, "the blue" one', "Zoë", None, "a=b"]
    vinli.answers[DEVICES] = lambda _: device_page(
        [
            device(number % 10, id=f"7f0e8d1c-0000-4000-8000-{number:012d}", name=name)
            for number, name in enumerate(names)
        ],
        limit=100,
    )
    browser.sign_in_as_operator()
    response = browser.get("/operator/devices.csv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))
    assert response.content.startswith(b"\xef\xbb\xbf")
    disarmed = [re.sub("([\t\r])=", r"\1'=", f"'{name}") for name in FORMULAS]
    assert [row["name"] for row in rows] == disarmed + names[len(FORMULAS) : -2] + [
        "",
        "a=b",
    ]


def test_a_list_that_fails_at_once_is_an_error_page(browser, vinli):
    browser.sign_in_as_operator()
    for answer, code in (
        (http(401), "app_credentials_refused"),
        (http(500), "upstream_failed"),
        (http(200, b"[]"), "upstream_invalid_response"),
    ):
        vinli.answers[DEVICES] = answer
        for path in PAGES[:4]:
            assert seen(browser.get(path)) == (502, code), path


def test_links_of_a_page_are_never_followed(browser, vinli):
    def poisoned(request):
        body = fleet(150)(request)
        return body.replace(
            b'"pagination": {', b'"pagination": {"links": {"next": "https://evil.example/"}, '
        ).replace(b"Content-Length", b"X-Length")

    vinli.answers[DEVICES] = lambda request: lambda sock: sock.sendall(poisoned(request))
    browser.sign_in_as_operator()
    assert "The list is complete: 150 devices" in browser.get("/operator/devices?all=1").text


# --- the command line


@pytest.fixture(scope="module")
def flask(shared_site):
    """Run a command of the application against the shared sandbox."""

    def run(*arguments, **variables):
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *arguments],
            cwd=ROOT,
            env=shared_site.app.environment() | variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_the_link_of_the_command_line_signs_in(site, browser, flask):
    done = flask("operator", "link")
    assert done.returncode == 0
    with site.browser() as operator:
        path = done.stdout.strip().removeprefix(site.origin)
        assert follow_link(operator, path).headers["Location"] == "/operator/devices"


def test_the_command_line_lists_every_device_three_ways(site, flask):
    about = json.loads(flask("devices", "list", "--json").stdout)
    rows = list(csv.DictReader(io.StringIO(flask("devices", "list", "--csv").stdout)))
    table = flask("devices", "list").stdout
    assert len(about) == 4
    assert [one["id"] for one in about] == [row["id"] for row in rows]
    assert re.findall(r"^[0-9a-f-]{36}", table, re.MULTILINE) == [one["id"] for one in about]
    assert table.endswith("4 devices\n")
    shown = json.loads(flask("devices", "show", about[0]["id"], "--json").stdout)
    assert shown["id"] == about[0]["id"]
    assert about[0]["id"] in flask("devices", "show", about[0]["id"]).stdout


@pytest.mark.parametrize(
    ("arguments", "variables", "status", "words"),
    [
        (("devices", "list"), {"VINLI_APP_SECRET": "a-wrong-secret"}, 1, "Vinli refused our request"),
        (("devices", "list", "--json"), {"VINLI_PLATFORM_URL": "http://127.0.0.1:9"}, 1, "cannot be reached"),
        (("devices", "show", "not-a-uuid"), {}, 1, "No device of this app has that id"),
        (
            ("devices", "show", "7f0e8d1c-0000-4000-8000-00000000000f"),
            {},
            1,
            "No device of this app has that id",
        ),
        (("devices", "list", "--json", "--csv"), {}, 2, "Choose one"),
        (("devices", "show"), {}, 2, "Missing argument"),
        (("operator", "link"), {"OPERATOR_PASSWORD": ""}, 1, "OPERATOR_PASSWORD"),
    ],
)
def test_a_command_that_fails_says_why_and_exits_non_zero(arguments, variables, status, words, site, flask):
    done = flask(*arguments, **variables)
    assert done.returncode == status
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "a-wrong-secret" not in done.stderr + done.stdout


def test_a_list_that_breaks_off_ends_the_command_in_failure(flask):
    with sandbox_for("http://127.0.0.1:8000", "--devices", "250", "--quiet") as sandbox:
        sandbox.control("POST", "/faults", {"path": DEVICES, "query": {"offset": "200"}, "status": 400})
        for form in ("--json", "--csv", ""):
            done = flask(
                *("devices", "list", *filter(None, [form])),
                VINLI_PLATFORM_URL=sandbox.origin,
                VINLI_APP_ID=sandbox.credentials["app_id"],
                VINLI_APP_SECRET=sandbox.credentials["app_secret"],
            )
            assert done.returncode == 1
            assert done.stderr
            assert not done.stdout.endswith("]\n")
            assert "250 devices" not in done.stdout


# --- odd records and lists that break


ODD_RECORDS = [
    {"name": "My car \ud83d"},
    {"name": "a\u0000b"},
    {"createdAt": None},
    {"createdAt": "soon"},
    {"chipId": None},
    {"chipId": 5.5, "virtual": "no"},
    {"id": None},
    None,
]


@pytest.fixture
def operator_with_odd_records(browser, vinli):
    odd = [record and device(number) | record for number, record in enumerate(ODD_RECORDS, start=2)]
    vinli.answers[DEVICES] = device_page([device(0), *odd, device(1)], limit=100)
    browser.sign_in_as_operator()
    return browser


@pytest.mark.parametrize("path", ["/operator/devices", "/operator/devices?all=1"])
def test_odd_records_are_marked_rows_of_a_whole_list(path, operator_with_odd_records):
    page = operator_with_odd_records.get(path)
    assert page.status_code == 200
    assert page.text.count('<th scope="row">') == 2 + len(ODD_RECORDS)
    assert "Vinli’s record lacks: createdAt" in page.text
    assert "No usable ID" in page.text


def test_a_csv_that_breaks_midway_leaves_one_line_in_words(browser, vinli, caplog):
    good = fleet(250)
    vinli.answers[DEVICES] = lambda request: http(500) if request.query["offset"] == "200" else good(request)
    browser.sign_in_as_operator()
    with pytest.raises(BrokenOff):
        browser.get("/operator/devices.csv")
    (record,) = [record for record in caplog.records if record.getMessage() == "list broke off"]
    assert record.levelname == "WARNING"
    assert record.fields["rows"] == 200
    assert not [record for record in caplog.records if record.exc_info]
