"""``flask --app app partners ...`` as a person and a script use it, against the sandbox."""

import json
import logging
import subprocess
import sys

import pytest

from tests.support.app_process import ROOT, AppProcess
from tests.support.sandbox_process import SandboxProcess


@pytest.fixture(scope="module")
def sandbox():
    with SandboxProcess("--quiet") as sandbox:
        yield sandbox


@pytest.fixture
def flask(sandbox):
    """Run a command of the application; variables may replace settings of the partners."""
    app = AppProcess(sandbox.credentials, **sandbox.credentials["partners"])

    def run(*arguments, stdin=b"", **variables):
        environment = {k: v for k, v in (app.environment() | variables).items() if v}
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", "partners", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            input=stdin,
            timeout=60,
        )

    yield run
    app._directory.cleanup()


@pytest.fixture
def in_process(sandbox, local_site):
    """Run a command in this process, where starting one would show nothing else."""
    site = local_site(sandbox.credentials, **sandbox.credentials["partners"])
    logger = logging.getLogger("providers")
    level = logger.level
    yield lambda *arguments: site.app.test_cli_runner().invoke(args=["partners", *arguments])
    logger.setLevel(level)


def test_the_list_says_what_is_missing_and_asks_nobody(flask, sandbox):
    sandbox.control("DELETE", "/requests")
    done = flask("list", "--json", AYYEKA_KEY="", AYYEKA_SECRET="")
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert list(rows) == ["anyline", "ayyeka", "aspose", "instyle"]
    assert rows["ayyeka"]["missing"] == ["AYYEKA_KEY", "AYYEKA_SECRET"]
    assert [role["name"] for role in rows["instyle"]["roles"]] == ["service", "admin", "superuser"]
    assert sandbox.control("GET", "/requests")["requests"] == []
    assert b"missing: AYYEKA_KEY" in flask("list", AYYEKA_KEY="").stdout


def test_a_token_is_fetched_once_and_shown_on_request_alone(flask, sandbox):
    sandbox.control("DELETE", "/requests")
    told = flask("token", "ayyeka")
    assert told.returncode == 0
    assert b"valid_until" in told.stdout
    assert b"eyJ" not in told.stdout + told.stderr
    shown = flask("token", "ayyeka", "--show")
    assert shown.stdout.startswith(b"eyJ")
    assert b"valid until" in flask("list").stdout
    paths = [entry["path"] for entry in sandbox.control("GET", "/requests")["requests"]]
    assert paths.count("/auth/token") == 1


def test_a_token_that_cannot_be_had_ends_with_what_to_do(flask):
    done = flask("token", "aspose", ASPOSE_CLIENT_SECRET="wrong-secret")
    assert done.returncode == 1
    assert b"ASPOSE_CLIENT_SECRET" in done.stderr
    assert b"wrong-secret" not in done.stderr + done.stdout


def test_a_call_prints_the_body_and_the_status_beside_it(flask):
    done = flask("call", "ayyeka", "GET", "/v2.0/site")
    assert done.returncode == 0
    assert isinstance(json.loads(done.stdout), list)
    assert done.stderr.startswith(b"200 in ")


def test_a_call_takes_its_body_from_text_file_or_input(flask, tmp_path):
    body = json.dumps([{"id": 77, "file": {"url": "https://example.com/77.png"}}]).encode()
    (tmp_path / "images.json").write_bytes(body)
    for data, stdin in ((body.decode(), b""), (f"@{tmp_path}/images.json", b""), ("@-", body)):
        done = flask("call", "instyle", "POST", "/images", "--role", "admin", "--data", data, stdin=stdin)
        assert done.returncode == 0, done.stderr
    refused = flask("call", "instyle", "POST", "/images", "--data", body.decode())
    assert refused.returncode == 1
    assert b"does not allow" in refused.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("token", "nobody"),
        ("token", "instyle", "--role", "king"),
        ("call", "nobody", "GET", "/"),
        ("call", "ayyeka", "GET", "v2.0/site"),
        ("call", "ayyeka", "GET", "/../x"),
        ("call", "ayyeka", "GET", "//evil.example/x"),
        ("call", "ayyeka", "POST", "/x", "--data", "@/no/such/file"),
        ("call", "ayyeka", "GET", "/x", "-H", "Authorization: Bearer x"),
        ("call", "ayyeka", "GET", "/x", "-H", "no-colon"),
    ],
)
def test_what_makes_no_sense_is_refused_without_a_request(in_process, sandbox, arguments):
    sandbox.control("DELETE", "/requests")
    done = in_process(*arguments)
    assert done.exit_code == 2
    assert "Error" in done.stderr
    assert [e for e in sandbox.control("GET", "/requests")["requests"] if "token" not in e["path"]] == []


def test_wrong_usage_ends_the_process_with_2(flask):
    done = flask("call", "ayyeka", "GET", "//evil.example/x")
    assert done.returncode == 2
    assert b"Error" in done.stderr


def test_the_body_counts_and_not_what_stands_beside_it(flask, sandbox):
    app = AppProcess(sandbox.credentials, **sandbox.credentials["partners"])
    call = [sys.executable, "-m", "flask", "--app", "app", "partners", "call", "ayyeka"]

    def run(shell, *arguments):
        line = ["bash", "-c", f'"$@" {shell}', "bash", *call, *arguments]
        return subprocess.run(
            line, cwd=ROOT, env=app.environment(), capture_output=True, timeout=60, check=False
        )

    try:
        done = run("2> /dev/full", "GET", "/v2.0/site")
        assert (done.returncode, isinstance(json.loads(done.stdout), list)) == (0, True)
        assert run("> /dev/full 2>&1", "GET", "/v2.0/site").returncode == 74
        closed = run("<&-", "POST", "/v2.0/site", "--data", "@-")
        assert closed.returncode == 2
        assert b"standard input is closed" in closed.stderr
        odd = run("", "POST", "/v2.0/site", "--data", b"\xff")
        assert b"PATH" not in odd.stderr
    finally:
        app._directory.cleanup()


def test_a_role_without_tokens_says_so(flask):
    done = flask("token", "instyle", "--role", "service")
    assert done.returncode == 1
    assert b"takes no token" in done.stderr


def test_the_body_of_a_refusal_is_printed_too(in_process):
    done = in_process("call", "ayyeka", "GET", "/v2.0/no-such-path")
    assert done.exit_code == 1
    assert done.stderr.startswith("404\n")
    assert done.stdout.strip()
    assert done.stdout.endswith("\n")


def test_the_state_of_a_token_is_a_json_object_on_request(in_process):
    done = in_process("token", "ayyeka", "--json")
    state = json.loads(done.stdout)
    assert (done.exit_code, state["last_error"]) == (0, None)
    assert state["valid_until"].endswith("Z")
    assert in_process("token", "ayyeka", "--json", "--show").exit_code == 2


def test_a_method_that_is_none_is_refused(in_process):
    done = in_process("call", "ayyeka", "FETCH", "/v2.0/sites")
    assert done.exit_code == 2
    assert "delete" in done.stderr.lower()


def test_help_needs_no_settings():
    for words in ([], ["--help"], ["partners", "call", "--help"], ["doctor", "--help"]):
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *words],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert "Usage: " in done.stdout + done.stderr
        assert "need attention" not in done.stdout + done.stderr
