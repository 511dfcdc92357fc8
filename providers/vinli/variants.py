"""The usual variants of a redirect URI: what was registered in its place when the two differ by a little."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace

MAX_VARIANTS = 12

# RFC 3986, appendix B: takes any text. `urlsplit` refuses some, and drops characters from others.
_PARTS = re.compile(r"(?:([^:/?#]+):)?(//[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?", re.S)
_HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(:.*)?", re.S)
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_OTHER_SCHEMES = {"http": "https", "https": "http"}


@dataclass(frozen=True, slots=True)
class Variant:
    """A redirect URI like another one. `name` is stable, `title` says in few words what is different."""

    name: str
    title: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class _Uri:
    """A URI in parts, delimiters included, that make the whole again. `host` is None without an authority."""

    scheme: str
    user: str
    host: str | None
    port: str
    path: str
    query: str
    fragment: str

    @property
    def text(self) -> str:
        authority = "" if self.host is None else f"//{self.user}{self.host}{self.port}"
        return f"{self.scheme}:{authority}{self.path}{self.query}{self.fragment}"


def variants(redirect_uri: str) -> tuple[Variant, ...]:
    """Return at most twelve variants, each once and never the given one; none for what is no absolute URI."""
    uri = _parted(redirect_uri)
    if uri is None:
        return ()
    found: dict[str, Variant] = {}
    for name, title, changed in _changes(uri):
        if changed.text != redirect_uri:
            found.setdefault(changed.text, Variant(name, title, changed.text))
    return tuple(found.values())[:MAX_VARIANTS]


def control() -> Variant:
    """Return a redirect URI that nobody can have registered (RFC 2606, section 2): new each time, and never visited."""
    name = secrets.token_hex(8)
    return Variant("control", "A control that nobody registered", f"https://{name}.invalid/{name}")


def _parted(text: str) -> _Uri | None:
    whole = _PARTS.fullmatch(text)
    if whole is None or not whole[1]:
        return None
    scheme, authority, path, query, fragment = (part or "" for part in whole.groups())
    if not authority:
        return _Uri(scheme, "", None, "", path, query, fragment)
    user, at, place = authority[2:].rpartition("@")
    named = _HOST_AND_PORT.fullmatch(place)
    if named is None:
        return None
    return _Uri(scheme, user + at, named[1], named[2] or "", path, query, fragment)


def _changes(uri: _Uri) -> Iterator[tuple[str, str, _Uri]]:
    """Yield the changes, those that people meet most often first."""
    yield from _of_slash(uri)
    yield from _of_place(uri)
    yield from _of_path(uri)
    yield from _of_query(uri)


def _of_slash(uri: _Uri) -> Iterator[tuple[str, str, _Uri]]:
    if uri.path.endswith("/"):
        yield "without_slash", "Without the trailing slash", replace(uri, path=uri.path[:-1])
    else:
        yield "with_slash", "With a trailing slash", replace(uri, path=uri.path + "/")


def _of_place(uri: _Uri) -> Iterator[tuple[str, str, _Uri]]:
    scheme = uri.scheme.lower()
    if scheme not in _OTHER_SCHEMES or not uri.host:
        return
    other, port = _OTHER_SCHEMES[scheme], _DEFAULT_PORTS[scheme]
    changed = "" if uri.port == port else uri.port  # a port goes along unless it is the old scheme's own
    yield other, f"With {other}", replace(uri, scheme=other, port=changed)
    if uri.host.lower() in _LOOPBACK:
        for host in _LOOPBACK:
            yield f"host_{host.strip('[]')}", f"With {host} for the host", replace(uri, host=host)
    if uri.port:
        yield "without_port", "Without the port", replace(uri, port="")
    else:
        yield "with_port", f"With {port} spelled out", replace(uri, port=port)
    yield "host_lower", "With the host in small letters", replace(uri, host=uri.host.lower())
    yield "host_upper", "With the host in capitals", replace(uri, host=uri.host.upper())


def _of_path(uri: _Uri) -> Iterator[tuple[str, str, _Uri]]:
    yield "path_lower", "With the path in small letters", replace(uri, path=uri.path.lower())
    if first := re.match(r"/[^/]+(?=/.)", uri.path):
        yield "first_path", "With the first part of the path alone", replace(uri, path=first[0])
    if letter := re.search(r"[A-Za-z0-9](?=[^/]*/?\Z)", uri.path[-200:]):
        at = max(0, len(uri.path) - 200) + letter.start()
        encoded = f"{uri.path[:at]}%{ord(uri.path[at]):02X}{uri.path[at + 1 :]}"
        yield "encoded", "With a letter percent-encoded", replace(uri, path=encoded)


def _of_query(uri: _Uri) -> Iterator[tuple[str, str, _Uri]]:
    if uri.query:
        yield "without_query", "Without the query", replace(uri, query="")
    more = f"{uri.query}&from=workbench" if len(uri.query) > 1 else "?from=workbench"
    yield "with_query", "With a query added", replace(uri, query=more)
    if uri.fragment:
        yield "without_fragment", "Without the fragment", replace(uri, fragment="")
