"""What is registered at the sandbox: redirect URIs that change while it runs, and the workbench's client."""

import html
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.support.sandbox_process import ROOT, Page, Person, SandboxProcess

pytestmark = pytest.mark.contract

OTHER = "https://other.example/cb"
CATCH = "http://127.0.0.1:8000/workbench/catch"
BAD = ["", "/relative", "http://l/cb#f", "http://l/c b", "http://l/ä", "http://l/\r\nX: y", "http://[::1"]
BAD += ["http://l/".ljust(2049, "a")]


@pytest.fixture(scope="module")
def shared_sandbox():
    with SandboxProcess("--remember-consent", "off") as process:
        yield process


@pytest.fixture
def sandbox(shared_sandbox):
    """A sandbox in which everything is registered as it was at the start."""
    before = registered(shared_sandbox)
    yield shared_sandbox
    for client_id, redirect_uri in before.items():
        fields = {"client_id": client_id, "redirect_uri": redirect_uri}
        shared_sandbox.control("PUT", "/clients", fields)


@pytest.fixture
def person(sandbox):
    return Person(sandbox)


def registered(sandbox):
    answer = requests.get(sandbox.origin + "/api/v1/clients", auth=sandbox.app, timeout=10).json()
    return {client["id"]: client["data"]["redirectUri"] for client in answer["clients"]}


def put(sandbox, body, **headers):
    url = sandbox.origin + "/_sandbox/clients"
    return requests.put(url, json=body, headers=headers, timeout=10)


def save(person, redirect_uri, **headers):
    """Fill in the first form of the index, that of the server client."""
    form = Page(person.get("/").text).form("redirect_uri")
    return person.post(form["action"], form["fields"] | {"redirect_uri": redirect_uri}, headers=headers)


def query_of(uri):
    return {name: values[0] for name, values in parse_qs(urlsplit(uri).query).items()}


def exchange(sandbox, code, redirect_uri, auth=None):
    values = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return requests.post(
        sandbox.origin + "/oauth/token", data=values, auth=auth or sandbox.client, timeout=10
    )


# --- changing a redirect URI


def test_the_index_has_a_form_for_each_client(sandbox, person):
    forms = [form for form in Page(person.get("/").text).forms if "redirect_uri" in form["fields"]]
    assert {form["fields"]["client_id"]: form["fields"]["redirect_uri"] for form in forms} == registered(
        sandbox
    )


def test_a_saved_redirect_uri_is_the_one_that_counts(sandbox, person):
    saved = save(person, OTHER)
    assert (saved.status_code, saved.headers["Location"]) == (303, "/#registered")
    assert registered(sandbox)[sandbox.client[0]] == OTHER
    assert registered(sandbox)[sandbox.credentials["web_client_id"]].endswith("/implicit/callback")
    refused = person.get(sandbox.authorization_url())
    assert refused.status_code == 400
    assert OTHER in refused.text
    callback = person.authorize(sandbox.authorization_url(redirect_uri=OTHER))
    assert callback.startswith(OTHER + "?code=")
    assert exchange(sandbox, query_of(callback)["code"], OTHER).status_code == 200


def test_the_policy_of_pages_follows(sandbox, person):
    save(person, OTHER)
    policy = person.get("/").headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self' http://127.0.0.1:8000 https://other.example")


def test_a_code_stays_bound_to_what_it_was_issued_for(sandbox, person):
    old = sandbox.credentials["redirect_uri"]
    first, second = (query_of(person.authorize(sandbox.authorization_url()))["code"] for _ in range(2))
    save(person, OTHER)
    assert exchange(sandbox, first, OTHER).json()["error"] == "invalid_grant"
    assert exchange(sandbox, second, old).status_code == 200


def test_a_question_that_waits_is_judged_anew(sandbox, person):
    person.sign_in()
    form = Page(person.get(sandbox.authorization_url()).text).form("transaction_id")
    save(person, OTHER)
    response = person.post(form["action"], form["fields"])
    assert response.status_code == 400
    assert "Location" not in response.headers


@pytest.mark.parametrize("uri", BAD)
def test_a_bad_redirect_uri_changes_nothing_and_the_reason_stands_beside_the_field(sandbox, person, uri):
    before = registered(sandbox)
    response = save(person, uri)
    assert response.status_code == 400
    assert response.text.count('role="alert"') == response.text.count('aria-invalid="true"') == 1
    assert f'value="{html.escape(uri)}"' in response.text
    assert registered(sandbox) == before


def test_markup_in_a_redirect_uri_is_shown_as_text(sandbox, person):
    uri = "http://l/<script>alert('1')</script>\""
    assert save(person, uri).status_code == 303
    page = person.get("/").text
    assert "<script" not in page
    assert Page(page).form("redirect_uri")["fields"]["redirect_uri"] == uri


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
def test_a_form_of_another_site_changes_nothing(sandbox, person, headers):
    before = registered(sandbox)
    assert save(person, OTHER, **headers).status_code == 403
    assert registered(sandbox) == before


