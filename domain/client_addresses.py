"""Who sent a request, as far as the headers of proxies tell (RFC 7239, and the older X-Forwarded-For)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

FORWARDED_HEADERS = (
    *("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port"),
    *("Forwarded", "Via", "X-Real-IP"),
)

# Where proxies are: loopback, RFC 1918, RFC 6598, link-local, RFC 4193.
_LOCAL = tuple(
    map(
        ipaddress.ip_network,
        (
            *(
                "127.0.0.0/8",
                "10.0.0.0/8",
                "172.16.0.0/12",
                "192.168.0.0/16",
                "100.64.0.0/10",
                "169.254.0.0/16",
            ),
            *("::1/128", "fe80::/10", "fc00::/7"),
        ),
    )
)

# The older headers that are lists, to which each proxy adds a value.
_LISTS = FORWARDED_HEADERS[:3]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Proxies append, so of a longer header the end counts.
_LONGEST = 4096
NGINX_LINE = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
# The most that the setting TRUSTED_PROXIES accepts.
MOST_PROXIES = 10
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]+)(?:%[^\]]*)?\](?::[0-9A-Za-z._-]+)?")
_WITH_PORT = re.compile(r"([0-9.]+):[0-9A-Za-z._-]+")
# One parameter of Forwarded (RFC 7239, section 4). Some proxies leave the quotes out that ports and brackets need.
_PARAMETER = r"""\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s",;\\]*)\s*"""
_PAIR = re.compile(_PARAMETER)
_ELEMENT = re.compile(rf"{_PARAMETER}(?:;(?:{_PARAMETER})?)*")
_MOST_ELEMENTS = 32


