"""Characters that look like a character of ASCII and are another one."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

_LOOK_ALIKE = str.maketrans(
    # Cyrillic
    "авекмнорстухѕіјһԁԛԝАВЕКМНОРСТУХЅІЈԚԜ"
    # Greek
    "οανρικτυχεΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"
    # Latin letters beside the usual ones, hyphens and dashes, slashes, dots, colons
    "ıɑɡɩ‐‑‒–—−⁃⁄∕╱․。｡：꞉∶",
    "abekmhopctyxsijhdqwABEKMHOPCTYXSIJQWoavpiktuxeABEZHIKMNOPTYXiagi-------///...:::",
)
# Percent-encoded bytes outside of ASCII, or such a character itself.
_NOT_ASCII = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+|[^\x00-\x7f]")


def in_ascii(text: str) -> str:
    """Return a text with look-alikes replaced by the characters they look like, percent-encoded ones too."""
    return _NOT_ASCII.sub(lambda found: _replaced(found[0]), text)


def host_in_ascii(host: str) -> str:
    """Return a host with look-alikes replaced, also in labels that are in punycode (RFC 3492)."""
    return ".".join(map(_label_in_ascii, host.split(".")))


def look_alikes(text: str) -> str:
    """Return the characters of a text that look like ones of ASCII, decoded."""
    return "".join(unquote(found) for found in _NOT_ASCII.findall(text) if _replaced(found) != found)


def _replaced(characters: str) -> str:
    """Return what characters look like if that is ASCII, else the characters unchanged."""
    plain = unicodedata.normalize("NFKC", unquote(characters)).translate(_LOOK_ALIKE)
    return plain if plain.isascii() else characters


def _label_in_ascii(label: str) -> str:
    plain = in_ascii(_decoded_label(label))
    return plain if plain.isascii() else label


def _decoded_label(label: str) -> str:
    if not label.lower().startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError):
        return label
