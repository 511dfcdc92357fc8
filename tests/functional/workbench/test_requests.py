"""Preflight and compose: what an operator learns there, and that nothing typed or answered comes alive."""

from __future__ import annotations

import gzip
import html
import re
import shlex
from itertools import product
from urllib.parse import urlencode, urlsplit

import pytest
from flask import Blueprint

from blueprints.workbench.authorization_requests.blueprint import bp as requests_bp
from providers.http.transport import Transport
from providers.vinli.oauth.preflight import preflight
from tests.support.browser import heading, problem_code, query_of
from tests.support.fake_vinli import Hang
from tests.support.pages import Page
from tests.support.sandbox_process import Person, SandboxProcess
from tests.support.servers import CLOSE, http

pytestmark = pytest.mark.functional

PATH = "/oauth/authorization/new"
COMPOSE, PREFLIGHT = "/workbench/compose", "/workbench/preflight"
PAGE = "text/html; charset=utf-8"
REGISTERED = "http://127.0.0.1:8000/connect/callback"
HOSTILE = (
    "<script>alert(1)</script>",
    "\"' autofocus onfocus=alert(1) x='",
    "{{7*7}}${7*7}#{7*7}",
    "a\r\nSet-Cookie: a=b\r\n\r\n<b>",
    "a\x00b",
    "\u2028\u202e\ufeff",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "//evil.example/\\evil.example",
    "https://evil.example/?a=b&client_id=c#d",
    "http://[::1",
    "x" * 3000,
    "$(touch pwned) `id` $HOME '; exit 1; '",
)
FIELDS = ("client_id", "redirect_uri", "response_type", "state", "scope", "pkce", "extra", "variants")


def with_workbench(site):
    """Give an application the pages under test, and what their layout links to, where it has them not yet."""
    if requests_bp.name not in site.app.blueprints:
        site.app.register_blueprint(requests_bp)
    if "workbench" not in site.app.blueprints:
        others = Blueprint("workbench", __name__, url_prefix="/workbench")
        for endpoint in ("index", "catch", "traces", "drivers"):
            others.add_url_rule(f"/{endpoint}", endpoint, lambda: "")
        site.app.register_blueprint(others)
    return site


def operator_of(site):
    browser = with_workbench(site).browser()
    browser.sign_in_as_operator()
    return browser


def send(browser, path, **fields):
    """Send a form of the workbench as it is shown, with these fields changed; None leaves a field out."""
    page = browser.get(path)
    form = Page(page.text).form(path)
    usual = {name: value for name, value in form["fields"].items() if name != "variants"}
    usual |= {"response_type": "code", "pkce": "on"}
    changed = {name: value for name, value in (usual | fields).items() if value is not None}
    return browser.request("POST", path, data=changed)


def told(response):
    """Return the title of the page's first notice."""
    return html.unescape(
        re.search(r'class="notice__title">(?:<svg.*?</svg>)?([^<]+)', response.text, re.S)[1]
    )


def text_of(response):
    return " ".join(Page(response.text).text.split())


def link_of(response):
    """Return the address of the button that opens the request."""
    found = re.findall(r'<a class="button button--primary" href="([^"]+)" rel="noreferrer">', response.text)
    assert len(found) == 1
    return html.unescape(found[0])


def form_link(response):
    return html.unescape(re.search(r'id="form-link"[^>]*>(.*?)</pre>', response.text, re.S)[1])


def error_at(response, name):
    """Return what is said to be wrong with a field."""
    return html.unescape(re.search(rf'id="{name}-error">([^<]+)<', response.text)[1])


@pytest.fixture
def operator(local):
    with operator_of(local) as browser:
        yield browser


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess("--quiet", "--redirect-uri", REGISTERED) as sandbox:
        yield sandbox


@pytest.fixture
def beside_sandbox(local_site, sandbox):
    sandbox.control("DELETE", "/requests")
    with operator_of(local_site(sandbox.credentials)) as browser:
        yield browser


# Preflight, beside the sandbox


