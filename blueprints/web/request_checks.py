"""What may stand in the fields of an authorization request that somebody types, and in words why not."""

from __future__ import annotations

import re
from collections.abc import Mapping

RESPONSE_TYPES = ("code", "token")
MAX_FIELD = 2048
MAX_EXTRA = 4096

LINE_FIELDS = ("client_id", "redirect_uri", "response_type", "state", "scope", "pkce")
# C0, C1, separators that some take for line ends, and halves of pairs that no encoding holds.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_BUT_LINE_ENDS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):.", re.S)
# Addresses that run or hold something instead of naming a place.
_REFUSED_SCHEMES = frozenset({"javascript", "data", "vbscript"})
# RFC 6749, appendix A: a parameter's name, and what a state is made of.
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_STATE = re.compile(r"[\x20-\x7e]*")
_OWN = frozenset(
    "response_type client_id redirect_uri scope state code_challenge code_challenge_method".split()
)
# They belong in token requests or nowhere: an address is written down in histories and logs.
_SECRET = re.compile(r"code|.*(?:secret|token|password|passwd|verifier|assertion|api_?key)", re.I)
# A hint may be sent, and holds a token of somebody: it stays out of links.
PRIVATE_HINTS = frozenset({"id_token_hint"})


def visible(text: str) -> str:
    """Return a text in which nothing is hidden: control characters give way to a sign for them."""
    return _CONTROL_BUT_LINE_ENDS.sub("\ufffd", text)


def errors_of(texts: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong, by field; empty when all of it can be sent."""
    found = {name: _error_of_line(name, texts[name]) for name in LINE_FIELDS}
    found["extra"] = _error_of_extra(texts["extra"])
    return {name: error for name, error in found.items() if error}


def _error_of_line(name: str, text: str) -> str | None:
    if len(text) > MAX_FIELD:
        return f"This is longer than {MAX_FIELD:,} characters."
    if _CONTROL.search(text):
        return "This holds a line break or another character that cannot be seen."
    match name:
        case "client_id" if not text:
            return "Give the OAuth client’s id."
        case "redirect_uri":
            return _error_of_redirect_uri(text)
        case "response_type" if text not in RESPONSE_TYPES:
            return "This is code or token."
        case "pkce" if text not in ("", "on", "off"):
            return "This is on or off."
        case "state" if not _STATE.fullmatch(text):
            return "A state holds letters, digits and signs of ASCII alone (RFC 6749, appendix A.5)."
    return None


def _error_of_redirect_uri(text: str) -> str | None:
    found = _SCHEME.match(text)
    if found is None:
        return "This is no whole address: it begins with a scheme, like https:// or myApp://."
    if found[1].lower() in _REFUSED_SCHEMES:
        return f"{found[1].lower()}: names no place to come back to."
    return None


def _error_of_extra(text: str) -> str | None:
    if len(text) > MAX_EXTRA:
        return f"This is longer than {MAX_EXTRA:,} characters."
    if _CONTROL_BUT_LINE_ENDS.search(text):
        return "This holds a character that cannot be seen."
    names: set[str] = set()
    for line in filter(str.strip, text.split("\n")):
        name, equals, _ = line.partition("=")
        if error := _error_of_name(name.strip(), names, has_value=bool(equals)):
            return error
        names.add(name.strip())
    return None


def _error_of_name(name: str, names: set[str], *, has_value: bool) -> str | None:
    if not has_value or not _NAME.fullmatch(name):
        return "Each line is name=value; a name is of letters, digits, dots, dashes and underscores."
    if name in _OWN:
        return f"{name} is set by this form, and may be sent once only (RFC 6749, section 3.1)."
    if name in names:
        return f"{name} came twice; a parameter may be sent once only (RFC 6749, section 3.1)."
    if name not in PRIVATE_HINTS and _SECRET.fullmatch(name):
        return (
            f"{name} does not belong in an authorization request: addresses are kept in histories and logs."
        )
    return None
