"""Foreign text on a page: what cannot be seen is spelled out, secrets are cut short."""

import base64
import json

import pytest

from domain.text.visible import MOST, jwt_parts, shortened, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü 漢 🚗", "plain ü 漢 🚗"),
        ("a\r\nb\0", "a\\x0d\\x0ab\\x00"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("\u200b\ufeff\u2028", "\\u200b\\ufeff\\u2028"),
        ("\ud800\U000e0001", "\\ud800\\U000e0001"),
        ("", ""),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(text, shown):
    assert visible(text) == shown


def test_a_long_text_ends_and_says_how_long_it_was():
    shown = visible("x" * 1_000_000)
    assert shown == "x" * MOST + "… (1,000,000 characters in all)"


@pytest.mark.parametrize("length", [1, 4, 15, 16, 40, 9000])
def test_a_secret_is_cut_after_a_quarter_at_most(length):
    secret = "".join(chr(65 + number % 26) for number in range(length))
    shown = shortened(secret)
    assert secret[:5] not in shown or length < 5
    assert f"{length} characters" in shown
    assert shortened("") == "[empty]"


def token(header, claims):
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in (header, claims))
        + ".x"
    )


def test_a_jwt_is_taken_apart_and_nothing_of_its_signature_is_shown():
    header, claims = jwt_parts(token({"alg": "RS256"}, {"sub": "1", "evil": "\u202e<b>"}))
    assert '"alg": "RS256"' in header
    assert "\\u202e<b>" in claims


@pytest.mark.parametrize(
    "text", ["", "a.b", "a.b.c", token([], {}), token({}, 1), token({}, {}) + ".y", "é.é.é", "." * 9000]
)
def test_anything_else_is_no_jwt(text):
    assert jwt_parts(text) is None