def test_what_connect_sends_is_accepted(beside_sandbox):
    response = send(beside_sandbox, PREFLIGHT)
    assert (response.status_code, told(response)) == (200, "Accepted")
    assert "Status 200" in text_of(response)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            lambda about: {"redirect_uri": REGISTERED + "/"},
            "The redirect URI seems not to be the registered one",
        ),
        (lambda about: {"client_id": "nobody"}, "The client id seems not to be known there"),
        (lambda about: {"client_id": about["app_id"]}, "This client id is the App ID"),
        (lambda about: {"extra": "response_mode=query\nlocale=en"}, ""),
        (
            lambda about: {
                "client_id": about["web_client_id"],
                "redirect_uri": about["implicit_redirect_uri"],
            },
            "The client seems not to be registered for response_type=code",
        ),
    ],
)
def test_what_would_go_wrong_is_named(beside_sandbox, sandbox, changed, words):
    response = send(beside_sandbox, PREFLIGHT, **changed(sandbox.credentials))
    assert response.status_code == 200
    assert told(response) == ("Refused" if words else "Accepted")
    assert words in text_of(response)
    if words:
        assert "Status 400" in text_of(response)
        assert "This request cannot go on" in text_of(response)


@pytest.mark.parametrize("name", ["response_type", "client_id", "redirect_uri"])
def test_a_missing_parameter_is_read_from_the_sandboxs_page(sandbox, name):
    transport = Transport(pool_size=1)
    transport.allow(sandbox.origin)
    outcome = preflight(transport, sandbox.authorization_url(**{name: None}))
    transport.close()
    assert (outcome.kind, outcome.status) == ("error", 400)
    assert name in outcome.text


def test_the_registered_one_is_found_among_the_variants(beside_sandbox, sandbox):
    response = send(beside_sandbox, PREFLIGHT, redirect_uri=REGISTERED + "/", variants="on")
    assert "Accepted: without the trailing slash." in text_of(response)
    assert f"Send exactly {REGISTERED}, or register {REGISTERED}/ in the Developer Portal." in text_of(
        response
    )
    rows = re.findall(r"<tr>.*?</tr>", response.text, re.S)
    marked = [row for row in rows if "standing--good" in row]
    assert len(marked) == 1
    assert f">{REGISTERED}<" in marked[0]
    asked = sandbox.control("GET", "/requests")["requests"]
    assert {(call["method"], call["path"]) for call in asked} == {("GET", PATH)}
    assert len(asked) == len(rows) - 1


def test_a_wrong_public_url_is_found_and_named(local_site, sandbox):
    site = local_site(sandbox.credentials, PUBLIC_URL="http://localhost:8000")
    with operator_of(site) as browser:
        response = send(browser, PREFLIGHT, variants="on")
    assert told(response) == "Refused"
    assert "Set PUBLIC_URL=http://127.0.0.1:8000, or register http://localhost:8000" in text_of(response)


def test_a_right_one_is_accepted_in_no_other_spelling(beside_sandbox):
    response = send(beside_sandbox, PREFLIGHT, variants="on")
    assert "Accepted as it is, and in no other spelling" in text_of(response)


def test_a_preflight_begins_nothing(beside_sandbox, sandbox):
    before = set(beside_sandbox.session.cookies.get_dict())
    send(beside_sandbox, PREFLIGHT)
    assert set(beside_sandbox.session.cookies.get_dict()) == before
    assert len(sandbox.control("GET", "/requests")["requests"]) == 1


# Preflight, beside an upstream that misbehaves


def test_no_cookie_no_credential_and_a_new_state_go_out(operator, vinli):
    for _ in range(2):
        send(operator, PREFLIGHT)
    first, second = vinli.received(PATH)
    assert not {"cookie", "authorization", "referer"} & {*first.headers, *second.headers}
    assert first.query["state"] != second.query["state"]
    assert first.query["code_challenge"] != second.query["code_challenge"]
    assert first.query["code_challenge_method"] == "S256"


def test_without_pkce_no_challenge_goes_out_nor_in_the_implicit_flow(operator, vinli):
    send(operator, PREFLIGHT, pkce="off")
    send(operator, PREFLIGHT, response_type="token")
    for request in vinli.received(PATH):
        assert not [name for name in request.query if name.startswith("code_challenge")]


BODIES = (
    b"<h1>No</h1><script>alert(1)</script><img src=x onerror=alert(1)>&lt;script&gt;alert(2)&lt;/script&gt;",
    b"</pre></main><form action='https://evil.example'><input type=password>" * 1000,
    b"<div>" * 100_000,
    b"\xff\xfe\xed\xa0\x80\x00\x1b[31m" * 100,
    b"<!--" * 100_000,
    b"x" * 1_000_000,
    b"<title>&#" + b"1" * 9_000 + b";</title><p>&#" + b"1" * 9_000 + b";",
    gzip.compress(b"x" * 10_000_000),
    b"",
)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        *((body, kind) for body in BODIES for kind in (PAGE, "text/plain")),
        *((BODIES[0], kind) for kind in ("text/html; charset=utf-7", "application/json", "image/svg+xml")),
    ],
)
def test_what_is_answered_is_text_and_nothing_else(operator, vinli, body, kind):
    encoding = {"Content_Encoding": "gzip"} if body.startswith(b"\x1f\x8b") else {}
    vinli.answers[PATH] = http(400, body, content_type=kind, **encoding)
    response = send(operator, PREFLIGHT)  # the browser checks the page for what is inline or foreign
    assert (response.status_code, told(response)) == (200, "Refused")
    assert len(response.text) < 40_000
    page = Page(response.text)
    assert {form["action"] for form in page.forms} == {PREFLIGHT, "/operator/sign-out"}


