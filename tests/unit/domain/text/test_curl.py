"""A curl line means to a real shell what it says, whatever stands in it."""

from __future__ import annotations

import os
import subprocess

import pytest

from domain.text.curl import Variable, curl_line, quoted

ODD = (
    "plain",
    "it's",
    '"double"',
    "$(touch /tmp/pwned) `id` \\ ; & | > #",
    "$NOT_OURS and ${NOR_THIS}",
    "@file",
    "line\nbreak\ttab",
    "!history *glob ~home",
    "ünï €",
    "",
    "-x",
    "'; exit 1; '",
)


def words_of(command, **variables):
    """Return the arguments that curl would get from a shell."""
    done = subprocess.run(
        ["/bin/sh", "-c", f"curl() {{ for word; do printf '%s\\0' \"$word\"; done; }}\n{command}"],
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("body", ODD)
def test_a_body_reaches_curl_as_it_is(body):
    words = words_of(curl_line("POST", "https://api.example.com/a?b=c&d='e'", {}, body))
    assert words[words.index("--data-raw") + 1] == body
    assert words[words.index("--url") + 1] == "https://api.example.com/a?b=c&d='e'"
    assert words[words.index("--request") + 1] == "POST"


def test_without_a_body_none_is_sent():
    assert "--data-raw" not in curl_line("GET", "https://api.example.com/", {}, None)


def test_variables_of_headers_are_filled_in_by_the_shell_and_by_nobody_else():
    headers = {"Authorization": "Bearer $A_TOKEN", "x-api-key": "${A_KEY}", "Accept": "application/json"}
    line = curl_line("GET", "https://api.example.com/", headers, None)
    assert "$A_TOKEN" in line
    words = words_of(line, A_TOKEN="the token", A_KEY="'quoted' $key")
    found = [words[at + 1] for at, word in enumerate(words) if word == "--header"]
    assert found == [
        "Authorization: Bearer the token",
        "x-api-key: 'quoted' $key",
        "Accept: application/json",
    ]


@pytest.mark.parametrize("text", [text for text in ODD if "$NOT" not in text])
def test_what_stands_around_a_variable_is_taken_as_it_is(text):
    assert words_of(f"curl {quoted(f'{text} $A_TOKEN {text}')}", A_TOKEN="t  t") == [f"{text} t  t {text}"]


def test_a_dollar_that_names_no_variable_stays_one():
    assert words_of(f"curl {quoted('costs 5$ or $1, says $A')}", A="Ann") == ["costs 5$ or $1, says Ann"]


@pytest.mark.parametrize("text", ODD)
def test_variables_beside_any_text_are_filled_in_and_the_text_is_taken_as_it_is(text):
    line = curl_line(
        "POST",
        "https://api.example.com/token",
        {},
        None,
        user=(text, Variable("A_SECRET")),
        form={"code": Variable("A_CODE"), "redirect_uri": text},
    )
    words = words_of(line, A_SECRET="the $secret", A_CODE="c & d", NOT_OURS="gone", NOR_THIS="gone")
    assert words[words.index("--user") + 1] == f"{text}:the $secret"
    sent = [words[at + 1] for at, word in enumerate(words) if word == "--data-urlencode"]
    assert sent == ["code=c & d", f"redirect_uri={text}"]
