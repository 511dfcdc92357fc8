"""Checks of the typed-in fields of an authorization request, with an error text for each mistake."""

from __future__ import annotations

import re
from collections.abc import Mapping

from domain.redirect_uris.parts import split

RESPONSE_TYPES = ("code", "token")
MAX_FIELD = 2048
MAX_EXTRA = 4096
MIN_STATE = 16

LINE_FIELDS = ("client_id", "redirect_uri", "response_type", "state", "scope", "pkce")
# C0 and C1 controls, separators that some programs take for line ends, and lone surrogates, which cannot be encoded.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_BUT_LINE_ENDS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):.", re.S)
# Addresses with these schemes run a script or hold data and do not name a place.
_REFUSED_SCHEMES = frozenset({"javascript", "data", "vbscript"})
# RFC 6749, appendix A: the characters of a parameter's name and of a state.
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_STATE = re.compile(r"[\x20-\x7e]*")
_OWN = frozenset(
    "response_type client_id redirect_uri scope state code_challenge code_challenge_method".split()
)
# Browsers read a backslash as a slash, and "http:" with one slash or none like "http://" (WHATWG URL, section 4.4).
_USER_INFO = re.compile(r"(?:https?:[/\\]*|[^:/?#]+://)[^/?#\\]*@", re.I)
# Secrets belong only in token requests, because histories and logs keep addresses.
_SECRET = re.compile(
    r"(?:auth\w*_)?code|auth|authorization|otp|pin|pwd|sid|sig"
    r"|.*(?:secret|token|passw|passcode|passphrase|verifier|assertion|api[-_.]?key).*"
    r"|.*(?:sess(?:ion|id)|cookie|credential|bearer|jwt).*",
    re.I,
)
# These may be sent (OpenID Connect Core, section 3.1.2.1; RFC 9101, section 5). They hold personal data or are valid
# only once, so links leave them out.
_PRIVATE = frozenset("id_token_hint login_hint request request_uri nonce".split())


def is_private(name: str) -> bool:
    """Tell if an extra parameter must be left out of a link that people share."""
    return name.lower() in _PRIVATE


def without_controls(text: str) -> str:
    """Return a text for a field that is sent again, with U+FFFD in place of control characters."""
    return _CONTROL_BUT_LINE_ENDS.sub("\ufffd", text)


def errors_of(texts: Mapping[str, str], *, begins_run: bool) -> dict[str, str]:
    """Return error texts by field; empty if all fields can be sent.

    If the request begins a run, its state identifies the run, so a short state is an error too.
    """
    found = {name: _error_of_line(name, texts[name]) for name in LINE_FIELDS}
    found["extra"] = _error_of_extra(texts["extra"])
    if texts["response_type"] == "code" and ":" in texts["client_id"]:
        found["client_id"] = found["client_id"] or (
            "HTTP Basic cannot carry a colon in a client id (RFC 7617, section 2), so no code could be exchanged."
        )
    if begins_run and 0 < len(texts["state"]) < MIN_STATE:
        found["state"] = found["state"] or (
            f"It stands for the run, so it must not be guessable: give at least {MIN_STATE} characters, or none."
        )
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
            return "Choose code or token."
        case "pkce" if text not in ("", "on", "off"):
            return "Choose on or off."
        case "state" if not _STATE.fullmatch(text):
            return "A state holds letters, digits and signs of ASCII alone (RFC 6749, appendix A.5)."
    return None


def _error_of_redirect_uri(text: str) -> str | None:
    found = _SCHEME.match(text)
    # A text that looks like a scheme may be a host with its port.
    if found is None or split(text).scheme is None:
        return "This is not a whole address: it begins with a scheme, like https:// or myApp://."
    if found[1].lower() in _REFUSED_SCHEMES:
        return f"{found[1].lower()}: names no place to come back to."
    if _USER_INFO.match(text):
        return "This holds a user name in front of the host: addresses are kept in histories and logs."
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
        return f"{name} is set by this form, and may be sent only once (RFC 6749, section 3.1)."
    if name in names:
        return f"{name} came twice; a parameter may be sent only once (RFC 6749, section 3.1)."
    if not is_private(name) and _SECRET.fullmatch(name):
        return (
            f"{name} does not belong in an authorization request: addresses are kept in histories and logs."
        )
    return None