def save_as(person, host):
    """Save as a page does whose name resolves to this machine: it is of the same origin, and says so."""
    return save(person, OTHER, Host=host, **{"Sec-Fetch-Site": "same-origin"})


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "[::1", ""]
)
def test_a_name_that_was_made_to_resolve_here_changes_nothing(sandbox, person, host):
    before = registered(sandbox)
    assert save_as(person, host).status_code in {400, 403}
    assert registered(sandbox) == before


@pytest.mark.parametrize("host", ["localhost:9000", "auth.localhost:9000", "[::1]:9000", "127.0.0.1"])
def test_every_name_of_this_machine_may_be_used(person, host):
    assert save_as(person, host).status_code == 303


def test_a_sandbox_with_an_address_of_its_own_is_changed_there():
    with SandboxProcess("--public-url", "https://{service}.vin.example") as sandbox:
        assert save_as(Person(sandbox), "auth.vin.example").status_code == 303


def test_an_unknown_client_has_no_redirect_uri(person, sandbox):
    before = registered(sandbox)
    for uri in (OTHER, "bad"):
        fields = {"client_id": sandbox.credentials["app_id"], "redirect_uri": uri}
        assert person.post("/clients", fields).status_code == 404
    assert registered(sandbox) == before


def test_programs_change_it_by_the_control_interface(sandbox):
    answer = put(sandbox, {"client_id": sandbox.client[0], "redirect_uri": OTHER})
    assert (answer.status_code, answer.content) == (204, b"")
    assert registered(sandbox)[sandbox.client[0]] == OTHER


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ([], 400),
        ({"client_id": "x"}, 400),
        ({"redirect_uri": OTHER}, 400),
        ({"client_id": 5, "redirect_uri": OTHER}, 400),
        ({"client_id": "unknown", "redirect_uri": OTHER}, 404),
        *(({"client_id": "unknown", "redirect_uri": uri}, 400) for uri in BAD),
    ],
)
def test_programs_are_told_what_makes_no_sense(sandbox, body, status):
    before = registered(sandbox)
    assert put(sandbox, body).status_code == status
    assert registered(sandbox) == before


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-site"}, {"Host": "rebound.example"}],
)
def test_pages_of_other_sites_change_nothing_by_the_control_interface(sandbox, headers):
    before = registered(sandbox)
    body = {"client_id": sandbox.client[0], "redirect_uri": OTHER}
    assert put(sandbox, body, **headers).status_code == 403
    assert registered(sandbox) == before


# --- the workbench's client


def test_there_is_none_unless_asked_for(sandbox):
    names = ("workbench_client_id", "workbench_client_secret", "workbench_redirect_uri")
    assert [sandbox.credentials[name] for name in names] == [None, None, None]
    assert len(registered(sandbox)) == 2


def test_it_has_an_id_a_secret_and_a_redirect_uri_of_its_own():
    with SandboxProcess("--workbench-redirect-uri", CATCH) as sandbox:
        about = sandbox.credentials
        own = about["workbench_client_id"], about["workbench_client_secret"]
        assert about["workbench_redirect_uri"] == CATCH
        assert list(registered(sandbox))[2:] == [own[0]]
        url = sandbox.authorization_url(client_id=own[0], redirect_uri=CATCH)
        first, second = (query_of(Person(sandbox).authorize(url))["code"] for _ in range(2))
        assert exchange(sandbox, first, CATCH, own).status_code == 200
        assert exchange(sandbox, second, CATCH).json()["error"] == "invalid_grant"
        assert Person(sandbox).get(sandbox.authorization_url(redirect_uri=CATCH)).status_code == 400
        page = Person(sandbox).get("/").text
        assert own[0] in page
        assert own[1] not in page


@pytest.mark.parametrize(("options", "is_there"), [(("--workbench-redirect-uri", CATCH), True), ((), False)])
@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("--env", ("VINLI_WORKBENCH_CLIENT_ID=", "VINLI_WORKBENCH_CLIENT_SECRET=")),
        ("--quiet", ("workbench client",)),
    ],
)
def test_it_is_announced_only_when_it_is_there(output, words, options, is_there):
    printed = first_output(output, *options)
    assert [word in printed for word in words] == [is_there] * len(words)
    assert (CATCH in printed) is (is_there and output == "--quiet")


def test_its_redirect_uri_is_checked_at_the_start():
    """Every bad one is in tests/unit/sandbox/cli/test_arguments.py."""
    uri = "http://l/cb#f"
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--workbench-redirect-uri", uri]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (2, "")


def first_output(*options):
    """Return all that a sandbox prints at its start."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", *options]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        lines = [process.stdout.readline()]
        process.terminate()
        return "".join([*lines, *process.stdout.readlines()])
