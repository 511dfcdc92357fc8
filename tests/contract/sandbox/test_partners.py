"""The partners of the sandbox as a program meets them: over HTTP, by the variables that it prints."""

import base64
import json
import re
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.sandbox_process import ROOT, SandboxProcess

pytestmark = pytest.mark.contract

VARIABLES = {
    "ANYLINE_CLIENT_ID", "ANYLINE_CLIENT_SECRET", "ANYLINE_AUTH_URL", "ANYLINE_API_URL", "ANYLINE_AUDIENCE",
    "ANYLINE_SCOPE", "AYYEKA_KEY", "AYYEKA_SECRET", "AYYEKA_URL", "ASPOSE_CLIENT_ID", "ASPOSE_CLIENT_SECRET",
    "ASPOSE_URL", "ASPOSE_STORAGE", "INSTYLE_API_BASE_URL", "INSTYLE_API_KEY", "INSTYLE_COGNITO_IDP",
    "INSTYLE_CLIENT_ID", "INSTYLE_CLIENT_SECRET", "INSTYLE_USERNAME", "INSTYLE_PASSWORD", "INSTYLE_SECRET_HASH",
    "INSTYLE_TOKEN", "INSTYLE_SUPERUSER_API_KEY", "INSTYLE_SUPERUSER_USERNAME", "INSTYLE_SUPERUSER_PASSWORD",
    "INSTYLE_SUPERUSER_SECRET_HASH", "INSTYLE_CUSTOMER",
}  # fmt: skip
TOKEN_PATHS = {
    "anyline": "/oauth/token",
    "ayyeka": "/auth/token",
    "aspose": "/connect/token",
    "instyle": "/cognito/",
}
CALL_PATHS = ("/v2/tiresidewall", "/v2.0/site", "/v4.0/words/storage/folder/", "/instyle/images")


