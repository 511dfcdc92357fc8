"""Check the form of the query that comes back to the redirect URI (RFC 6749, sections 4.1.2 and 4.1.2.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

# RFC 6749 limits no parameter, so only the whole response is limited. It is less than a server accepts as a head.
MAX_TOTAL = 16 * 1024

_KNOWN = ("state", "code", "error", "error_description", "error_uri")
# Nothing is done with the texts, so that they may come twice.
_DECIDING = ("state", "code", "error", "iss")
# What a pasted or rewritten address may put before the first name: another question mark, a blank, a mark.
_BEFORE_NAMES = re.compile("^[^a-z]+")
# RFC 6749, appendices A.5, A.7 and A.11: state and code are VSCHAR, error leaves out the quote and backslash.
_VSCHAR = re.compile(r"[\x20-\x7e]*")
_ERROR = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")


class BadCallback(ValueError):
    """The query is not a valid authorization response.

    `reason` is "repeated" (a parameter that decides occurs twice), "malformed" (forbidden characters), "too_long" (all
    together), "escaped" (an ampersand was replaced by its HTML entity), "renamed" (the names have other capitals, or
    something before them), "no_query" (no parameter at all), "empty" (neither code nor error, with or without a state),
    "no_state", "both" (code and error) or "issuer" (not the configured one, RFC 9207). `longest` is the known name with
    the longest value, and `length` that value's length.
    """

    def __init__(self, reason: str, longest: str = "", length: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.longest = longest
        self.length = length


@dataclass(frozen=True)
class CallbackQuery:
    """A well-formed authorization response: a state, and either a code or an error."""

    state: str = field(repr=False)
    code: str | None = field(repr=False)
    error: str | None

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[str, str]], issuer: str | None = None) -> Self:
        """Read the query's (name, value) pairs. Raises BadCallback.

        Parameters without a value count as omitted, and unknown ones are ignored (RFC 6749, section 3.1). `iss` is
        checked only if an `issuer` is configured, and must then be equal to it.
        """
        pairs = list(pairs)
        if not pairs:
            raise BadCallback("no_query")
        _check_length(pairs)
        values = _known_values(pairs, (*_KNOWN, "iss") if issuer else _KNOWN)
        state, code, error = (values.get(name) for name in ("state", "code", "error"))
        if not state or not (code or error):
            _check_names(pairs)
        if not any((state, code, error)):
            raise BadCallback("empty")
        if not state:
            raise BadCallback("no_state")
        if code and error:
            raise BadCallback("both")
        if not code and not error:
            raise BadCallback("empty")
        if issuer and values.get("iss") != issuer:
            raise BadCallback("issuer")
        return cls(state, code, error)


def _known_values(pairs: Iterable[tuple[str, str]], known: tuple[str, ...]) -> dict[str, str]:
    """Return the known parameters that have a value. Raises BadCallback for repeated and malformed ones."""
    seen: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            continue
        if name in seen and name in _DECIDING:
            raise BadCallback("repeated")
        seen[name] = value
    if any(map(_is_malformed, seen, seen.values())):
        raise BadCallback("malformed")
    return {name: value for name, value in seen.items() if value}


def _is_malformed(name: str, value: str) -> bool:
    if name == "error":
        return not _ERROR.fullmatch(value)
    return name in ("state", "code") and not _VSCHAR.fullmatch(value)


def _check_length(pairs: list[tuple[str, str]]) -> None:
    if sum(len(name) + len(value) for name, value in pairs) <= MAX_TOTAL:
        return
    length, longest = max((len(value), name) for name, value in pairs)
    raise BadCallback("too_long", longest if longest in (*_KNOWN, "iss") else "another parameter", length)


def _check_names(pairs: list[tuple[str, str]]) -> None:
    """Raise BadCallback if known names arrived in a changed spelling, which explains what is missing."""
    names = {name for name, _ in pairs}
    if any(name.lower().startswith("amp;") for name in names):
        raise BadCallback("escaped")
    if any(name not in _KNOWN and _BEFORE_NAMES.sub("", name.lower()) in _KNOWN for name in names):
        raise BadCallback("renamed")
