"""Find the flaws of one redirect URI, without comparing it with another one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from domain.redirect_uris.lookalikes import look_alikes
from domain.redirect_uris.marking import named
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
from domain.redirect_uris.steps import names_any_address, without_dot_segments
from domain.redirect_uris.words import FLAWS, SCRIPT_SCHEMES, WEB_SCHEMES
from domain.text.escapes import is_invisible

# One of these flaws explains all differences: the text has no host and no path to compare.
UNCOMPARABLE = (
    *(
        "several_addresses",
        "doubled_scheme",
        "encoded_address",
        "text_around",
        "broken_scheme",
        "not_absolute",
    ),
    *("port_separator", "port_behind_path"),
)
_DOUBLED_SCHEME = re.compile(r"https?:?/*https?:?//", re.IGNORECASE)
_BROKEN_SCHEME = re.compile(r"https?(?:[;.,]?//|:/?(?!/)|:///)", re.IGNORECASE)
_ADDRESS_START = re.compile(r"(?:\A|[\s,;|<>\"'])[a-z][a-z0-9+.-]{0,20}://|(?<=[^/])https?://", re.IGNORECASE)
_TEXT_BEFORE = re.compile(r"[^/?#]{0,200}?[^A-Za-z0-9+.\-/](?=https?://)", re.IGNORECASE)
_ENCODED_ADDRESS = re.compile(r"https?%(?:25)*3A(?:%(?:25)*2F|/){2}|https?:(?:%(?:25)*2F){2}", re.IGNORECASE)
# Characters that people take for a colon, before the digits of a port.
_PORT_SEPARATOR = re.compile(r"(?P<odd>[;,\uff1a\ufe55\u2236\ua789\u02d0\u0589\u05c3])\d{1,5}\Z")
_PORT_BEHIND_PATH = re.compile(r":\d{2,5}/?\Z")


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
    if len(_ADDRESS_START.findall(uri.partition("?")[0])) > 1:
        yield _flaw("whole", "several_addresses", uri)
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
    elif _ENCODED_ADDRESS.match(uri):
        yield _flaw("whole", "encoded_address", uri)
    elif _DOUBLED_SCHEME.match(uri):
        yield _flaw("whole", "doubled_scheme", uri)
    elif _TEXT_BEFORE.match(uri):
        yield _flaw("whole", "text_around", uri)
    elif scheme and scheme not in WEB_SCHEMES:
        yield _flaw("scheme", "custom_scheme", scheme)
    elif _BROKEN_SCHEME.match(uri):
        yield _flaw("whole", "broken_scheme", uri)
    elif not parts.is_absolute:
        yield _flaw("whole", "not_absolute", uri)
    elif scheme == "http" and not _may_be_local(parts.host or ""):
        yield _flaw("scheme", "plain_http", uri)


def _may_be_local(host: str) -> bool:
    """Tell if plain http is allowed for a host. What stands in place of the colon before a port does not count."""
    name = _PORT_SEPARATOR.sub("", host)
    return names_this_machine(name) or names_any_address(name)


def _host_flaws(parts: Parts) -> Iterator[Flaw]:
    host, port = parts.host or "", parts.port
    if port is None and (found := _PORT_SEPARATOR.search(host)):
        yield _flaw("port", "port_separator", named(found["odd"]))
        return
    if port is None and host and _PORT_BEHIND_PATH.search(parts.path):
        yield _flaw("port", "port_behind_path", parts.path)
    if ":" in host and not host.startswith("["):
        yield _flaw("host", "ipv6_brackets", host)
    if parts.userinfo is not None:
        yield _flaw("userinfo", "userinfo", f"{parts.userinfo}@")
    if names_any_address(host):
        yield _flaw("host", "any_address", host)
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
    if letters := look_alikes(parts.path + (parts.query or "")):
        yield _flaw("path", "lookalike_letter", named(letters))
    if parts.fragment is not None:
        yield _flaw("fragment", "fragment", f"#{parts.fragment}")
    if without_dot_segments(parts.path) != parts.path:
        yield _flaw("path", "dot_segments", parts.path)