class Partners:
    """The documents' requests, byte for byte, to one sandbox."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.variables = sandbox.credentials["partners"]
        self.session = requests.Session()
        self.session.trust_env = False

    def send(self, method, path, body=None, headers=None, **options):
        url = self.sandbox.origin + path
        # Converting a large document takes a while on a busy machine.
        return self.session.request(method, url, data=body, headers=headers, timeout=60, **options)

    def token_request(self, partner):
        v = self.variables
        if partner == "anyline":
            body = (
                f'{{"client_id":"{v["ANYLINE_CLIENT_ID"]}","client_secret":"{v["ANYLINE_CLIENT_SECRET"]}",'
                '"audience":"https://prod.cloud-api.anyline.com","grant_type":"client_credentials",'
                '"scope":"cloudapi:tiresidewall"}'
            )
            return body, {"content-type": "application/json"}
        if partner == "ayyeka":
            basic = base64.b64encode(f"{v['AYYEKA_KEY']}:{v['AYYEKA_SECRET']}".encode()).decode()
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {basic}"}
            return "grant_type=client_credentials", headers | {"Cache-Control": "no-cache"}
        if partner == "aspose":
            body = (
                f"grant_type=client_credentials&client_id={v['ASPOSE_CLIENT_ID']}"
                f"&client_secret={v['ASPOSE_CLIENT_SECRET']}"
            )
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
            return body, headers
        body = {
            "ClientId": v["INSTYLE_CLIENT_ID"],
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {
                "USERNAME": v["INSTYLE_USERNAME"],
                "PASSWORD": v["INSTYLE_PASSWORD"],
                "SECRET_HASH": v["INSTYLE_SECRET_HASH"],
                "SCOPES": "OPENID",
            },
        }
        target = "AWSCognitoIdentityProviderService.InitiateAuth"
        return json.dumps(body), {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}

    def token(self, partner):
        body, headers = self.token_request(partner)
        response = self.send("POST", TOKEN_PATHS[partner], body, headers)
        assert response.status_code == 200, response.text
        answer = response.json()
        return answer["AuthenticationResult"]["IdToken"] if partner == "instyle" else answer["access_token"]

    def call(self, partner, token):
        bearer = {"Authorization": f"Bearer {token}"}
        if partner == "anyline":
            picture = self.send("GET", "/instyle/pictures/1.png").content
            body = json.dumps({"image": base64.b64encode(picture).decode()})
            return self.send("POST", "/v2/tiresidewall", body, bearer)
        if partner == "ayyeka":
            return self.send("GET", "/v2.0/site", headers=bearer | {"Cache-Control": "no-cache"})
        if partner == "aspose":
            path = f"/v4.0/words/storage/folder/?storageName={self.variables['ASPOSE_STORAGE']}"
            return self.send("GET", path, headers=bearer)
        headers = {"x-api-key": self.variables["INSTYLE_API_KEY"], "Authorization": token}
        return self.send("GET", "/instyle/images", headers=headers | {"accept": "application/json"})


@pytest.fixture(scope="module")
def running():
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def partners(running):
    partners = Partners(running)
    running.control("DELETE", "/requests")
    yield partners
    running.control("DELETE", "/faults")
    partners.session.close()


@pytest.mark.parametrize("partner", TOKEN_PATHS)
def test_the_document_s_requests_work_as_they_stand(partners, partner):
    token = partners.token(partner)
    response = partners.call(partner, token)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"].startswith("application/json")
    log = partners.sandbox.control("GET", "/requests")["requests"]
    asked = [entry for entry in log if entry["path"] == TOKEN_PATHS[partner]]
    assert [(entry["method"], entry["status"]) for entry in asked] == [("POST", 200)]


def test_no_secret_and_no_token_is_logged(partners):
    tokens = [partners.token(partner) for partner in TOKEN_PATHS]
    for partner, token in zip(TOKEN_PATHS, tokens, strict=True):
        partners.call(partner, token)
    written = json.dumps(partners.sandbox.control("GET", "/requests")) + partners.sandbox.log()
    variables = partners.variables
    secrets = [value for name, value in variables.items() if re.search("SECRET|KEY|PASSWORD", name)]
    assert len(secrets) == 11
    for secret in (*secrets, *tokens):
        assert secret not in written


@pytest.mark.parametrize("path", [*TOKEN_PATHS.values(), *CALL_PATHS])
def test_faults_strike_partners_too(partners, path):
    method = "POST" if path in (*TOKEN_PATHS.values(), "/v2/tiresidewall") else "GET"
    control = partners.sandbox.control
    fault = {"path": path, "status": 429, "body": "slow down", "headers": {"Retry-After": "3"}, "times": 1}
    control("POST", "/faults", fault | {"content_type": "text/html"})
    response = partners.send(method, path)
    assert (response.status_code, response.text) == (429, "slow down")
    assert (response.headers["Retry-After"], response.headers["Content-Type"]) == ("3", "text/html")
    control("POST", "/faults", {"path": path, "close": True, "times": 1})
    with pytest.raises(requests.ConnectionError):
        requests.request(method, partners.sandbox.origin + path, timeout=10)
    control("POST", "/faults", {"path": path, "delay_ms": 150, "times": 1})
    started = time.monotonic()
    assert partners.send(method, path).status_code in (400, 401, 403)
    assert time.monotonic() - started >= 0.15
    control("POST", "/faults", {"path": path, "drip": True, "body": "x" * 100, "times": 1})
    with partners.send(method, path, stream=True) as dripping:
        assert dripping.raw.read1(10) == b"x"


@pytest.mark.parametrize("path", [*TOKEN_PATHS.values(), *CALL_PATHS])
def test_huge_bodies_are_refused_unread(partners, path):
    parts = urlsplit(partners.sandbox.origin)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {4 * 1024 * 1024 + 1}\r\n\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_photograph_and_a_document_of_700_kilobytes_are_taken(partners):
    picture = partners.send("GET", "/instyle/pictures/1.png").content + bytes(700_000)
    body = json.dumps({"image": base64.b64encode(picture).decode()})
    headers = {"Authorization": f"Bearer {partners.token('anyline')}"}
    assert partners.send("POST", "/v2/tiresidewall", body, headers).status_code == 200
    headers = {"Authorization": f"Bearer {partners.token('aspose')}"}
    page = {"document": ("report.html", "<p>kilometre</p>" * 40_000, "text/html")}
    response = partners.send("PUT", "/v4.0/words/convert?format=pdf", headers=headers, files=page)
    assert response.content.startswith(b"%PDF-")


def test_revocation_and_rotation_reach_running_clients(partners):
    token, control = partners.token("aspose"), partners.sandbox.control
    assert control("POST", "/partners/revoke", {"partner": "aspose"})["revoked"] >= 1
    assert partners.call("aspose", token).status_code == 401
    assert partners.call("aspose", partners.token("aspose")).status_code == 200
    secret = partners.variables["AYYEKA_SECRET"]
    control("POST", "/partners/secret", {"partner": "ayyeka", "secret": "another"})
    body, headers = partners.token_request("ayyeka")
    assert partners.send("POST", "/auth/token", body, headers).status_code == 401
    control("POST", "/partners/secret", {"partner": "ayyeka", "secret": secret})
    assert partners.send("POST", "/auth/token", body, headers).status_code == 200


def test_many_ask_at_once(partners):
    started = threading.Barrier(48)

    def ask(number):
        started.wait(30)
        partner = list(TOKEN_PATHS)[number % 4]
        own = Partners(partners.sandbox)
        with own.session:
            return own.call(partner, own.token(partner)).status_code

    with ThreadPoolExecutor(48) as pool:
        assert set(pool.map(ask, range(48))) == {200}


def test_the_switch_shortens_every_lifetime_and_the_clock_ends_it():
    with SandboxProcess("--partner-lifetime", 90) as sandbox:
        partners = Partners(sandbox)
        with partners.session:
            tokens = {partner: partners.token(partner) for partner in TOKEN_PATHS}
            for token in tokens.values():
                claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
                assert claims["exp"] - claims["iat"] == 90
            sandbox.control("POST", "/clock", {"advance_seconds": 80})
            assert {partners.call(*pair).status_code for pair in tokens.items()} == {200}
            sandbox.control("POST", "/clock", {"advance_seconds": 11})
            assert {partners.call(*pair).status_code for pair in tokens.items()} == {401}


@pytest.mark.parametrize("value", ["0", "-1", "86401", "x", "1.5"])
def test_a_lifetime_that_makes_no_sense_is_refused(value):
    command = [sys.executable, "-m", "sandbox", "--partner-lifetime", value]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert "--partner-lifetime" in done.stderr


def test_latency_holds_for_partners():
    with SandboxProcess("--latency-ms", 120) as sandbox:
        partners = Partners(sandbox)
        with partners.session:
            for path in (*TOKEN_PATHS.values(), *CALL_PATHS):
                started = time.monotonic()
                partners.send("POST", path)
                assert time.monotonic() - started >= 0.12, path


def output(*arguments):
    """Return what the sandbox prints at its start."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--seed", "3", *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        first = process.stdout.readline()
        process.terminate()
        return first + process.stdout.read()
    finally:
        process.kill()
        process.communicate()


def test_every_variable_is_printed_and_json_says_the_same():
    public_url = ("--public-url", "http://{service}.localhost:9000")
    lines = dict(line.split("=", 1) for line in output("--env", *public_url).splitlines())
    ours = {name: value for name, value in lines.items() if not name.startswith("VINLI_")}
    assert set(ours) == VARIABLES
    assert json.loads(output("--json", *public_url))["partners"] == ours
    assert ours["ANYLINE_AUTH_URL"] == ours["ANYLINE_API_URL"] == "http://anyline.localhost:9000"
    assert ours["AYYEKA_URL"] == "http://ayyeka.localhost:9000"
    assert ours["ASPOSE_URL"] == "http://aspose.localhost:9000"
    assert ours["INSTYLE_API_BASE_URL"] == "http://instyle.localhost:9000/instyle"
    assert ours["INSTYLE_COGNITO_IDP"] == "http://instyle.localhost:9000/cognito/"


def test_the_text_for_people_names_all_four():
    text = output()
    for name in ("Anyline", "Ayyeka", "Aspose", "instyle.ai", "invited@example.com"):
        assert name in text
