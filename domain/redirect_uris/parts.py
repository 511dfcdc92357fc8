"""Split a redirect URI into its parts (RFC 3986, appendix B), even a broken one. No function here raises."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import ip_address

from domain.text.escapes import SHORT_ESCAPES, escaped, is_invisible
from settings.loopback import is_loopback

# Longer texts are not examined. This bounds the time that the functions take.
MAX_LENGTH = 2048
SHOWN_LENGTH = 200

_URI = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?P<authority>[^/?#]*))?"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
# A host with its port, which looks like a scheme if the scheme was left out.
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9.-]+:\d+(?:[/?#]|$)")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True)
class Parts:
    """The parts as they are written. None means that a part is not there; "" means that it is there but empty.

    `host` keeps the brackets of an IPv6 literal. `port` is any text after the colon.
    """

    scheme: str | None
    userinfo: str | None
    host: str | None
    port: str | None
    path: str
    query: str | None
    fragment: str | None

    @property
    def default_port(self) -> str | None:
        return _DEFAULT_PORTS.get((self.scheme or "").lower())

    @property
    def is_absolute(self) -> bool:
        """Tell if there is a scheme and, for http and https, also a host."""
        is_web = (self.scheme or "").lower() in _DEFAULT_PORTS
        return self.scheme is not None and (bool(self.host) or not is_web)


def split(uri: str) -> Parts:
    """Split a URI into its parts."""
    # Every part of the pattern may be empty, so the pattern matches any text.
    found = _URI.match(uri)
    pieces = found.groupdict() if found else {"path": uri}
    if _HOST_AND_PORT.match(uri):
        return split(f"//{uri}")
    authority = pieces.get("authority")
    userinfo, host, port = (None, None, None) if authority is None else _split_authority(authority)
    return Parts(
        pieces.get("scheme"),
        userinfo,
        host,
        port,
        pieces["path"] or "",
        pieces.get("query"),
        pieces.get("fragment"),
    )


def _split_authority(authority: str) -> tuple[str | None, str, str | None]:
    userinfo, at, place = authority.rpartition("@")
    host, colon, port = place.rpartition(":")
    if not colon or (place.startswith("[") and not host.endswith("]")):
        host, port, colon = place, "", ""
    return (userinfo if at else None), host, (port if colon else None)


def address_of(host: str) -> str | None:
    """Return the standard spelling of an IP address literal; None for a name.

    IPv4 is read as browsers read it: also fewer than four numbers, octal and hexadecimal (WHATWG URL, section 3.5).
    """
    text = host.removeprefix("[").removesuffix("]")
    if len(text) > 64:
        return None
    try:
        return str(ip_address(text))
    except ValueError:
        return _address_in_numbers(text)


def _address_in_numbers(text: str) -> str | None:
    numbers = [_number(part) for part in text.split(".")]
    if len(numbers) > 4 or None in numbers:
        return None
    *first, last = [number for number in numbers if number is not None]
    if any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        return None
    value = last + sum(number << 8 * (3 - place) for place, number in enumerate(first))
    return str(ip_address(value))


def _number(text: str) -> int | None:
    for pattern, base in ((r"0[xX][0-9a-fA-F]+", 16), (r"0[0-7]+", 8), (r"\d+", 10)):
        if re.fullmatch(pattern, text, re.ASCII):
            return int(text, base)
    return None


def names_this_machine(host: str | None) -> bool:
    """Tell if a host is this machine, in any spelling."""
    name = (host or "").lower().removesuffix(".")
    return is_loopback(address_of(name) or name)


def ascii_host(host: str) -> str:
    """Return a host with its labels in punycode (RFC 3490); the host unchanged if that is not possible."""
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def seen(text: str) -> str:
    """Return a text without invisible characters and without blanks around it."""
    return _printable(text).strip(" ")


def blanks_around(text: str) -> tuple[int, int]:
    """Count the plain spaces before and after the visible text."""
    text = _printable(text)
    return len(text) - len(text.lstrip(" ")), len(text) - len(text.rstrip(" "))


def _printable(text: str) -> str:
    return "".join(character for character in text if not is_invisible(character))


def spelled(text: str, limit: int = SHOWN_LENGTH) -> str:
    r"""Return a text for a person: invisible characters as escapes such as `\r`, at most `limit` characters."""
    escapes = escaped(text[:limit], SHORT_ESCAPES)
    is_cut = len(text) > limit or len(escapes) > limit
    return f"{escapes[: limit - 1]}…" if is_cut else escapes


def around_invisible(text: str) -> str:
    """Return the piece of a text around its first invisible character; the start of the text if there is none."""
    place = next((at for at, character in enumerate(text) if is_invisible(character)), 0)
    return text[max(0, place - 60) : place + 60]


def names_of(characters: str) -> str:
    """Return the names of invisible characters, each once and at most five: "NO-BREAK SPACE, U+000D"."""
    unique = list(dict.fromkeys(characters))[:5]
    return ", ".join(unicodedata.name(one, f"U+{ord(one):04X}") for one in unique)
