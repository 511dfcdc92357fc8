"""Find the flaws of one redirect URI, without comparing it with another one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from domain.redirect_uris.parts import (
    MAX_LENGTH,
    Parts,
    address_of,
    around_invisible,
    ascii_host,
    blanks_around,
    names_of,
    names_this_machine,
    seen,
    spelled,
    split,
)
from domain.redirect_uris.steps import without_dot_segments
from domain.redirect_uris.words import FLAWS, SCRIPT_SCHEMES, WEB_SCHEMES
from domain.text.escapes import is_invisible


@dataclass(frozen=True)
class Flaw:
    """One flaw of a redirect URI; `piece` is the text that has the flaw."""

    part: str
    code: str
    title: str
    words: str
    piece: str


def flaws(uri: str) -> tuple[Flaw, ...]:
    """Return the flaws of a redirect URI, each once."""
    return tuple(dict.fromkeys(_flaws(uri)))


def _flaw(part: str, code: str, piece: str) -> Flaw:
    title, words = FLAWS[code]
    return Flaw(part, code, title, words, spelled(piece))


def _flaws(uri: str) -> Iterator[Flaw]:
    if len(uri) > MAX_LENGTH:
        yield _flaw("whole", "too_long", uri)
        return
    if any(map(is_invisible, uri)):
        hidden = names_of("".join(filter(is_invisible, uri)))
        yield _flaw("whole", "invisible_characters", f"{around_invisible(uri)} ({hidden})")
    if any(blanks_around(uri)):
        yield _flaw("whole", "surrounding_blanks", uri)
    text = seen(uri)
    if "\\" in text:
        yield _flaw("whole", "backslash", text)
    parts = split(text.replace("\\", "/"))
    yield from chain(_scheme_flaws(text, parts), _host_flaws(parts), _rest_flaws(text, parts))


def _scheme_flaws(uri: str, parts: Parts) -> Iterator[Flaw]:
    scheme = (parts.scheme or "").lower()
    if scheme in SCRIPT_SCHEMES:
        yield _flaw("scheme", "script_scheme", scheme)
    elif scheme and scheme not in WEB_SCHEMES:
        yield _flaw("scheme", "custom_scheme", scheme)
    elif not parts.is_absolute:
        yield _flaw("whole", "not_absolute", uri)
    elif scheme == "http" and not names_this_machine(parts.host):
        yield _flaw("scheme", "plain_http", uri)


def _host_flaws(parts: Parts) -> Iterator[Flaw]:
    host, port = parts.host or "", parts.port
    if parts.userinfo is not None:
        yield _flaw("userinfo", "userinfo", f"{parts.userinfo}@")
    if not host.isascii():
        yield _flaw("host", "idn_spelling", f"{host} ({ascii_host(host)})")
    if any(character in ' []<>"%^`{|}' for character in host) and not (
        host.startswith("[") and host.endswith("]") and address_of(host)
    ):
        yield _flaw("host", "bad_host", host)
    if port and "*" not in port and not (port.isascii() and port.isdigit() and 1 <= int(port[:6]) <= 65535):
        yield _flaw("port", "bad_port", f":{port}")


def _rest_flaws(uri: str, parts: Parts) -> Iterator[Flaw]:
    if "*" in uri:
        yield _flaw("whole", "wildcard", uri)
    if parts.fragment is not None:
        yield _flaw("fragment", "fragment", f"#{parts.fragment}")
    if without_dot_segments(parts.path) != parts.path:
        yield _flaw("path", "dot_segments", parts.path)
