"""Common variants of a redirect URI: people often register one of these by mistake."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace

from domain.redirect_uris.parts import Parts, split

MAX_VARIANTS = 12

# Brackets enclose the whole host or do not occur (RFC 3986, section 3.2.2).
_HOST = re.compile(r"\[[^\[\]]*\]|[^\[\]]*", re.S)
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
# The other scheme, by the default port of the present one.
_OTHER_SCHEMES = {"80": "https", "443": "http"}


@dataclass(frozen=True, slots=True)
class Variant:
    """A redirect URI that is similar to another one. `name` is stable; `title` tells the difference in a few words."""

    name: str
    title: str
    redirect_uri: str


def variants(redirect_uri: str) -> tuple[Variant, ...]:
    """Return at most twelve variants, each once and never the given URI; none if it is not an absolute URI."""
    uri = split(redirect_uri)
    if uri.scheme is None or not _HOST.fullmatch(uri.host or ""):
        return ()
    found: dict[str, Variant] = {}
    for name, title, changed in _changes(uri):
        text = _text_of(changed)
        if text != redirect_uri:
            found.setdefault(text, Variant(name, title, text))
    return tuple(found.values())[:MAX_VARIANTS]


def control() -> Variant:
    """Return a new random redirect URI that nobody can have registered (RFC 2606, section 2). No browser visits it."""
    name = secrets.token_hex(8)
    return Variant("control", "A control that nobody registered", f"https://{name}.invalid/{name}")


def _text_of(uri: Parts) -> str:
    """Join the parts again: the inverse of `split` for a URI with a scheme."""
    authority = f"//{_set_off(uri.userinfo, '', '@')}{uri.host}{_set_off(uri.port, ':')}"
    return (
        f"{uri.scheme}:{'' if uri.host is None else authority}{uri.path}"
        f"{_set_off(uri.query, '?')}{_set_off(uri.fragment, '#')}"
    )


def _set_off(piece: str | None, before: str, after: str = "") -> str:
    return "" if piece is None else f"{before}{piece}{after}"


def _changes(uri: Parts) -> Iterator[tuple[str, str, Parts]]:
    """Yield the changes, the most common mistakes first."""
    yield from _of_slash(uri)
    yield from _of_place(uri)
    yield from _of_path(uri)
    yield from _of_query(uri)


def _of_slash(uri: Parts) -> Iterator[tuple[str, str, Parts]]:
    if uri.path.endswith("/"):
        yield "without_slash", "Without the trailing slash", replace(uri, path=uri.path[:-1])
    else:
        yield "with_slash", "With a trailing slash", replace(uri, path=uri.path + "/")


def _of_place(uri: Parts) -> Iterator[tuple[str, str, Parts]]:
    port = uri.default_port
    if port is None or not uri.host:
        return
    other = _OTHER_SCHEMES[port]
    changed = None if uri.port == port else uri.port  # keep the port unless it is the old scheme's default
    yield other, f"With {other}", replace(uri, scheme=other, port=changed)
    if uri.host.lower() in _LOOPBACK:
        for host in _LOOPBACK:
            yield f"host_{host.strip('[]')}", f"With {host} for the host", replace(uri, host=host)
    if uri.port is None:
        yield "with_port", f"With :{port} spelled out", replace(uri, port=port)
    else:
        yield "without_port", "Without the port", replace(uri, port=None)
    yield "host_lower", "With the host in small letters", replace(uri, host=uri.host.lower())
    yield "host_upper", "With the host in capitals", replace(uri, host=uri.host.upper())


def _of_path(uri: Parts) -> Iterator[tuple[str, str, Parts]]:
    yield "path_lower", "With the path in small letters", replace(uri, path=uri.path.lower())
    if first := re.match(r"/[^/]+(?=/.)", uri.path):
        yield "first_path", "With the first part of the path alone", replace(uri, path=first[0])
    if letter := re.search(r"[A-Za-z0-9](?=[^/]*/?\Z)", uri.path[-200:]):
        at = max(0, len(uri.path) - 200) + letter.start()
        encoded = f"{uri.path[:at]}%{ord(uri.path[at]):02X}{uri.path[at + 1 :]}"
        yield "encoded", "With a letter percent-encoded", replace(uri, path=encoded)


def _of_query(uri: Parts) -> Iterator[tuple[str, str, Parts]]:
    if uri.query is not None:
        yield "without_query", "Without the query", replace(uri, query=None)
    more = f"{uri.query}&from=workbench" if uri.query else "from=workbench"
    yield "with_query", "With a query added", replace(uri, query=more)
    if uri.fragment is not None:
        yield "without_fragment", "Without the fragment", replace(uri, fragment=None)
