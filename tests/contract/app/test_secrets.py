"""The raw store, all logs and all pages of a full run hold none of the secrets that were used in it."""

from __future__ import annotations

import base64
import binascii
import json
import subprocess
import sys
from urllib.parse import quote, urlsplit

import pytest
import requests

from domain.signing import Signer
from store.attempts import Attempts
from store.backends import open_store
from store.records import Records, fingerprint
from store.vault import Vault
from tests.support.app_process import OPERATOR_PASSWORD, ROOT, SECRET_KEY, AppProcess
from tests.support.browser import Browser, query_of
from tests.support.fake_vinli import ACCESS_TOKEN, DEVICES, TOKEN, USER, FakeVinli
from tests.support.pages import Page
from tests.support.servers import json_reply
from tests.support.sites import running_site

pytestmark = pytest.mark.contract


class RecordingBrowser(Browser):
    """A browser that keeps every answer of the application."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.answers: list[requests.Response] = []

    def request(self, *arguments, **options):
        response = super().request(*arguments, **options)
        self.answers.append(response)
        return response


class Run:
    """A full run: what was secret in it, and everything that was written down or sent out."""

    def __init__(self, site):
        self.site = site
        self.store = open_store(site.app.variables["STORE_URL"])
        self.records = Records(self.store, Vault(SECRET_KEY))
        self.signer = Signer(SECRET_KEY)
        self.secrets: dict[str, str] = {}
        self.logs: list[str] = []
        self.answers: list[requests.Response] = []

    def keep(self, name, value):
        assert value
        self.secrets[f"{len(self.secrets)} {name}"] = value

    def browser(self, driver=0):
        return RecordingBrowser(
            self.site.origin, self.site.sandbox, email=self.site.sandbox.credentials["drivers"][driver]
        )

    def start(self, browser):
        """Start an attempt and note what is secret about it; return the authorization URL."""
        url = browser.start()
        state = query_of(url)["state"]
        attempt_id, _ = self.signer.read(state, "connect-state")
        self.keep("state", state)
        self.keep("attempt id", attempt_id)
        self.keep("code_verifier", Attempts(self.records).find(attempt_id).code_verifier)
        for cookie in browser.session.cookies:
            if "attempt_" in cookie.name:
                self.keep("attempt cookie", cookie.value.partition(".")[2])
        return url

    def connect(self, browser):
        callback = browser.authorize(self.start(browser))
        self.keep("code", query_of(callback)["code"])
        browser.open(callback)
        sid = browser.cookie("session")
        self.keep("session id", sid)
        driver = self.records.get("session:" + fingerprint(sid)).value["values"]["driver"]
        self.keep("grant id", driver["grant_id"])
        grant = self.records.get("grant:" + fingerprint(driver["grant_id"])).value
        self.keep("access_token", grant["access_token"])
        if grant["refresh_token"]:
            self.keep("refresh_token", grant["refresh_token"])
        return callback

    def finish(self, *browsers):
        for browser in browsers:
            self.answers += browser.answers
            browser.session.close()


def basic(user, password):
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def run_good_and_denied(run):
    one, two, refuses = run.browser(), run.browser(driver=1), run.browser(driver=2)
    callback = run.connect(one)
    run.connect(two)
    one.get(callback)
    device = next(link for link in Page(one.get("/garage").text).links if "/devices/" in link)
    one.get(f"{device}?vin=show")
    denied = refuses.authorize(run.start(refuses), decision="cancel")
    assert refuses.get(denied).status_code == 403
    one.post("/disconnect", csrf_token="forged")
    one.disconnect()
    one.get(callback)
    run.finish(one, two, refuses)


def run_failing(run):
    browser = run.browser()
    run.connect(browser)
    for path, fault in (
        (
            "/oauth/token",
            {"status": 400, "body": '{"error": "invalid_grant"}', "content_type": "application/json"},
        ),
        ("/oauth/token", {"status": 500, "body": "boom"}),
        ("/oauth/token", {"close": True}),
        ("/api/v1/users/_current", {"status": 401}),
        ("/api/v1/users/_current", {"status": 200, "body": "[]", "content_type": "application/json"}),
    ):
        run.site.fault(path, times=1, **fault)
        callback = browser.authorize(run.start(browser))
        run.keep("code", query_of(callback)["code"])
        browser.get(callback)
        browser.get(callback + "&code=again")
        run.site.sandbox.control("DELETE", "/faults")
    run.site.sandbox.control("POST", "/tokens/revoke", {"driver": browser.email})
    browser.get("/garage")
    run.finish(browser)


def run_operator(run):
    link = run_cli(run.site.app, "operator", "link").stdout.strip()
    run.keep("operator link", query_of(link)["link"])
    by_link, by_password = run.browser(), run.browser()
    path = f"/operator?{urlsplit(link).query}"
    by_link.post(path, **Page(by_link.get(path).text).form("")["fields"])
    by_link.get(path)
    by_password.sign_in_as_operator("a-wrong-password-of-an-operator")
    run.keep("wrong password", "a-wrong-password-of-an-operator")
    by_password.sign_in_as_operator()
    for browser in (by_link, by_password):
        run.keep("operator session id", browser.cookie("session"))
        for path in ("/operator/devices", "/operator/devices?q=a", "/operator/devices.csv"):
            assert browser.get(path).status_code == 200
    run.logs += [run_cli(run.site.app, "devices", "list", "--json").stdout]
    run.site.fault(
        "/api/v1/devices", status=401, body='{"error": "invalid_client"}', content_type="application/json"
    )
    by_link.get("/operator/devices")
    failed = run_cli(run.site.app, "devices", "list")
    run.logs += [failed.stdout, failed.stderr]
    run.site.sandbox.control("DELETE", "/faults")
    run.finish(by_link, by_password)


def run_implicit(run):
    browser = run.browser()
    for path in (
        "/implicit",
        "/implicit/callback",
        "/implicit/callback?access_token=in-the-query-by-mistake",
    ):
        browser.get(path)
    run.keep("token in a query", "in-the-query-by-mistake")
    run.finish(browser)


def run_against_a_server_that_repeats_secrets(run):
    """An upstream that throws back all it was sent, in its error texts, headers and reason phrases."""
    vinli = FakeVinli()

    def blab(request):
        said = request.body.decode() + " " + request.headers.get("authorization", "")
        # An error code may be any printable text (RFC 6749, section 5.2): here it is the secret itself.
        error = request.form.get("code_verifier") or request.headers["authorization"].rpartition(" ")[2]
        fields = {"error": error, "error_description": said, "message": said}
        return json_reply(fields, 400, X_Debug=said, WWW_Authenticate=f'Bearer error="{said}"')

    answers = ({TOKEN: blab}, {USER: blab}, {DEVICES: blab})
    run.keep("access_token", ACCESS_TOKEN)
    credentials = {**run.site.sandbox.credentials, "origin": vinli.origin}
    store_url = run.site.app.variables["STORE_URL"]
    with AppProcess(credentials, STORE_URL=store_url) as app:
        browser = RecordingBrowser(app.origin)
        for number, vinli.answers in enumerate(answers):
            state, callback = browser.attempt()
            attempt_id, _ = run.signer.read(state, "connect-state")
            run.keep("code_verifier", Attempts(run.records).find(attempt_id).code_verifier)
            run.keep("code", f"a-code-that-is-repeated-{number}")
            browser.get(f"{callback}&code=a-code-that-is-repeated-{number}")
            browser.get("/garage")
        run.logs.append(app.log())
    for path in (TOKEN, USER, DEVICES):
        assert vinli.received(path), "every secret was there to be thrown back"
    run.finish(browser)
    vinli.close()


def run_workbench(run):
    """A run of the workbench, good and failed; then every trace of all runs so far, as a page, JSON and HAR."""
    browser = run.browser()
    browser.sign_in_as_operator()
    for fault in (None, {"status": 500, "body": "boom"}):
        url = browser.composed_url()
        state = query_of(url)["state"]
        run.keep("workbench state", state)
        callback = browser.authorize(url)
        code = query_of(callback)["code"]
        run.keep("workbench code", code)
        # The catch page holds both in its form, for whoever presses its button: not kept among the answers.
        caught = super(RecordingBrowser, browser).request("GET", callback.removeprefix(browser.origin))
        form = Page(caught.text).form("/workbench/exchange")
        assert (form["fields"]["code"], form["fields"]["state"]) == (code, state)
        if fault:
            run.site.fault("/oauth/token", **fault)
        browser.post("/workbench/exchange", **form["fields"])
        run.site.sandbox.control("DELETE", "/faults")
    run.keep("workbench client_secret", run.site.sandbox.credentials["workbench_client_secret"])
    links = [link for link in Page(browser.get("/workbench/traces").text).links if "/traces/" in link]
    run.traces = []
    for link in links:
        browser.get(link)
        for kind in (".json", ".har"):
            run.traces.append(browser.get(link + kind))
    browser.get("/workbench")
    run.finish(browser)
    run.answers = [answer for answer in run.answers if answer.request.path_url != "/workbench/compose"]


def run_cli(app, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *arguments],
        cwd=ROOT,
        env=app.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module", params=["sqlite", "redis"])
def run(request):
    variables = {}
    if request.param == "redis":
        variables["STORE_URL"] = request.getfixturevalue("redis_server").url
    with running_site("--drivers", "1", "--refresh-token", "on", **variables) as site:
        run = Run(site)
        about = site.sandbox.credentials
        run.keep("client_secret", about["client_secret"])
        run.keep("client Basic", basic(about["client_id"], about["client_secret"]))
        run.keep("app_secret", about["app_secret"])
        run.keep("app Basic", basic(about["app_id"], about["app_secret"]))
        run.keep("driver password", about["driver_password"])
        run.keep("operator password", OPERATOR_PASSWORD)
        run.keep("SECRET_KEY", SECRET_KEY)
        run_good_and_denied(run)
        run_failing(run)
        run_operator(run)
        run_implicit(run)
        run_against_a_server_that_repeats_secrets(run)
        run_workbench(run)
        run.raw_store = raw_store(request, site)
        run.logs += [site.app.log(), site.sandbox.log()]
        run.store.close()
        yield run


def raw_store(request, site) -> bytes:
    if site.app.variables["STORE_URL"].startswith("sqlite"):
        return b"".join(path.read_bytes() for path in site.app.store_path.parent.iterdir())
    from redis import Redis

    with Redis.from_url(request.getfixturevalue("redis_server").url) as client:
        return b"\n".join(key + b"=" + (client.get(key) or b"") for key in client.keys("vinli-connect:*"))


def forms_of(value: str) -> set[bytes]:
    """Return how a secret may be spelled: plain, escaped, in hex, and in base64 at each of its three alignments."""
    plain = value.encode()
    forms = {plain, quote(value, safe="").encode(), json.dumps(value)[1:-1].encode(), binascii.hexlify(plain)}
    for before in range(3):
        aligned = base64.b64encode(b"\0" * before + plain)
        inner = aligned[(0, 2, 3)[before] + (before > 0) * 1 : len(aligned) // 4 * 4 - 4]
        forms |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return {form for form in forms if len(form) >= 8}


def found(run, haystack: bytes) -> list[str]:
    return [name for name, value in run.secrets.items() if any(form in haystack for form in forms_of(value))]


def test_the_search_finds_what_is_there():
    class Example:
        secrets = {"it": "s3cret/token+value"}  # noqa: RUF012

    for text in (
        b"s3cret/token+value",
        b"s3cret%2Ftoken%2Bvalue",
        b"a" + base64.b64encode(b"xs3cret/token+value!"),
    ):
        assert found(Example, b"..." + text + b"...") == ["it"]
    assert found(Example, b"something else") == []


def test_neither_store_nor_log_nor_page_nor_header_holds_a_secret(run):
    assert_is_telling(run)
    places = {"store": run.raw_store, "logs": "\n".join(run.logs).encode()}
    for number, answer in enumerate(run.answers):
        path = urlsplit(answer.url).path
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "set-cookie"}
        if path == "/connect" and answer.is_redirect:
            headers.pop("Location")  # carries state to the authorization endpoint, and the body repeats it
        else:
            places[f"page {number} {path}"] = answer.content
        places[f"headers {number} {path}"] = json.dumps(headers).encode()
    assert {place: names for place, text in places.items() if (names := found(run, text))} == {}
    for email in run.site.sandbox.credentials["drivers"]:
        assert email.encode() not in run.raw_store
        assert email not in run.site.app.log()


def test_the_traces_of_good_and_failed_runs_are_whole_and_hold_no_secret(run):
    read = [answer.json() for answer in run.traces if answer.url.endswith(".json")]
    assert len(read) >= 12
    outcomes = {(trace["flow"], trace["outcome"]) for trace in read}
    assert outcomes >= {
        (flow, outcome) for flow in ("connect", "workbench") for outcome in ("worked", "failed")
    }
    whole = {"authorization_request", "callback", "token_request", "api_call"}
    for trace in read:
        if trace["outcome"] == "worked":
            assert {step["name"] for step in trace["steps"]} == whole
            assert trace["references"]
        if trace["outcome"] == "failed":
            assert trace["failed_step"]
            assert trace["reason"]
    assert {trace["failed_step"] for trace in read} >= {"callback", "token_request", "api_call"}
    for answer in run.traces:
        assert found(run, answer.content) == [], answer.url
    archives = [answer.json()["log"] for answer in run.traces if answer.url.endswith(".har")]
    assert {archive["version"] for archive in archives} == {"1.2"}
    assert all(archive["entries"] for archive in archives)


def assert_is_telling(run):
    """The run was a full one: every kind of secret was used, and everything was written down."""
    kinds = {name.partition(" ")[2] for name in run.secrets}
    flow = {"state", "attempt id", "attempt cookie", "code_verifier", "code", "access_token", "session id"}
    assert kinds >= flow | {"client_secret", "app_secret", "operator link", "operator session id"}
    assert len(run.secrets) > 60
    assert len(run.answers) >= 60
    assert len(run.raw_store) > 1000
    logs = "\n".join(run.logs)
    for event in ("driver connected", "driver disconnected", "operator signed in", "POST /oauth/token"):
        assert event in logs
