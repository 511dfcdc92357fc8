"""Parse JSON from a remote system, as strictly as RFC 8259 and RFC 7493 (I-JSON) allow, or leniently.

`loads` is for answers that decide something, such as tokens. `loads_leniently` is for data, where one odd character
must not make a whole list unreadable.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from providers.records import REPLACEMENT

MAX_DEPTH = 64
MAX_DIGITS = 1_000
MAX_EXACT = 2**53
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# An escaped NUL or half of a surrogate pair. A valid pair matches too, so a match only causes a closer check.
_SUSPICIOUS_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
_JSON_TYPE = re.compile(r"application/(?:json|x-amz-json-1\.[01]|[a-z0-9.-]+\+json)")


class BadJson(ValueError):
    """The text is not JSON, or its meaning is ambiguous."""


def loads(body: bytes) -> Any:
    """Parse a JSON text. A byte order mark before it is skipped, as RFC 8259 section 8.1 allows.

    Raises BadJson for text that is not JSON, invalid UTF-8, duplicate keys, NaN and infinities (also as 1e400), nesting
    deeper than 64, and strings with NUL or lone surrogates.
    """
    try:
        text = body.removeprefix(BYTE_ORDER_MARK).decode("utf-8")
        value = _DECODER.decode(text)
    except BadJson:
        raise
    except RecursionError:
        raise BadJson("nested too deeply") from None
    except ValueError as error:
        # The error's message and cause are dropped, because they quote the text, which may hold a token.
        raise BadJson(_kind_of(error)) from None
    _check_depth(value)
    if "\\" in text and _SUSPICIOUS_ESCAPE.search(text):
        _check_strings(value)
    return value


def loads_leniently(body: bytes, *, keys_once: bool = False) -> Any:
    """Parse a JSON text and repair what can be repaired.

    Invalid UTF-8, NUL and lone surrogates become U+FFFD. Numbers that are none or have thousands of digits become
    null, and so does what is nested deeper than 64. The last one of duplicate keys counts, unless `keys_once` forbids
    them. Raises BadJson for text that is not JSON, or nested deeper than the parser can follow.
    """
    decoder = _KEYS_ONCE_DECODER if keys_once else _LENIENT_DECODER
    try:
        value = decoder.decode(body.removeprefix(BYTE_ORDER_MARK).decode("utf-8", "replace"))
    except BadJson:
        raise
    except RecursionError:
        raise BadJson("nested too deeply") from None
    except ValueError as error:
        raise BadJson(_kind_of(error)) from None
    return _repaired(value)


def is_json_type(content_type: str | None) -> bool:
    """Say whether a Content-Type header names JSON, including Amazon's `application/x-amz-json-1.1`."""
    media_type = (content_type or "").partition(";")[0].strip().lower()
    return _JSON_TYPE.fullmatch(media_type) is not None


def _kind_of(error: ValueError) -> str:
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else "not JSON"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise BadJson("a key comes twice")
    return value


def _refuse_constant(_name: str) -> NoReturn:
    raise BadJson("not a finite number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise BadJson("not a finite number")
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_finite)


def _finite_or_none(digits: str) -> float | int | None:
    value = float(digits)
    if value.is_integer() and abs(value) < MAX_EXACT:
        return int(value)
    return value if math.isfinite(value) else None


def _int_or_none(digits: str) -> int | None:
    # Python refuses to read longer numbers, because that takes long.
    return int(digits) if len(digits) <= MAX_DIGITS else None


_REPAIRS: dict[str, Any] = {
    "parse_int": _int_or_none,
    "parse_constant": lambda _name: None,
    "parse_float": _finite_or_none,
    "strict": False,
}
_LENIENT_DECODER = json.JSONDecoder(**_REPAIRS)
_KEYS_ONCE_DECODER = json.JSONDecoder(**_REPAIRS, object_pairs_hook=_object)


def _repaired(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return _FORBIDDEN.sub(REPLACEMENT, value)
    if not isinstance(value, (dict, list)):
        return value
    if depth >= MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {_repaired(key): _repaired(child, depth + 1) for key, child in value.items()}
    return [_repaired(child, depth + 1) for child in value]


def _check_depth(value: Any) -> None:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else parent)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return
    raise BadJson("nested too deeply")


def _check_strings(value: Any) -> None:
    if isinstance(value, str):
        if _FORBIDDEN.search(value):
            raise BadJson("a string holds NUL or half a surrogate pair")
    elif isinstance(value, dict):
        for key, child in value.items():
            _check_strings(key)
            _check_strings(child)
    elif isinstance(value, list):
        for child in value:
            _check_strings(child)
