"""The usual variants of a redirect URI."""

from __future__ import annotations

import random
from urllib.parse import urlsplit

import pytest

from domain.redirect_uris.variants import MAX_VARIANTS, control, variants


def uris_of(redirect_uri):
    return {variant.redirect_uri for variant in variants(redirect_uri)}


@pytest.mark.parametrize(
    ("sent", "registered"),
    [
        ("https://a.example/cb", "https://a.example/cb/"),
        ("https://a.example/cb/", "https://a.example/cb"),
        ("https://a.example", "https://a.example/"),
        ("https://a.example/cb/?x=1", "https://a.example/cb?x=1"),
        ("https://a.example/cb", "http://a.example/cb"),
        ("http://a.example/cb", "https://a.example/cb"),
        ("http://a.example:80/cb", "https://a.example/cb"),
        ("http://localhost:8000/cb", "http://127.0.0.1:8000/cb"),
        ("http://localhost:8000/cb", "http://[::1]:8000/cb"),
        ("http://127.0.0.1:8000/cb", "http://localhost:8000/cb"),
        ("http://[::1]:8000/cb", "http://127.0.0.1:8000/cb"),
        ("https://a.example/cb", "https://a.example:443/cb"),
        ("http://a.example/cb", "http://a.example:80/cb"),
        ("https://a.example:443/cb", "https://a.example/cb"),
        ("http://localhost:8000/cb", "http://localhost/cb"),
        ("https://a.example/cb", "https://A.EXAMPLE/cb"),
        ("https://A.Example/cb", "https://a.example/cb"),
        ("https://a.example/CB", "https://a.example/cb"),
        ("https://a.example/a/b/c", "https://a.example/a"),
        ("https://a.example/cb", "https://a.example/cb?from=workbench"),
        ("https://a.example/cb?x=1", "https://a.example/cb"),
        ("https://a.example/cb#x", "https://a.example/cb"),
        ("https://a.example/cb", "https://a.example/%63b"),
        ("myApp://cb", "myApp://cb/"),
    ],
)
def test_what_was_registered_is_among_the_variants(sent, registered):
    assert registered in uris_of(sent)


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:8000/A/b/c?x=1#y",
        "https://user:pw@A.example:443//a/./b/?#",
        "HTTP://LOCALHOST/",
        "myApp://",
        "a:",
        "https://a.example/" + "a" * 300,
    ],
)
def test_variants_are_few_each_once_and_never_the_given_one(uri):
    found = variants(uri)
    assert 0 < len(found) <= MAX_VARIANTS
    assert (
        len({variant.redirect_uri for variant in found})
        == len({variant.name for variant in found})
        == len(found)
    )
    assert uri not in uris_of(uri)
    assert all(variant.title for variant in found)


@pytest.mark.parametrize(
    "uri",
    [
        "https://user:pw@a.example:8443//a/./b/?x=1#y",
        "http://a.example:/cb?#",
        "http://@[::1]:8000",
        "myApp:cb?x",
        "myApp://",
        "http://a:b:c/cb",
    ],
)
def test_a_variant_differs_by_what_it_says_and_nothing_else(uri):
    (added,) = [variant for variant in variants(uri) if variant.name == "with_query"]
    head, mark, fragment = uri.partition("#")
    more = "&from=workbench" if "?" in head and not head.endswith("?") else "?from=workbench"
    assert added.redirect_uri == f"{head.rstrip('?')}{more}{mark}{fragment}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cars",
        "localhost:8000/cb",
        "/connect/callback",
        "//a.example/",
        "http://[::1",
        "http://a]b/",
        "?x",
    ],
)
def test_what_is_no_absolute_uri_has_no_variants(text):
    assert variants(text) == ()


def test_a_control_is_nobodys_and_new_each_time():
    hosts = {urlsplit(control().redirect_uri).hostname for _ in range(9)}
    assert len(hosts) == 9
    assert all(host.endswith(".invalid") for host in hosts)


def test_any_text_is_taken():
    source = random.Random(4)
    pieces = [
        "http:",
        "//",
        "/",
        "@",
        "[",
        "]",
        ":",
        "?",
        "#",
        "%",
        "\r\n",
        "\x00",
        "\ud800",
        "ü",
        "localhost",
        "\\",
    ]
    for _ in range(2_000):
        assert len(variants("".join(source.choices(pieces, k=source.randrange(12))))) <= MAX_VARIANTS
    for piece in pieces:
        assert len(variants("http://" + piece * 100_000)) <= MAX_VARIANTS
        assert len(variants("http://a@[" + piece * 100_000)) <= MAX_VARIANTS
        assert len(variants("http://a/" + piece * 100_000)) <= MAX_VARIANTS