@pytest.mark.parametrize(
    ("location", "title"),
    [
        (REGISTERED + "?code=canary-of-code&state=canary-of-state", "Accepted, and sent back at once"),
        (REGISTERED + "?error=access_denied&state=canary-of-state", "Sent back with an error"),
        (REGISTERED + "#access_token=canary-of-token", "Accepted, and sent back at once"),
        ("https://evil.example/<script>alert(1)</script>?code=canary-of-code", "Sent somewhere else"),
        ("javascript:alert(1)", "Sent somewhere else"),
        ("/sign-in", "Accepted"),
    ],
)
def test_a_redirect_is_told_and_never_followed_or_linked(operator, vinli, location, title):
    vinli.answers[PATH] = http(302, b"", content_type=PAGE, Location=location)
    response = send(operator, PREFLIGHT)
    assert (response.status_code, told(response)) == (200, title)
    assert "canary" not in response.text
    assert location not in Page(response.text).links
    assert len(vinli.received()) == 1


def test_what_was_made_up_is_not_shown_when_the_answer_repeats_it(operator, vinli):
    vinli.answers[PATH] = lambda received: http(400, received.target.encode(), content_type="text/plain")
    response = send(operator, PREFLIGHT)
    sent = vinli.received(PATH)[0].query
    assert "redirect_uri=" in response.text
    assert sent["state"] not in response.text
    assert sent["code_challenge"] not in response.text


@pytest.mark.parametrize("with_variants", [None, "on"])
@pytest.mark.parametrize(
    ("answer", "status", "title"),
    [
        (CLOSE, 502, "Vinli cannot be reached"),
        (b"SSH-2.0-x\r\n\r\n", 200, "Not readable"),
        (http(500, b"oops", content_type="text/plain"), 200, "Refused"),
        (http(503, b"", content_type=None), 200, "Refused"),
        (http(200, b"<h1>It works", content_type=PAGE), 200, "Not recognised"),
    ],
)
def test_an_upstream_that_fails_is_words_on_the_page(operator, vinli, answer, status, title, with_variants):
    vinli.answers[PATH] = answer
    response = send(operator, PREFLIGHT, variants=with_variants)
    assert (response.status_code, told(response)) == (status, title)
    assert heading(response) == "Preflight"


def test_an_upstream_that_hangs_is_given_up(local, vinli):
    with operator_of(local) as operator:
        vinli.answers[PATH] = hang = Hang()
        local.shorten_timeouts()
        response = send(operator, PREFLIGHT, variants="on")
        hang.release()
    assert (response.status_code, told(response)) == (504, "Vinli is taking too long")
    assert len(vinli.received(PATH)) == 1


def test_variants_that_get_no_answer_are_said_to_be_missing(operator, vinli):
    def answer(received):
        is_variant = received.query["redirect_uri"] != REGISTERED
        return CLOSE if is_variant else http(400, b"no", content_type="text/plain")

    vinli.answers[PATH] = answer
    response = send(operator, PREFLIGHT, variants="on")
    assert response.status_code == 200
    assert "No variant got a clear answer, so nothing can be said of them." in text_of(response)


def accepted_and_named(response):
    """Return how many redirect URIs of a page are marked as accepted, and how many it names."""
    return response.text.count("standing--good"), len(re.findall(r'<th scope="row">', response.text))


def test_a_sign_in_that_comes_before_any_judgement_accepts_nothing_for_certain(operator, vinli):
    vinli.answers[PATH] = http(302, b"", content_type=PAGE, Location="/login")
    response = send(operator, PREFLIGHT, variants="on")
    assert told(response) == "Asked to sign in first"
    assert "none of these answers tells which one is registered" in text_of(response)
    assert "Register and send one spelling" not in text_of(response)
    marked, named = accepted_and_named(response)
    assert marked == 0
    assert named == len(vinli.received(PATH)) > 2


