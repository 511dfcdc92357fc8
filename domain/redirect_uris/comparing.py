"""Compare two redirect URIs part by part. They match only if they are the same text (RFC 9700, section 2.1).

All the rest explains why they do not match. No input makes these functions raise or run long: texts of more than
2,048 characters are not examined.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_plus

from domain.redirect_uris.flaws import UNCOMPARABLE, Flaw, flaws
from domain.redirect_uris.lookalikes import look_alikes
from domain.redirect_uris.marking import named
from domain.redirect_uris.parts import (
    MAX_LENGTH,
    Parts,
    around_invisible,
    blanks_around,
    seen,
    spelled,
    split,
)
from domain.redirect_uris.steps import (
    HOST_STEPS,
    PATH_STEPS,
    QUERY_STEPS,
    explain,
    plainly_encoded,
)
from domain.redirect_uris.words import DIFFERENCES, SCRIPT_SCHEMES, WEB_SCHEMES
from domain.text.escapes import is_invisible

__all__ = ["PORTAL", "UNCOMPARABLE", "Difference", "Flaw", "compare", "flaws", "spelled"]

_KNOWN_SCHEMES = SCRIPT_SCHEMES | {"ftp", "ftps", "ws", "wss", "mailto", "tel", "urn"}
PORTAL = "Vinli’s Developer Portal"


@dataclass(frozen=True)
class Difference:
    """One way in which two redirect URIs differ.

    `part` is "scheme", "userinfo", "host", "port", "path", "query", "fragment" or "whole". `sent` and `registered`
    are the pieces that differ: shortened, with escapes for invisible characters, "" if the piece is not there.
    """

    part: str
    code: str
    title: str
    words: str
    remedy: str
    sent: str
    registered: str


def compare(sent: str, registered: str) -> tuple[Difference, ...]:
    """Return the differences between the sent and the registered redirect URI; empty only if they are the same text.

    The remedy changes the registration, because the mistake is usually there.
    """
    if sent == registered:
        return ()
    found = tuple(dict.fromkeys(_differences(sent, registered)))
    return found or (_difference("whole", "other", sent, registered),)


def _difference(part: str, code: str, sent: str, registered: str) -> Difference:
    title, why = DIFFERENCES[code]
    shown, other = spelled(sent), spelled(registered)
    if not other:
        change = f"add “{shown}” to the registered redirect URI"
    elif not shown:
        change = f"remove “{other}” from the registered redirect URI"
    elif part == "whole":
        change = f"replace the registered redirect URI by “{shown}”"
    else:
        change = f"change the {part} of the registered redirect URI from “{other}” to “{shown}”"
    sides = (
        f"Sent: {f'“{shown}”' if shown else 'nothing'}; registered: {f'“{other}”' if other else 'nothing'}."
    )
    if code == "lookalike_letter" and (letters := look_alikes(sent + registered)):
        sides = f"{sides} The odd ones: {named(letters)}."
    return Difference(part, code, title, f"{why} {sides}", f"In {PORTAL}, {change}.", shown, other)


def _differences(sent: str, registered: str) -> Iterator[Difference]:
    if max(len(sent), len(registered)) > MAX_LENGTH:
        yield _difference("whole", "too_long", sent, registered)
        return
    yield from _unseen_differences(sent, registered)
    sent, registered = seen(sent), seen(registered)
    if sent.count("\\") != registered.count("\\"):
        yield _difference("whole", "backslash", sent, registered)
    sent, registered = sent.replace("\\", "/"), registered.replace("\\", "/")
    if sent != registered:
        yield from _seen_differences(sent, registered)


def _unseen_differences(sent: str, registered: str) -> Iterator[Difference]:
    lost = [[character for character in text if is_invisible(character)] for text in (sent, registered)]
    edges = [blanks_around(text) for text in (sent, registered)]
    is_all = seen(sent) == seen(registered)
    if lost[0] != lost[1] or (is_all and any(lost)):
        yield _difference(
            "whole", "invisible_characters", around_invisible(sent), around_invisible(registered)
        )
    if edges[0] != edges[1]:
        yield _difference("whole", "surrounding_blanks", sent, registered)


def _seen_differences(sent: str, registered: str) -> Iterator[Difference]:
    ours, theirs = split(sent), split(registered)
    if (ours.scheme is None) != (theirs.scheme is None):
        yield _difference("whole", "not_absolute", sent, registered)
        ours, theirs = _completed(sent, theirs.scheme), _completed(registered, ours.scheme)
        if not (ours.host and theirs.host):
            return
    elif (ours.scheme or "").lower() != (theirs.scheme or "").lower():
        code = _scheme_code(ours.scheme or "", theirs.scheme or "")
        yield _difference("scheme", code, ours.scheme or "", theirs.scheme or "")
        if code != "scheme_http_https":  # addresses of another kind have no other comparable parts
            return
    elif ours.scheme != theirs.scheme:
        yield _difference("scheme", "scheme_case", ours.scheme or "", theirs.scheme or "")
    yield from _authority_differences(ours, theirs)
    yield from _path_differences(ours.path, theirs.path)
    yield from _query_differences(ours.query, theirs.query)
    if ours.fragment != theirs.fragment:
        yield _difference("fragment", "fragment", _with("#", ours.fragment), _with("#", theirs.fragment))


def _completed(uri: str, scheme: str | None) -> Parts:
    """Split a URI as if it began with this scheme, unless it has a scheme or begins with its path."""
    parts = split(uri)
    if parts.scheme is not None or scheme is None or (uri.startswith("/") and not uri.startswith("//")):
        return parts
    return split(f"{scheme}://{uri.removeprefix('//')}")


def _scheme_code(sent: str, registered: str) -> str:
    odd = {sent.lower(), registered.lower()} - set(WEB_SCHEMES)
    if not odd:
        return "scheme_http_https"
    return "other_scheme" if odd & _KNOWN_SCHEMES else "custom_scheme"


def _authority_differences(ours: Parts, theirs: Parts) -> Iterator[Difference]:
    if ours.userinfo != theirs.userinfo:
        yield _difference(
            "userinfo",
            "userinfo",
            _with("@", ours.userinfo, after=True),
            _with("@", theirs.userinfo, after=True),
        )
    host, other_host = ours.host or "", theirs.host or ""
    if host != other_host:
        is_wild = "*" in other_host
        codes = ["wildcard"] if is_wild else explain(host, other_host, HOST_STEPS) or ["other_host"]
        yield from (_difference("host", code, host, other_host) for code in codes)
    if ours.port != theirs.port:
        yield _difference("port", _port_code(ours, theirs), _with(":", ours.port), _with(":", theirs.port))


def _port_code(ours: Parts, theirs: Parts) -> str:
    if "*" in (theirs.port or ""):
        return "wildcard"
    if (ours.port or ours.default_port) == ours.default_port and (
        theirs.port or theirs.default_port
    ) == theirs.default_port:
        return "default_port"
    if (ours.port or "").lstrip("0") == (theirs.port or "").lstrip("0") != "":
        return "port_spelling"
    return "port_missing" if not ours.port or not theirs.port else "other_port"


def _path_differences(sent: str, registered: str) -> Iterator[Difference]:
    if sent == registered:
        return
    if "*" in registered and "*" not in sent:
        codes = ["wildcard"]
    elif (explained := explain(sent, registered, PATH_STEPS)) is not None:
        codes = explained
    else:
        is_prefix = sent.startswith(registered) or registered.startswith(sent)
        codes = ["path_prefix" if is_prefix else "other_path"]
    yield from (_difference("path", code, sent, registered) for code in codes)


def _query_differences(sent: str | None, registered: str | None) -> Iterator[Difference]:
    if sent == registered:
        return
    if not sent and not registered:
        yield _difference("query", "empty_query", _with("?", sent), _with("?", registered))
    elif "*" in (registered or "") and "*" not in (sent or ""):
        yield _difference("query", "wildcard", sent or "", registered or "")
    elif (codes := explain(sent or "", registered or "", QUERY_STEPS)) is not None:
        yield from (_difference("query", code, sent or "", registered or "") for code in codes)
    else:
        yield from _parameter_differences(_pairs(sent), _pairs(registered))


def _pairs(query: str | None) -> dict[str, str]:
    """Return the parameters as they are written, by name. A repeated name keeps all of its values."""
    pairs: dict[str, str] = {}
    for piece in (query or "").split("&"):
        name = unquote_plus(piece.partition("=")[0], errors="replace")
        pairs[name] = f"{pairs[name]}&{piece}" if name in pairs else piece
    return {name: piece for name, piece in pairs.items() if piece}


def _parameter_differences(sent: dict[str, str], registered: dict[str, str]) -> Iterator[Difference]:
    lacking = [sent[name] for name in sent if name not in registered]
    added = [registered[name] for name in registered if name not in sent]
    both = [name for name in sent if name in registered]
    changed = [name for name in both if plainly_encoded(sent[name]) != plainly_encoded(registered[name])]
    if lacking:
        yield _difference("query", "query_parameter_missing", "&".join(lacking), "")
    if added:
        yield _difference("query", "query_parameter_added", "", "&".join(added))
    if changed:
        pieces = ("&".join(side[name] for name in changed) for side in (sent, registered))
        yield _difference("query", "query_parameter_different", *pieces)


def _with(mark: str, piece: str | None, *, after: bool = False) -> str:
    """Return a piece with its delimiter; "" if the piece is not there."""
    if piece is None:
        return ""
    return f"{piece}{mark}" if after else f"{mark}{piece}"
