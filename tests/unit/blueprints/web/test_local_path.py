import re

import pytest

from blueprints.web.requests import local_path

HOSTILE = [
    None,
    "",
    "garage",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "/\x7f/evil.example",
    "\t//evil.example",
    " //evil.example",
    "https://evil.example/",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "//evil.example@127.0.0.1:8000",
    "http://127.0.0.1:8000@evil.example",
    "http://127.0.0.1:8000.evil.example",
    "http://127.0.0.1:8000/garage",
    "evil.example",
    "@evil.example",
    ".evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "vbscript:x",
    "/garage\r\nSet-Cookie: a=b",
    "data:text/html,x",
    "/\x00/evil.example",
    "//[::1",
    "/a b",
    "/" + "a" * 600,
    "/connect",
    "/connect?next=/connect",
    "/connect/callback?code=x",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_targets_end_at_the_default(text):
    assert local_path(text, "/garage") == "/garage"


@pytest.mark.parametrize(
    "text",
    [
        "/",
        "/garage/devices/x?vin=show",
        "/%2F%2Fevil.example",
        "/%09/evil.example/..//evil.example",
        "/ﷹ/evil.example\u2028",
        "/@evil.example",
        "/garage#a",
    ],
)
def test_paths_of_ours_are_kept(text):
    assert local_path(text, "/elsewhere") == text
    assert not re.match(r"/[/\\\s]", text)
