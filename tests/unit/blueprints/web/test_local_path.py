import pytest

from blueprints.web.requests import local_path

HOSTILE = [
    None,
    "",
    "garage",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "https://evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\x00/evil.example",
    "//[::1",
    "/a b",
    "/" + "a" * 600,
    "/connect",
    "/connect/callback?code=x",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_targets_end_at_the_default(text):
    assert local_path(text, "/garage") == "/garage"


@pytest.mark.parametrize(
    "text", ["/", "/garage/devices/x?vin=show", "/%2F%2Fevil.example", "/@evil.example", "/garage#a"]
)
def test_paths_of_ours_are_kept(text):
    assert local_path(text, "/elsewhere") == text
