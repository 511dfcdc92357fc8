import json

import pytest

from providers.http import strict_json
from providers.http.strict_json import BadJson, is_json_type, loads


@pytest.mark.parametrize("value", [{}, [], None, "text", 1, {"a": [1, 2.5, {"b": None}]}, {"é": "😀"}])
def test_what_json_writes_is_read(value):
    assert loads(json.dumps(value).encode()) == value
    assert loads(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"'a'",
        b"{} {}",
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
        b'"\xff"',
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": 1, "\\u0061": 2}',
        b"NaN",
        b"Infinity",
        b"[-Infinity]",
        b"1e400",
        b'{"expires_in": -1e999}',
        b'"\\u0000"',
        b'"a\\u0000b"',
        b'{"\\u0000": 1}',
        b'["\\ud800"]',
        b'{"a": ["\\uDFFF"]}',
        b'"\\ud83d\\ud83d"',
        b'"\x00"',
        b"1" * 5000,
    ],
)
def test_what_means_nothing_or_two_things_is_refused(text):
    with pytest.raises(BadJson):
        loads(text)


def test_an_escaped_pair_is_no_lone_surrogate():
    assert loads(b'{"a": "\\ud83d\\ude00", "b": "\\\\u0000"}') == {"a": "😀", "b": "\\u0000"}


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_ends_at_64(opening, closing):
    def nested(depth):
        return (opening * depth + "1" + closing * depth).encode()

    assert loads(nested(strict_json.MAX_DEPTH))
    for depth in (strict_json.MAX_DEPTH + 1, 900, 100_000):
        with pytest.raises(BadJson):
            loads(nested(depth))


def test_the_error_quotes_nothing():
    with pytest.raises(BadJson) as caught:
        loads(b'{"access_token": "secret-token" oops}')
    assert "secret-token" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/problem+json", True),
        ("application/x-amz-json-1.1", True),
        ("text/html", False),
        ("text/json", False),
        ("application/jsonp", False),
        ("", False),
        (None, False),
    ],
)
def test_content_types_that_announce_json(content_type, expected):
    assert is_json_type(content_type) is expected