@pytest.mark.parametrize(
    "answer",
    [
        http(302, b"", content_type=PAGE, Location="https://my.vin.li/"),
        http(200, b"<div id=app></div>", content_type=PAGE),
        http(429, b"slow down", content_type="text/plain"),
    ],
)
def test_answers_that_decide_nothing_are_not_counted_against_the_variants(operator, vinli, answer):
    vinli.answers[PATH] = answer
    response = send(operator, PREFLIGHT, variants="on")
    assert "the answers do not tell which one is registered" in text_of(response)
    assert "the difference is a larger one" not in text_of(response)
    assert accepted_and_named(response)[0] == 0


def test_the_control_is_refused_where_redirect_uris_are_judged_and_never_the_same(beside_sandbox):
    controls = set()
    for _ in range(2):
        response = send(beside_sandbox, PREFLIGHT, variants="on")
        assert accepted_and_named(response)[0] == 1
        (row,) = [row for row in re.findall(r"<tr>.*?</tr>", response.text, re.S) if "A control" in row]
        assert "Refused" in row
        controls.add(re.search(r"https://[0-9a-f]{16}\.invalid/[0-9a-f]{16}<", row)[0])
    assert len(controls) == 2


def test_what_is_refused_with_status_200_is_read(operator, vinli):
    vinli.answers[PATH] = http(200, b"<p>Invalid redirect_uri", content_type=PAGE)
    response = send(operator, PREFLIGHT)
    assert "The redirect URI seems not to be the registered one" in text_of(response)
    assert "VINLI_AUTH_URL" not in text_of(response)


# Compose


def test_the_link_is_the_request_with_each_parameter_once(operator, vinli):
    response = send(
        operator,
        COMPOSE,
        client_id="my client & co",
        redirect_uri="myApp://cb?a=b",
        scope="a b",
        extra="locale=en-US\r\nx.y=1=2&3",
    )
    url = link_of(response)
    assert url.partition("?")[0] == vinli.origin + PATH
    sent = query_of(url)
    assert sent.pop("state")
    assert len(sent.pop("code_challenge")) == 43
    assert sent == {
        "response_type": "code",
        "client_id": "my client & co",
        "redirect_uri": "myApp://cb?a=b",
        "scope": "a b",
        "code_challenge_method": "S256",
        "locale": "en-US",
        "x.y": "1=2&3",
    }
    assert vinli.received() == []


def test_every_parameter_is_explained_with_its_source(operator):
    response = send(operator, COMPOSE, scope="a", extra="locale=en-US")
    for name in query_of(link_of(response)):
        row = next(
            row for row in re.findall(r"<tr>.*?</tr>", response.text, re.S) if f"<code>{name}</code>" in row
        )
        assert "RFC" in row
    assert "It is not the App ID" in text_of(response)


def test_the_composed_request_is_accepted_by_the_sandbox(beside_sandbox, sandbox):
    response = send(
        beside_sandbox, COMPOSE, redirect_uri=REGISTERED, client_id=sandbox.credentials["client_id"]
    )
    came_back = Person(sandbox).authorize(link_of(response))
    assert came_back.startswith(REGISTERED + "?code=")
    assert query_of(came_back)["state"] == query_of(link_of(response))["state"]


def test_a_state_may_be_given_and_else_is_made_anew(operator):
    assert (
        query_of(link_of(send(operator, COMPOSE, state="my own & longer state")))["state"]
        == "my own & longer state"
    )
    made = {query_of(link_of(send(operator, COMPOSE)))["state"] for _ in range(2)}
    assert len(made) == 2


def test_a_state_of_the_workbench_is_useless_at_the_drivers_callback(operator, vinli):
    for fields in ({}, {"state": "my-own-and-long-enough"}):
        state = query_of(link_of(send(operator, COMPOSE, **fields)))["state"]
        response = operator.request("GET", "/connect/callback", params={"state": state, "code": "c"})
        assert response.status_code == 400
    assert vinli.received() == []


def test_the_curl_lines_hold_variables_for_what_is_secret(local, operator):
    text = html.unescape(send(operator, COMPOSE).text)
    line = re.search(r'id="token-curl"[^>]*>(.*?)</pre>', text, re.S)[1]
    words = shlex.split(line)
    assert words[words.index("--user") + 1] == f"{local.settings.vinli_client_id}:$VINLI_CLIENT_SECRET"
    assert {"code=$CODE", "code_verifier=$CODE_VERIFIER", f"redirect_uri={local.settings.redirect_uri}"} <= {
        *words
    }
    assert words[words.index("--url") + 1] == f"{local.settings.vinli_auth_url}/oauth/token"
    assert local.settings.vinli_client_secret not in text
    foreign = html.unescape(send(operator, COMPOSE, client_id="another").text)
    assert '"$CLIENT_SECRET"' in foreign
    assert "$VINLI" not in foreign


