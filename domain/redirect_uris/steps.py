"""Find which common spelling variations explain why two pieces of a URI differ.

A `Step` normalizes one kind of variation. If all steps together make two texts equal, the steps that are needed for
that are the differences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from urllib.parse import unquote_to_bytes

from domain.redirect_uris.lookalikes import host_in_ascii, in_ascii
from domain.redirect_uris.parts import address_of, ascii_host, names_this_machine

Step = tuple[str, Callable[[str], str]]

_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED_ESCAPE = re.compile(
    r"%(?:4[1-9A-Fa-f]|5[0-9Aa]|6[1-9A-Fa-f]|7[0-9Aa]|3[0-9]|2[DdEe]|5[Ff]|7[Ee])"
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_PUNCTUATION = "\"'`),.;>]}“”„‘’»«…"
_ESCAPED_PUNCTUATION = re.compile(
    r"%(?:20|22|27|29|2C|2E|3B|3E|5D|7D|0A|0D|C2%(?:AB|BB)|E2%80%(?:9[89CDE]|A6))\Z", re.IGNORECASE
)
# The longest text that the expression above matches.
_LONGEST_ESCAPE = 9


def explain(sent: str, registered: str, steps: Sequence[Step]) -> list[str] | None:
    """Return the codes of the steps that are needed to make both equal, in the order of `steps`; None if all fail.

    Late steps are dropped first. If two steps would do, the broader one must therefore come after the narrower one.
    """
    if _apply(sent, steps) != _apply(registered, steps):
        return None
    needed = list(steps)
    for step in reversed(steps):
        fewer = [one for one in needed if one is not step]
        if _apply(sent, fewer) == _apply(registered, fewer):
            needed = fewer
    return [code for code, _ in needed]


def _apply(text: str, steps: Sequence[Step]) -> str:
    for _, change in steps:
        text = change(text)
    return text


def _address_or_host(host: str) -> str:
    return address_of(host) or host


def _one_loopback(host: str) -> str:
    return "localhost" if names_this_machine(host) and not host.lower().endswith(".localhost") else host


def _one_for_any_address(host: str) -> str:
    """Return one name for this machine and for the addresses that mean all of its addresses."""
    return "localhost" if names_any_address(host) or names_this_machine(host) else host


def names_any_address(host: str | None) -> bool:
    """Tell if a host is 0.0.0.0 or [::], in any spelling."""
    return address_of((host or "").removesuffix(".")) in {"0.0.0.0", "::"}  # noqa: S104 (compared, not bound)


def _escape_not_ascii(text: str) -> str:
    return _NOT_ASCII.sub(
        lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass")), text
    )


def _decode(text: str) -> str:
    return unquote_to_bytes(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")


def _lower_outside_escapes(text: str) -> str:
    return "".join(
        piece if _ESCAPE.fullmatch(piece) else piece.lower()
        for piece in re.split(f"({_ESCAPE.pattern})", text)
    )


def _without_punctuation(text: str) -> str:
    """Return a text without the punctuation at its end, percent-encoded or not."""
    while True:
        text = text.rstrip(_PUNCTUATION)
        found = _ESCAPED_PUNCTUATION.search(text, max(0, len(text) - _LONGEST_ESCAPE))
        if not found:
            return text
        text = text[: found.start()]


def without_dot_segments(path: str) -> str:
    """Return a path without dot segments (RFC 3986, section 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/".join(kept)


_ENCODING: tuple[Step, ...] = (
    ("double_encoding", lambda text: re.sub(r"%25(?=[0-9A-Fa-f]{2})", "%", text)),
    ("percent_case", lambda text: _ESCAPE.sub(lambda found: found[0].upper(), text)),
    ("needless_encoding", lambda text: _UNRESERVED_ESCAPE.sub(lambda found: _decode(found[0]), text)),
    ("blank_encoding", lambda text: re.sub(r"[+ ]", "%20", text)),
    ("lookalike_letter", in_ascii),
    ("unencoded_character", _escape_not_ascii),
)
_DECODING: tuple[Step, ...] = (("encoded_character", _decode),)

HOST_STEPS: tuple[Step, ...] = (
    ("host_case", str.lower),
    ("trailing_dot", lambda host: host.removesuffix(".")),
    ("lookalike_letter", host_in_ascii),
    ("idn_spelling", ascii_host),
    ("www_prefix", lambda host: re.sub(r"^www\.", "", host, flags=re.IGNORECASE)),
    ("ip_spelling", _address_or_host),
    ("loopback_name", _one_loopback),
    ("any_address", _one_for_any_address),
)
PATH_STEPS: tuple[Step, ...] = (
    *_ENCODING,
    ("dot_segments", without_dot_segments),
    ("doubled_slash", lambda path: re.sub(r"/{2,}", "/", path)),
    ("pasted_end", _without_punctuation),
    ("trailing_slash", lambda path: path.removesuffix("/")),
    ("path_case", _lower_outside_escapes),
    *_DECODING,
)
QUERY_STEPS: tuple[Step, ...] = (
    *_ENCODING,
    ("pasted_end", _without_punctuation),
    ("query_order", lambda query: "&".join(sorted(query.split("&")))),
    *_DECODING,
)


def plainly_encoded(text: str) -> str:
    """Return a piece with its percent-encoding normalized."""
    return _apply(text, _ENCODING)
