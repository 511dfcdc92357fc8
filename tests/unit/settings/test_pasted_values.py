"""Values as people paste and save them, and the files that they come from."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

import settings
from settings import SettingsError, can_be_public_url, from_environ
from tests.support.app_process import ROOT, free_port
from tests.unit.settings.test_settings import GOOD, problems_of

SECRET = "paste-me-and-see"


@pytest.mark.parametrize(
    "name", ["VINLI_CLIENT_SECRET", "VINLI_APP_SECRET", "ANYLINE_CLIENT_SECRET", "CA_BUNDLE"]
)
@pytest.mark.parametrize(
    ("character", "named"),
    [
        ("\u200b", "U+200B ZERO WIDTH SPACE"),
        ("\u00a0", "U+00A0 NO-BREAK SPACE"),
        ("\u00ad", "U+00AD SOFT HYPHEN"),
        ("\u202e", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("\u2060", "U+2060 WORD JOINER"),
        ("\ufeff", "U+FEFF ZERO WIDTH NO-BREAK SPACE"),
        ("\u3000", "U+3000 IDEOGRAPHIC SPACE"),
        ("\u2028", "U+2028 LINE SEPARATOR"),
        ("\t", "U+0009 a control character"),
        ("\n", "a line break"),
        ("\x00", "U+0000 a control character"),
        ("\u034f", "U+034F COMBINING GRAPHEME JOINER"),
        ("\u1160", "U+1160 HANGUL JUNGSEONG FILLER"),
        ("\u3164", "U+3164 HANGUL FILLER"),
        ("\uffa0", "U+FFA0 HALFWIDTH HANGUL FILLER"),
        ("\u2800", "U+2800 BRAILLE PATTERN BLANK"),
        ("\ufe0f", "U+FE0F VARIATION SELECTOR-16"),
        ("\U000e0100", "U+E0100 VARIATION SELECTOR-17"),
    ],
)
def test_a_character_that_cannot_be_seen_is_named_and_the_value_is_not(name, character, named):
    for value in (f"{SECRET}{character}x", f"x{character}{SECRET}"):
        problem = problems_of(**{name: value})[name]
        assert named in problem
        assert SECRET not in problem


@pytest.mark.parametrize("name", ["VINLI_CLIENT_SECRET", "SECRET_KEY", "PUBLIC_URL", "VINLI_APP_ID"])
@pytest.mark.parametrize(
    "quotes", ['""', "''", "“”", "‘’", "«»", "``", "””", "»«", "»»", "„”", "‹›", "‚‘", "´´"]
)
def test_quotes_around_a_value_are_named(name, quotes):
    assert "quotes" in problems_of(**{name: f"{quotes[0]}{SECRET * 3}{quotes[1]}"})[name]


def test_quotes_inside_of_a_secret_belong_to_it():
    for secret in ('a"b"c', "it's", '"', "'half"):
        assert from_environ(GOOD | {"VINLI_CLIENT_SECRET": secret}).vinli_client_secret == secret


@pytest.mark.parametrize("content", ["\ufeffs3cret", "s3cret\r\n", " \n s3cret \n", "\ufeff s3cret\n"])
def test_a_secret_file_of_any_editor_is_read(content, tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(content.encode())
    values = {name: value for name, value in GOOD.items() if name != "VINLI_CLIENT_SECRET"}
    assert from_environ(values | {"VINLI_CLIENT_SECRET_FILE": str(path)}).vinli_client_secret == "s3cret"


def test_a_secret_file_with_two_lines_is_named(tmp_path):
    path = tmp_path / "secret"
    path.write_text("one\ntwo\n")
    values = {name: value for name, value in GOOD.items() if name != "VINLI_CLIENT_SECRET"}
    with pytest.raises(SettingsError, match="a line break"):
        from_environ(values | {"VINLI_CLIENT_SECRET_FILE": str(path)})


# --- PUBLIC_URL


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.example:443/", "https://xn--bcher-kva.example"),
        ("https://例え.テスト", "https://xn--r8jz45g.xn--zckzah"),
        ("https://Cars.Example.com", "https://cars.example.com"),
        ("https://my_cars.example.com", "https://my_cars.example.com"),
        ("http://[0:0:0:0:0:0:0:1]:8000", "http://[::1]:8000"),
        ("https://203.0.113.7", "https://203.0.113.7"),
    ],
)
def test_a_host_is_written_as_browsers_write_it(text, origin):
    assert from_environ(GOOD | {"PUBLIC_URL": text}).public_url == origin


@pytest.mark.parametrize("name", ["PUBLIC_URL", "VINLI_AUTH_URL", "CORS_ORIGINS", "ASPOSE_URL"])
@pytest.mark.parametrize(
    "host",
    [
        *(
            "cars.example.com.",
            "cars..example.com",
            ".cars.example.com",
            "a" * 64 + ".com",
            "-cars.com",
            "cars-.com",
        ),
        *(
            "cars%2eexample.com",
            "cars example.com",
            "127.1.",
            "1.2.3",
            "0x7f000001",
            "2130706433",
            "256.1.1.1",
        ),
        *("[fe80::1%25eth0]", "xn--\u200b.com", "\u200b.com", "a.b.0x1", "cars*.com", "ex\u2100mple.com"),
    ],
)
def test_a_host_that_no_request_would_match_is_refused(name, host):
    assert name in problems_of(**{name: f"https://{host}"})


@pytest.mark.parametrize("host", ["cars.test.", "1.2.3", "bücher.example", "-a.test", "cars.test:99999"])
def test_what_is_refused_is_never_advised(host):
    assert not can_be_public_url(f"https://{host}")


# --- Redis, partners

INSTYLE_API = {"INSTYLE_API_BASE_URL": "https://api.example.com", "INSTYLE_API_KEY": "x"}
INSTYLE_IDP = {"INSTYLE_COGNITO_IDP": "https://idp.example.com", "INSTYLE_CLIENT_ID": "x"}
INSTYLE_USER = {"INSTYLE_USERNAME": "x", "INSTYLE_PASSWORD": "y"}
HASH = "INSTYLE_SECRET_HASH"
SUPERUSER = {f"INSTYLE_SUPERUSER_{name}": "x" for name in ("API_KEY", "USERNAME", "PASSWORD", "SECRET_HASH")}
ADDRESSES = {"INSTYLE_API_BASE_URL", "INSTYLE_COGNITO_IDP"}


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"ANYLINE_CLIENT_ID": "x"}, {"ANYLINE_CLIENT_ID": ("ANYLINE_CLIENT_SECRET",)}),
        ({"AYYEKA_SECRET": "x"}, {"AYYEKA_SECRET": ("AYYEKA_KEY",)}),
        ({"ASPOSE_CLIENT_SECRET": "x"}, {"ASPOSE_CLIENT_SECRET": ("ASPOSE_CLIENT_ID",)}),
        ({"INSTYLE_API_KEY": "x"}, {"INSTYLE_API_KEY": ("INSTYLE_API_BASE_URL",)}),
        (
            INSTYLE_API | {"INSTYLE_USERNAME": "x"} | INSTYLE_IDP,
            {"INSTYLE_USERNAME": ("INSTYLE_PASSWORD", HASH)},
        ),
        (INSTYLE_API | INSTYLE_IDP, {"INSTYLE_COGNITO_IDP": (*INSTYLE_USER, HASH)}),
        (INSTYLE_API | INSTYLE_USER, {"INSTYLE_USERNAME": (*INSTYLE_IDP, HASH)}),
        (INSTYLE_API | INSTYLE_IDP | INSTYLE_USER, {"INSTYLE_USERNAME": (HASH,)}),
        (INSTYLE_IDP | INSTYLE_USER | {HASH: "x"}, {"INSTYLE_USERNAME": tuple(INSTYLE_API)}),
        (
            INSTYLE_API | {"INSTYLE_CLIENT_SECRET": "x"},
            {"INSTYLE_CLIENT_SECRET": (*INSTYLE_IDP, *INSTYLE_USER)},
        ),
        (INSTYLE_API | INSTYLE_IDP | INSTYLE_USER | {HASH: "x"}, {}),
        (
            INSTYLE_API | INSTYLE_IDP | INSTYLE_USER | {HASH: "x"} | SUPERUSER,
            {"INSTYLE_SUPERUSER_USERNAME": ("INSTYLE_CUSTOMER",)},
        ),
        (
            INSTYLE_API | SUPERUSER | {"INSTYLE_CUSTOMER": "x"},
            {"INSTYLE_SUPERUSER_USERNAME": tuple(INSTYLE_IDP)},
        ),
        (INSTYLE_API | INSTYLE_IDP | SUPERUSER | {"INSTYLE_CUSTOMER": "x"}, {}),
        (INSTYLE_API, {}),
        ({"ANYLINE_CLIENT_ID": "x", "ANYLINE_CLIENT_SECRET": "y"}, {}),
        ({}, {}),
    ],
)
def test_a_partner_that_is_set_in_part_is_named(given, missing):
    halves = from_environ(GOOD | given).partner_halves
    assert {half.present[0]: half.missing for half in halves} == missing
    for half in halves:
        fewer = {name: value for name, value in given.items() if name not in half.present}
        more = given | {name: "https://x.example.com" if name in ADDRESSES else "x" for name in half.missing}
        for changed in (fewer, more):
            left = from_environ(GOOD | changed).partner_halves
            assert {one.name for one in left} < {one.name for one in halves}, (
                "advice must not move the warning"
            )


# --- .env


def read_by(program, directory):
    """Return the settings as a program reads them in a directory with a .env."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/home/somebody", "PYTHONPATH": str(ROOT)}
    ask = "import settings; s = settings.load(); print(repr(s.vinli_client_secret), s.vinli_client_id)"
    lines = {
        "python": [sys.executable, "-c", ask],
        "flask": [sys.executable, "-m", "flask", "--app", "app", "shell"],
    }
    done = subprocess.run(
        lines[program],
        input="from blueprints.web.services import services as s; s = s().settings\n"
        "print('FOUND', repr(s.vinli_client_secret), s.vinli_client_id)\n",
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return (
        done.stdout.partition("FOUND ")[2].splitlines()[0]
        if "FOUND" in done.stdout
        else done.stdout + done.stderr
    )


RELOADED = """
import os, settings
from flask import Flask
found = settings.load()
print("FOUND", found.vinli_client_secret, found.operator_password, os.environ.get("OF_THE_PARENT"), flush=True)
app = Flask(__name__)
"""


def test_the_process_that_the_reloader_starts_reads_the_same(tmp_path):
    inner = tmp_path / "project"
    inner.mkdir()
    (tmp_path / ".env").write_text("OPERATOR_PASSWORD=of-another-project\nOF_THE_PARENT=yes\n")
    (inner / ".env").write_text(dotenv(VINLI_CLIENT_SECRET="ab${HOME}cd"))
    (inner / "probe.py").write_text(RELOADED)
    environment = {"PATH": os.environ["PATH"], "HOME": "/home/somebody", "PYTHONPATH": str(ROOT)}
    arguments = ["-m", "flask", "--app", "probe", "run", "--reload", "--port", str(free_port())]
    found = []
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=inner,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            while len(found) < 2 and (line := process.stdout.readline()):
                found += [line.strip()] if line.startswith("FOUND") else []
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    assert found == ["FOUND ab${HOME}cd None None"] * 2


def dotenv(**changes):
    values = GOOD | changes
    return "".join(f"{name}={value}\n" for name, value in values.items() if value is not None)


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("ab${HOME}cd", "ab${HOME}cd"),
        ("'ab${HOME}cd'", "ab${HOME}cd"),
        ('"ab$HOME#cd"', "ab$HOME#cd"),
        ("a%b+c=d", "a%b+c=d"),
        ("${VINLI_CLIENT_ID:-x}", "${VINLI_CLIENT_ID:-x}"),
    ],
)
def test_a_line_of_the_file_means_the_same_for_every_program(line, secret, tmp_path):
    (tmp_path / ".env").write_bytes(
        b"\xef\xbb\xbf" + dotenv(VINLI_CLIENT_SECRET=line).replace("\n", "\r\n").encode()
    )
    assert {read_by(program, tmp_path).strip() for program in ("python", "flask")} == {f"{secret!r} client"}


def test_no_file_of_a_parent_folder_is_taken(tmp_path):
    inner = tmp_path / "project"
    inner.mkdir()
    (tmp_path / ".env").write_text(dotenv(VINLI_CLIENT_SECRET="of-another-project"))
    (tmp_path / ".flaskenv").write_text("VINLI_CLIENT_ID=of-another-project\n")
    said = read_by("flask", inner)
    assert "of-another-project" not in said
    assert "VINLI_CLIENT_SECRET is missing" in said.replace("  ", " ")


def test_the_file_that_the_flask_command_is_given_counts(tmp_path):
    (tmp_path / "other.env").write_text(dotenv())
    done = subprocess.run(
        [sys.executable, "-m", "flask", "-e", "other.env", "--app", "app", "partners", "list"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("content", [b"A=b\nwhat is this\n'\n", b"A='no end\n", b"A=\xff\n"])
def test_a_file_that_cannot_be_read_is_named(content, tmp_path):
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(SettingsError, match=r"\.env"):
        settings.load(tmp_path / ".env")