def test_the_implicit_flow_has_neither_challenge_nor_token_request(operator):
    response = send(operator, COMPOSE, response_type="token")
    assert "code_challenge" not in query_of(link_of(response))
    assert "/oauth/token" not in response.text


def test_the_link_to_the_form_fills_it_in_again_without_the_state(operator):
    fields = {"client_id": "c & d", "redirect_uri": "myApp://cb", "scope": "s", "extra": "a=1\nb=2"}
    response = send(operator, COMPOSE, state="canary-of-the-state", pkce="off", **fields)
    link = form_link(response)
    assert "canary" not in link
    page = operator.get(link)
    shown = Page(page.text).form(COMPOSE)["fields"]
    assert {name: shown[name] for name in ("client_id", "redirect_uri", "scope")} == {
        name: fields[name] for name in ("client_id", "redirect_uri", "scope")
    }
    assert shown["state"] == ""
    assert re.search(r'name="extra".*?>\na=1\nb=2</textarea>', page.text, re.S)
    assert "<option selected>off</option>" in page.text


def test_a_link_cannot_bring_a_state_along(operator):
    page = operator.get(f"{COMPOSE}?state=canary-of-state&client_id=c")
    assert "canary" not in page.text


def test_the_request_can_be_sent_on_to_preflight(operator, vinli):
    page = send(operator, COMPOSE, client_id="c", scope="a b", extra="x=1")
    response = operator.submit(page, PREFLIGHT)
    assert response.status_code == 200
    asked = vinli.received(PATH)[0].query
    assert (asked["client_id"], asked["scope"], asked["x"]) == ("c", "a b", "1")


def test_the_workbenchs_own_client_is_the_default_where_there_is_one(local_site, vinli):
    site = local_site(
        vinli.origin, VINLI_WORKBENCH_CLIENT_ID="the-workbench", VINLI_WORKBENCH_CLIENT_SECRET="its-secret"
    )
    with operator_of(site) as browser:
        response = send(browser, COMPOSE)
    assert query_of(link_of(response))["client_id"] == "the-workbench"
    assert query_of(link_of(response))["redirect_uri"] == site.settings.workbench_redirect_uri
    assert "$VINLI_WORKBENCH_CLIENT_SECRET" in response.text
    assert "its-secret" not in response.text


# One of each field; tests/unit/blueprints/workbench/authorization_requests/test_checks.py has every error.
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"client_id": "a:b"}, "HTTP Basic cannot carry a colon in a client id"),
        ({"redirect_uri": "JavaScript:alert(1)"}, "javascript: names no place to come back to."),
        ({"response_type": None}, "Choose code or token."),
        ({"pkce": "maybe"}, "Choose on or off."),
        ({"state": "ü"}, "A state holds letters, digits and signs of ASCII alone"),
        ({"scope": "a\nb"}, "This holds a line break"),
        ({"extra": "a=1\nAuthorization=Basic"}, "Authorization does not belong"),
    ],
)
@pytest.mark.parametrize("path", [COMPOSE, PREFLIGHT])
def test_what_cannot_be_sent_is_said_beside_its_field(operator, vinli, path, fields, words):
    response = send(operator, path, **fields)
    assert response.status_code == 400
    (name,) = fields
    assert words in error_at(response, name)
    assert "Open at" not in response.text
    assert vinli.received() == []


def test_a_state_that_can_be_guessed_begins_no_run_and_may_be_asked_about(operator, vinli):
    """It stands for the run: a site that guesses it could mark the run as failed."""
    vinli.answers["/oauth/authorization/new"] = http(404)
    for state in ("x", "x" * 15):
        response = send(operator, COMPOSE, state=state)
        assert response.status_code == 400
        assert "must not be guessable" in error_at(response, "state")
        assert told(send(operator, PREFLIGHT, state=state)) == "Refused"
    assert query_of(link_of(send(operator, COMPOSE, state="x" * 16)))["state"] == "x" * 16


