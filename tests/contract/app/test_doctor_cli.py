"""``flask --app app doctor`` as a person and a deploy script use it: what it prints and how it exits."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.support.app_process import OPERATOR_PASSWORD, ROOT, SECRET_KEY, AppProcess
from tests.support.sites import sandbox_for

HERE = "http://127.0.0.1:8000"
CALLBACK = f"{HERE}/connect/callback"
IMPLICIT = f"{HERE}/implicit/callback"


@pytest.fixture(scope="module")
def sandbox():
    with sandbox_for(HERE, "--quiet") as sandbox:
        yield sandbox


@pytest.fixture
def doctor(sandbox, tmp_path):
    """Run the command away from the checkout, so that no .env is read; "" unsets a variable."""
    app = AppProcess(sandbox.credentials, PUBLIC_URL=HERE)

    def run(*arguments, command=("doctor",), **variables):
        environment = {k: v for k, v in (app.environment() | variables).items() if v}
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *command, *arguments],
            cwd=tmp_path,
            env=environment | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert_says_no_secret(done, sandbox)
        return done

    yield run
    app._directory.cleanup()


def assert_says_no_secret(done, sandbox):
    said = done.stdout + done.stderr
    about = sandbox.credentials
    for secret in (about["app_secret"], about["client_secret"], SECRET_KEY, OPERATOR_PASSWORD):
        assert secret not in said
    assert "Traceback" not in said, said


@pytest.fixture
def in_process(sandbox, local_site):
    """Run the command in this process, where starting one would show nothing else."""
    logger = logging.getLogger("providers")
    level = logger.level

    def run(*arguments, **variables):
        site = local_site(sandbox.credentials, PUBLIC_URL=HERE, **variables)
        result = site.app.test_cli_runner().invoke(args=["doctor", *arguments])
        done = SimpleNamespace(returncode=result.exit_code, stdout=result.stdout, stderr=result.stderr)
        assert_says_no_secret(done, sandbox)
        return done

    yield run
    logger.setLevel(level)


def codes(report, *standings):
    return sorted(found["code"] for found in report["findings"] if found["standing"] in standings)


def test_a_right_installation_exits_with_0(doctor):
    done = doctor()
    assert (done.returncode, done.stderr) == (0, "")
    assert "PROBLEM" not in done.stdout
    assert "Nothing is wrong.\n0 problems, 0 warnings, 1 thing not known\n" in done.stdout


def test_the_summary_comes_first_and_only_problems_if_asked_for(doctor):
    done = doctor("--problems", VINLI_CLIENT_SECRET="wrong-secret")
    assert done.stdout.startswith(
        "One thing is wrong.\n1 problem, 0 warnings, 1 thing not known\n\nPROBLEM  "
    )
    assert "good " not in done.stdout
    assert "\x1b" not in done.stdout


def test_with_json_nothing_but_json_is_printed(doctor):
    done = doctor("--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["status"], done.stderr) == (0, 0, "")
    assert codes(report, "problem", "warning") == []
    assert codes(report, "unknown") == ["public_url"]
    keys = {"section", "code", "standing", "title", "what", "todo", "facts"}
    assert all(set(found) == keys for found in report["findings"])


def test_a_problem_exits_with_1_and_says_what_mends_it(doctor, in_process):
    done = doctor(VINLI_CLIENT_SECRET="wrong-secret")
    assert done.returncode == 1
    assert "PROBLEM  Client of the authorization-code flow: Client secret is wrong" in done.stdout
    assert "To do: Set VINLI_CLIENT_SECRET" in done.stdout
    assert "wrong-secret" not in done.stdout + done.stderr
    report = in_process("--json", VINLI_CLIENT_SECRET="wrong-secret")
    assert report.returncode == json.loads(report.stdout)["status"] == 1
    assert codes(json.loads(report.stdout), "problem", "warning") == ["client_secret_refused"]


def test_an_upstream_that_is_not_there_exits_with_1_and_quietly(doctor):
    nowhere = "http://127.0.0.1:9"
    done = doctor("--json", VINLI_AUTH_URL=nowhere, VINLI_PLATFORM_URL=nowhere)
    assert (done.returncode, done.stderr) == (1, "")
    assert codes(json.loads(done.stdout), "problem", "warning") == ["auth_unreachable"]


def test_an_upstream_that_lets_nothing_be_looked_at_is_not_all_well(in_process, sandbox):
    paths = ("/api/v1/clients", "/oauth/token", "/api/v1/devices", "/")
    for path in paths:
        sandbox.control("POST", "/faults", {"path": path, "status": 429, "times": 20})
    try:
        done = in_process()
        report = in_process("--json")
    finally:
        sandbox.control("DELETE", "/faults")
    assert (done.returncode, report.returncode) == (1, 1)
    assert "Nothing is wrong" not in done.stdout
    assert json.loads(report.stdout)["summary"] == "One thing is wrong"
    assert codes(json.loads(report.stdout), "problem") == ["auth_throttled"]


def test_what_could_not_be_looked_at_is_in_the_last_words(in_process, sandbox):
    sandbox.control("POST", "/faults", {"path": "/api/v1/clients", "status": 404, "times": 1})
    try:
        done = in_process()
    finally:
        sandbox.control("DELETE", "/faults")
    assert done.returncode == 0
    assert "Nothing is wrong, but 6 things could not be checked.\n" in done.stdout
    assert "--registered." in done.stdout
    assert "type in here" not in done.stdout


def test_what_is_registered_can_be_typed_in_where_vinli_does_not_tell(in_process, sandbox):
    sandbox.control("POST", "/faults", {"path": "/api/v1/clients", "status": 404, "times": 2})
    try:
        good = in_process("--json", "--registered", CALLBACK, "--registered-implicit", IMPLICIT)
        assert good.returncode == 0
        done = in_process(
            "--json", "--registered", f"{CALLBACK}/", "--registered-implicit", "http://x.example/\x1b[1m"
        )
    finally:
        sandbox.control("DELETE", "/faults")
    assert done.returncode == 1
    assert codes(json.loads(done.stdout), "problem") == [
        "invisible_characters",
        "other_host",
        "other_path",
        "plain_http",
        "trailing_slash",
    ]
    assert "\x1b" not in json.loads(done.stdout)["findings"].__repr__()


def test_warnings_are_printed_and_exit_with_0(in_process, tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o770)
    done = in_process(STORE_URL=f"sqlite:///{folder}/store.sqlite3")
    assert done.returncode == 0
    assert "warning  Store: Others can write beside the store" in done.stdout
    assert "0 problems, 1 warning" in done.stdout


def test_settings_that_are_missing_exit_with_2_and_each_is_a_finding(doctor):
    wrong = {"SECRET_KEY": "", "VINLI_CLIENT_SECRET": "", "TRUSTED_PROXIES": "many"}
    done = doctor("--json", **wrong)
    report = json.loads(done.stdout)
    assert (done.returncode, report["status"], done.stderr) == (2, 2, "")
    assert {(found["code"], found["title"]) for found in report["findings"]} == {
        ("setting", name) for name in wrong
    }
    assert all(found["standing"] == "problem" and found["todo"] for found in report["findings"])
    done = doctor(**wrong)
    assert (done.returncode, done.stderr) == (2, "")
    assert "PROBLEM  Settings: SECRET_KEY" in done.stdout
    assert "To do: Set SECRET_KEY in the environment" in done.stdout
    assert "To do: Correct TRUSTED_PROXIES in the environment" in done.stdout


def test_wrong_usage_exits_with_2(doctor, in_process):
    for arguments in (("--no-such-option",), ("--registered",), ("stray",)):
        done = in_process(*arguments)
        assert done.returncode == 2
        assert done.stdout == ""
    assert doctor("stray").returncode == 2


@pytest.mark.parametrize(
    "command", [("devices", "list"), ("devices", "show", "doctor"), ("partners", "list")]
)
def test_other_commands_still_end_when_settings_are_missing(doctor, command):
    done = doctor(command=command, SECRET_KEY="")
    assert done.returncode == 3
    assert done.stderr.count("cannot start") == 1


def test_the_factory_still_ends_a_server_whose_arguments_name_the_doctor(doctor, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "import app; app.create_app()", "doctor"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 3
    assert "cannot start" in done.stderr


HEADERS = {
    "a site on a port": (
        {"PUBLIC_URL": "https://cars.test:8443", "TRUSTED_PROXIES": "1"},
        (
            "Host: cars.test",
            "X-Forwarded-Port: 8443",
            "X-Forwarded-Proto: https",
            "X-Forwarded-For: 203.0.113.7",
        ),
        None,
        "",
    ),
    "another host": (
        {"PUBLIC_URL": "https://cars.test", "TRUSTED_PROXIES": "1"},
        ("Host: app:8000", "X-Forwarded-Proto: https", "X-Forwarded-For: 203.0.113.7"),
        "host_differs",
        "proxy_set_header Host $http_host;",
    ),
    "no address": (
        {"PUBLIC_URL": "https://cars.test", "TRUSTED_PROXIES": "1"},
        ("Host: cars.test", "X-Forwarded-Proto: https", "X-Forwarded-For: unknown"),
        "visitors_share_address",
        "IP address",
    ),
    "two proxies": (
        {"PUBLIC_URL": "https://cars.test", "TRUSTED_PROXIES": "1"},
        (
            "host: cars.test",
            "X-Forwarded-Proto: https",
            "X-Forwarded-For: 203.0.113.7",
            "X-Forwarded-For: 10.0.0.2",
        ),
        "visitors_share_address",
        "Set TRUSTED_PROXIES=2",
    ),
    "a scheme alone": (
        {"PUBLIC_URL": "https://cars.test", "TRUSTED_PROXIES": "1"},
        ("Host: cars.test", "X-Forwarded-Proto: https"),
        "visitors_share_address",
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
    ),
    "a header that is not read": (
        {"PUBLIC_URL": "https://cars.test", "TRUSTED_PROXIES": "1"},
        ("Host: cars.test", "X-Forwarded-Proto: https", "X-Real-IP: 203.0.113.7"),
        "visitors_share_address",
        "X-Real-IP is not read.",
    ),
    "a visitor named in another header": (
        {"PUBLIC_URL": "https://cars.test", "TRUSTED_PROXIES": "1"},
        ("Host: cars.test", "X-Forwarded-Proto: https", "Forwarded: for=203.0.113.7"),
        None,
        "",
    ),
    "an untrusted proxy": (
        {"PUBLIC_URL": "https://cars.test", "TRUSTED_PROXIES": "0"},
        ("Host: cars.test", "X-Forwarded-Port: 443"),
        "visitors_share_address",
        "TRUSTED_PROXIES",
    ),
    "a site on a port of which only a header tells": (
        {"PUBLIC_URL": "http://127.0.0.1:8080", "TRUSTED_PROXIES": "0"},
        (
            "Host: app:8000",
            "X-Forwarded-Host: 127.0.0.1",
            "X-Forwarded-Port: 8080",
            "X-Forwarded-For: 192.0.2.7",
        ),
        "trusted_proxies_unset",
        "Set TRUSTED_PROXIES=1, so that",
    ),
}


@pytest.mark.parametrize("name", HEADERS)
def test_the_headers_of_a_request_can_be_examined(name, doctor):
    variables, headers, code, todo = HEADERS[name]
    done = doctor("--json", *(part for line in headers for part in ("-H", line)), **variables)
    found = {one["code"]: one["todo"] for one in json.loads(done.stdout)["findings"]}
    about_address = found.keys() & {
        "public_url",
        "host_differs",
        "trusted_proxies_unset",
        "visitors_share_address",
        "no_proxy_in_front",
    }
    assert about_address - {"public_url"} == ({code} if code else set())
    assert todo in found.get(code, "")


def test_a_header_without_a_colon_is_wrong_usage(doctor):
    done = doctor("-H", "nonsense")
    assert done.returncode == 2
    assert "NAME:VALUE" in done.stderr
