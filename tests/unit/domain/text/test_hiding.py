"""What a partner answers is shown without the secrets that it may repeat."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest

from domain.text.hiding import HIDDEN, hide

SECRET = 'p@ss/w+rd "4711"'
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def spellings():
    yield "plain", SECRET
    yield "in a URL", quote(SECRET, safe="")
    yield "in a form", quote_plus(SECRET)
    yield "in JSON", json.dumps(SECRET)[1:-1]
    for before in ("", "u", "us", "user:", "client-id:"):
        encoded = base64.b64encode((before + SECRET).encode()).decode()
        yield f"in base64 after {before!r}", encoded
        yield f"in base64 for URLs after {before!r}", encoded.replace("+", "-").replace("/", "_")


@pytest.mark.parametrize(("how", "spelling"), [*spellings()], ids=lambda value: str(value)[:24])
def test_a_secret_is_hidden_however_it_is_spelled(how, spelling):
    shown = hide(f'{{"echo": "it was {spelling}."}}', [SECRET])
    assert spelling not in shown
    assert HIDDEN in shown
    assert shown.startswith('{"echo": ')
    # Of base64, at most the letters at its ends are left, which hold less than three bytes each.
    assert len(shown) < len('{"echo": "it was [hidden]."}') + len(base64.b64encode(b"client-id:")) + 8


def test_tokens_are_hidden_though_nobody_names_them():
    shown = hide(f'{{"access_token": "opaque-1234", "note": "{JWT}", "auth": "Bearer abcdefgh12345"}}', [])
    assert "opaque-1234" not in shown
    assert JWT not in shown
    assert "abcdefgh12345" not in shown
    assert json.loads(shown)["access_token"] == HIDDEN


@pytest.mark.parametrize(
    "name", ["Password", "client_secret", "IdToken", "x-api-key", "SECRET_HASH", "apiKey"]
)
def test_fields_that_are_named_for_secrets_are_hidden(name):
    assert json.loads(hide(json.dumps({name: 'a "quoted" value'}), [])) == {name: HIDDEN}


def test_what_is_no_secret_stays():
    text = json.dumps({"sites": [{"name": "Basin", "tokens_left": 3, "status": "Active"}]}, indent=2)
    assert hide(text, ["id", "a", ""]) == text