@pytest.mark.parametrize(
    "fields",
    [
        {"client_id": "a:b", "response_type": "token"},
        {"redirect_uri": "https://a.example/@me?a=b@c#d@e"},
        {"redirect_uri": "mailto:me@a.example"},
        {"extra": "prompt=login\nlocale=a\nauthorization_details=a\ncountry_code=a\ndisplay=popup\nclaims=x"},
    ],
)
def test_what_only_looks_like_a_secret_is_taken(operator, fields):
    assert send(operator, COMPOSE, **fields).status_code == 200


@pytest.mark.parametrize(
    "name", ["id_token_hint", "login_hint", "request", "request_uri", "nonce", "Login_Hint"]
)
def test_what_is_somebodys_is_sent_and_stays_out_of_the_link(operator, name):
    response = send(operator, COMPOSE, extra=f"{name}=canary-of-somebody\nlocale=a")
    assert query_of(link_of(response))[name] == "canary-of-somebody"
    assert "canary" not in form_link(response)
    assert "locale" in form_link(response)


# Whatever is typed


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_input_is_inert_and_leads_nowhere_else(operator, vinli, text):
    for name, path in product(FIELDS, (COMPOSE, PREFLIGHT)):
        shown = operator.request("GET", path, params={name: text})
        assert shown.status_code == 200, name
        response = send(operator, path, **{name: text})
        assert response.status_code in (200, 400), name
        for page in (shown, response):
            assert "Set-Cookie: a" not in str(page.headers), name
            assert "49" not in re.findall(r'value="([^"]*)"', page.text), name
            hosts = {urlsplit(link).netloc for link in Page(page.text).links}
            assert hosts <= {"", urlsplit(vinli.origin).netloc}, name
        if "Open at" in response.text:
            assert link_of(response).startswith(f"{vinli.origin}{PATH}?response_type="), name
    assert {request.path for request in vinli.received()} <= {PATH}


@pytest.mark.parametrize("path", [COMPOSE, PREFLIGHT])
@pytest.mark.parametrize("query", ["%ED%A0%80", "%FF%FE", "%00", "%E2%80%AE", "a&{0}=b", "%"])
def test_odd_bytes_and_repeated_parameters_are_inert(operator, vinli, path, query):
    token = Page(operator.get(path).text).form(path)["fields"]["csrf_token"]
    for name in FIELDS:
        encoded = f"{name}={query.format(name)}"
        assert operator.get(f"{path}?{encoded}").status_code == 200
        others = {
            "client_id": "c",
            "redirect_uri": "myApp://cb",
            "response_type": "code",
            "csrf_token": token,
        }
        others.pop(name, None)
        response = operator.request(
            "POST",
            path,
            data=f"{urlencode(others)}&{encoded}",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert response.status_code in (200, 400)
        if "{0}" in query and name != "variants":
            assert response.status_code == 400
            assert "This came more than once." in response.text


@pytest.mark.parametrize("path", [COMPOSE, PREFLIGHT])
def test_a_megabyte_is_too_large(operator, vinli, path):
    for name in FIELDS:
        response = send(operator, path, **{name: "x" * 1_000_000})
        assert (response.status_code, problem_code(response)) == (413, "too_large")
    assert vinli.received() == []


@pytest.mark.parametrize("path", [COMPOSE, PREFLIGHT])
def test_strangers_and_forged_forms_get_nothing(local, operator, vinli, path):
    with local.browser() as stranger:
        assert stranger.get(path).status_code == 401
        assert stranger.post(path, client_id="c", redirect_uri="myApp://cb").status_code == 400
    answer = operator.post(path, client_id="c", redirect_uri="myApp://cb", response_type="code")
    assert answer.status_code == 400
    assert "This page was out of date" in answer.text
    assert vinli.received() == []


def test_too_many_requests_are_refused(local_site, vinli):
    with operator_of(local_site(vinli.origin, RATE_LIMIT_CONNECT="3/day")) as browser:
        statuses = [browser.get(PREFLIGHT).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]


def test_the_log_holds_neither_states_nor_what_was_typed(operator, caplog):
    caplog.set_level(0)
    state = query_of(link_of(send(operator, COMPOSE, client_id="canary-of-client")))["state"]
    send(operator, PREFLIGHT, state="canary-of-state", extra="a=canary-of-extra")
    # What urllib3 says of requests is never written down (`blueprints.web.logs`).
    said = "\n".join(
        f"{record.getMessage()} {getattr(record, 'fields', '')}"
        for record in caplog.records
        if not record.name.startswith("urllib3")
    )
    assert "workbench preflight" in said
    assert state not in said
    assert "canary" not in said