def node_address(text: str) -> Address | None:
    """Return the address in a node (RFC 7239, section 6); None for ``unknown``, an obfuscated name, or anything else.

    Some proxies add a port, with or without the brackets that an IPv6 address needs then.
    """
    text = text.strip().strip('"').strip()
    found = _BRACKETED.fullmatch(text) or _WITH_PORT.fullmatch(text)
    try:
        address = ipaddress.ip_address((found[1] if found else text).partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def listed(header: str) -> list[str]:
    """Return the members of a list header, without blanks and empty ones."""
    return [part for part in (part.strip() for part in header[-_LONGEST:].split(",")) if part]


def forwarded_values(header: str, name: str) -> list[str]:
    """Return one parameter of each element of a Forwarded header (RFC 7239, section 4), without quotes.

    An element without the parameter counts as an empty text, so that each proxy keeps its place. Proxies append, and a
    visitor may have sent anything before. So elements are read from the end, the shortest that is well-formed first;
    what cannot be read hides nothing behind it, and nothing before it counts.
    """
    rest = header[-_LONGEST:]
    found: list[str] = []
    while rest.strip() and len(found) < _MOST_ELEMENTS:
        at = _last_element(rest)
        if at is None:
            break
        element, rest = rest[at:], rest[: max(0, at - 1)]
        if element.strip():
            found.append(_parameter(element, name))
    return found[::-1]


def _last_element(text: str) -> int | None:
    """Return where the last element begins; None if it cannot be read."""
    at = len(text)
    for _ in range(_MOST_ELEMENTS):
        comma = text.rfind(",", 0, at)
        if not text[comma + 1 :].strip() or _ELEMENT.fullmatch(text, comma + 1):
            return comma + 1
        if comma < 0:
            return None
        at = comma
    return None


def _parameter(element: str, name: str) -> str:
    found = {key.lower(): value for key, value in _PAIR.findall(element)}
    value: str = found.get(name, "")
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def as_x_forwarded(header: str) -> dict[str, str]:
    """Return a Forwarded header as the older headers that say the same."""
    names = {"for": "X-Forwarded-For", "proto": "X-Forwarded-Proto", "host": "X-Forwarded-Host"}
    found = {older: forwarded_values(header, name) for name, older in names.items()}
    return {
        older: ", ".join(value if not set(value) & set('",\\') else "unknown" for value in values)
        for older, values in found.items()
        if any(values)
    }


def with_x_forwarded(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers; each older one that is missing or empty is taken from ``Forwarded`` if it says the same.

    Lists are written so that every reader counts the same values: without quotes, which some readers take for the
    beginning of a longer value.
    """
    older = {name: ", ".join(map(_without_quotes, listed(headers.get(name, "")))) for name in _LISTS}
    said = {
        **as_x_forwarded(headers.get("Forwarded", "")),
        **{name: text for name, text in older.items() if text},
    }
    if "X-Forwarded-Proto" in said:
        said["X-Forwarded-Proto"] = said["X-Forwarded-Proto"].lower()
    return {**{name: text for name, text in headers.items() if name not in _LISTS}, **said}


def _without_quotes(value: str) -> str:
    """Return a value without quotes around it; "unknown" if it is empty then or has more of them."""
    value = value.strip('"').strip()
    return value if value and not set(value) & set('"\\') else "unknown"


def visitors_addresses(forwarded: Mapping[str, str]) -> list[str]:
    """Return the visitor's address and those of proxies, as the headers give them, the outermost first."""
    return listed(with_x_forwarded(forwarded).get("X-Forwarded-For", ""))


@dataclass(frozen=True, slots=True)
class Client:
    """The sender of a request. ``address`` is None if none could be read.

    ``is_shared`` says that the address may be a proxy's, so that other visitors have the same one.
    """

    address: Address | None
    is_shared: bool

    @property
    def key(self) -> str:
        """Return the key for counting requests: an IPv4 address, or an IPv6 customer's /64 network (RFC 6177)."""
        if self.is_shared or self.address is None:
            return "shared"
        if isinstance(self.address, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((self.address, 64), strict=False))
        return str(self.address)


def client_of(
    remote: str, forwarded: Mapping[str, str], trusted_proxies: int, *, is_public: bool = False
) -> Client:
    """Return the sender of a request.

    ``remote`` is the address after the headers of trusted proxies are applied, and ``forwarded`` the headers that
    proxies add. If they name fewer addresses than there are trusted proxies, ``remote`` is a proxy. A local ``remote``
    is most likely one too if they name more, or if nobody is trusted and there are such headers. ``is_public`` tells
    that the site is not meant for this machine alone: then whoever comes from this machine is a proxy.
    """
    address = node_address(remote)
    if address is None:
        return Client(None, is_shared=True)
    is_local = any(address in network for network in _LOCAL if network.version == address.version)
    count = len(visitors_addresses(forwarded))
    if not trusted_proxies:
        is_proxy = (is_local and bool(forwarded)) or (is_public and address.is_loopback)
        return Client(address, is_shared=is_proxy)
    return Client(address, is_shared=count < trusted_proxies or (is_local and count > trusted_proxies))


def advice(forwarded: Mapping[str, str], trusted_proxies: int) -> str:
    """Return what to do about a request whose sender is not known. ``forwarded`` holds the headers of proxies."""
    values = visitors_addresses(forwarded)
    if not values:
        todo = f"Have the proxy in front send X-Forwarded-For (nginx: {NGINX_LINE})"
        if not trusted_proxies:
            todo += ", and set TRUSTED_PROXIES to the number of proxies"
        return f"{todo}. X-Real-IP is not read." if "X-Real-IP" in forwarded else f"{todo}."
    is_unnamed = len(values) >= trusted_proxies > 0 and node_address(values[-trusted_proxies]) is None
    if is_unnamed or len(values) == trusted_proxies or all(node_address(value) is None for value in values):
        return "Have the proxy in front send the visitor’s IP address in X-Forwarded-For, not a name for it."
    return trust_proxies(len(values), " if that is how many proxies are in front")


def trust_proxies(count: int, condition: str = "") -> str:
    """Return the advice to trust so many proxies, if the settings would accept the number."""
    if count > MOST_PROXIES:
        return f"Have the proxies send fewer values: {count} came, and TRUSTED_PROXIES is {MOST_PROXIES} at most."
    return f"Set TRUSTED_PROXIES={count}{condition}."
