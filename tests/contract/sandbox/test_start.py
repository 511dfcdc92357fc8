"""How the sandbox starts, what it prints, and how it ends."""

import ipaddress
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.sandbox_process import ROOT, Person, SandboxProcess

pytestmark = pytest.mark.contract

KEYS = {
    "origin", "app_id", "app_secret", "client_id", "client_secret", "web_client_id", "redirect_uri",
    "implicit_redirect_uri", "driver_email", "driver_password", "drivers", "partners",
    "workbench_client_id", "workbench_client_secret", "workbench_redirect_uri",
}  # fmt: skip
SERVICES = "AUTH PLATFORM TELEMETRY EVENTS RULES TRIPS DIAGNOSTIC SAFETY BEHAVIORAL DISTANCE DUMMIES".split()


class Running:
    """A sandbox whose standard output is read as it is."""

    def __init__(self, *arguments):
        command = [sys.executable, "-m", "sandbox", "--port", "0", *arguments]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def lines(self, count):
        return [self.process.stdout.readline().rstrip("\n") for _ in range(count)]


def run(*arguments):
    command = [sys.executable, "-m", "sandbox", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)


def test_json_is_one_line_with_all_that_a_client_needs():
    with Running("--json") as running:
        credentials = json.loads(running.lines(1)[0])
        assert set(credentials) == KEYS
        assert requests.get(credentials["origin"], timeout=10).status_code == 200
        running.process.terminate()
        assert running.process.communicate()[0] == ""


def test_env_is_the_settings_of_the_application():
    with Running("--env", "--public-url", "http://{service}.localhost:9000") as running:
        lines = dict(line.split("=", 1) for line in running.lines(5 + len(SERVICES)))
    secrets = {
        "VINLI_APP_ID",
        "VINLI_APP_SECRET",
        "VINLI_CLIENT_ID",
        "VINLI_CLIENT_SECRET",
        "VINLI_WEB_CLIENT_ID",
    }
    assert set(lines) == secrets | {f"VINLI_{service}_URL" for service in SERVICES}
    assert lines["VINLI_TRIPS_URL"] == "http://trips.localhost:9000"


def test_text_is_for_people():
    with Running() as running:
        text = "\n".join(running.lines(5))
    assert "It is not Vinli" in text
    assert "driver@example.com" in text


def test_the_same_seed_gives_the_same_credentials_and_another_gives_others():
    def credentials(*arguments):
        with SandboxProcess("--public-url", "http://127.0.0.1:9000", *arguments) as sandbox:
            return {name: value for name, value in sandbox.credentials.items() if name != "origin"}

    assert credentials("--seed", 5) == credentials("--seed", 5, "--devices", 9)
    workbench = "--workbench-redirect-uri", "http://127.0.0.1:8000/workbench/catch"
    first, other = credentials("--seed", 5, *workbench), credentials("--seed", 6, *workbench)
    assert all(other[name] != value for name, value in first.items() if "_id" in name)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_asked(number):
    with Running("--json") as running:
        running.lines(1)
        running.process.send_signal(number)
        out, err = running.process.communicate(timeout=10)
    assert (running.process.returncode, out, err) == (0, "", "")


def test_it_ends_with_connections_open():
    with Running("--json") as running, requests.Session() as session:
        session.get(json.loads(running.lines(1)[0])["origin"], timeout=10)
        running.process.terminate()
        assert running.process.wait(10) == 0


def test_its_port_is_free_again_at_once():
    with SandboxProcess() as sandbox:
        requests.get(sandbox.origin, timeout=10)
        port = str(urlsplit(sandbox.origin).port)
        os.kill(sandbox.process.pid, signal.SIGKILL)
        sandbox.process.wait()
        with SandboxProcess("--port", port) as again:
            assert again.origin == sandbox.origin


def test_a_port_in_use_is_one_clear_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("--port", str(port))
    assert (result.returncode, result.stdout) == (2, "")
    assert (
        result.stderr
        == f"sandbox: port {port} is in use; choose another with --port, or --port 0 for a free one\n"
    )


def test_it_does_not_listen_to_other_machines_unasked():
    result = run("--host", "0.0.0.0")
    assert result.returncode == 2
    assert "--allow-remote" in result.stderr


def test_a_missing_certificate_is_one_clear_line():
    result = run("--tls-cert", "/nowhere/c.pem", "--tls-key", "/nowhere/k.pem")
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("content", [None, "no route", "[]"])
def test_a_file_that_holds_no_route_is_one_clear_line(content, tmp_path):
    path = tmp_path / "route.gpx"
    if content is not None:
        path.write_text(content)
    result = run("--port", "0", "--route", str(path))
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"sandbox: --route {path} ")
    assert len(result.stderr.splitlines()) == 1


def test_request_lines_are_written_unless_quiet():
    for arguments, is_written in ((), True), (("--quiet",), False):
        with SandboxProcess(*arguments) as sandbox:
            requests.get(sandbox.origin + "/?code=s3cr3t", timeout=10)
            assert ("GET / 200" in sandbox.log()) is is_written
            assert "s3cr3t" not in sandbox.log()


def test_https_is_served_with_secure_cookies(tmp_path):
    certificate, key = self_signed(tmp_path)
    with SandboxProcess("--tls-cert", certificate, "--tls-key", key) as sandbox:
        assert sandbox.origin.startswith("https://127.0.0.1:")
        driver = Person(sandbox)
        driver.session.verify = str(certificate)
        fields = {"email": driver.email, "password": sandbox.credentials["driver_password"]}
        assert "; Secure; HttpOnly" in driver.post("/sign-in", fields).headers["Set-Cookie"]
        callback = driver.authorize(sandbox.authorization_url())
        assert callback.startswith(sandbox.credentials["redirect_uri"] + "?code=")


def test_a_client_that_speaks_no_tls_holds_nobody_up(tmp_path):
    certificate, key = self_signed(tmp_path)
    with SandboxProcess("--tls-cert", certificate, "--tls-key", key) as sandbox:
        parts = urlsplit(sandbox.origin)
        with socket.create_connection((parts.hostname, parts.port)):
            assert requests.get(sandbox.origin, verify=str(certificate), timeout=10).status_code == 200
        with socket.create_connection((parts.hostname, parts.port)) as plain:
            plain.settimeout(10)
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            with suppress(ConnectionResetError):
                assert b"HTTP" not in plain.recv(1000)
        assert sandbox.log().count("\n") == 1


def self_signed(directory):
    """Write a certificate for 127.0.0.1 and its key; return both paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = directory / "certificate.pem", directory / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths
