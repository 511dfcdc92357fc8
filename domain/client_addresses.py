"""Who sent a request, as far as the headers of proxies tell (RFC 7239, and the older X-Forwarded-For)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.request import parse_http_list

FORWARDED_HEADERS = (
    *("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port"),
    *("Forwarded", "Via"),
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

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_LONGEST = 4096
# The most that the setting TRUSTED_PROXIES accepts.
MOST_PROXIES = 10
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]+)(?:%[^\]]*)?\](?::[0-9A-Za-z._-]+)?")
_WITH_PORT = re.compile(r"([0-9.]+):[0-9A-Za-z._-]+")
_PAIR = re.compile(r'\s*(\w+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;"]*)\s*(?:;|$)')


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
    return [part for part in (part.strip() for part in header[:_LONGEST].split(",")) if part]


def forwarded_values(header: str, name: str) -> list[str]:
    """Return one parameter of each element of a Forwarded header (RFC 7239, section 4), without quotes.

    An element without the parameter counts as an empty text, so that each proxy keeps its place.
    """
    elements = parse_http_list(header[:_LONGEST])
    pairs = ({key.lower(): value for key, value in _PAIR.findall(element)} for element in elements)
    return [found.get(name, "").strip('"') for found in pairs]


def as_x_forwarded(header: str) -> dict[str, str]:
    """Return a Forwarded header as the older headers that say the same."""
    names = {"for": "X-Forwarded-For", "proto": "X-Forwarded-Proto", "host": "X-Forwarded-Host"}
    found = {older: forwarded_values(header, name) for name, older in names.items()}
    return {older: ", ".join(values) for older, values in found.items() if any(values)}


def with_x_forwarded(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return the headers; if a proxy sent only ``Forwarded``, the older ones that say the same."""
    if any(name in headers for name in FORWARDED_HEADERS[:3]):
        return headers
    return as_x_forwarded(headers.get("Forwarded", ""))


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


def client_of(remote: str, forwarded_for: Sequence[str], trusted_proxies: int) -> Client:
    """Return the sender of a request.

    ``remote`` is the address after the headers of trusted proxies are applied, and ``forwarded_for`` the values of
    X-Forwarded-For. If there are more or fewer of them than trusted proxies, a local ``remote`` is most likely a proxy.
    """
    address = node_address(remote)
    if address is None:
        return Client(None, is_shared=True)
    is_local = any(address in network for network in _LOCAL if network.version == address.version)
    is_miscounted = bool(forwarded_for) and len(forwarded_for) != trusted_proxies
    return Client(address, is_shared=is_local and is_miscounted)


def advice(remote: str, headers: Mapping[str, str], trusted_proxies: int) -> str:
    """Return what to do about a request whose sender is not known."""
    values = listed(with_x_forwarded(headers).get("X-Forwarded-For", ""))
    if not values:
        return (
            "Have the proxy in front send X-Forwarded-For, and set TRUSTED_PROXIES to the number of proxies."
        )
    if len(values) == trusted_proxies or all(node_address(value) is None for value in values):
        return "Have the proxy in front send the visitor’s IP address in X-Forwarded-For, not a name for it."
    return trust_proxies(len(values), " if that is how many proxies are in front")


def trust_proxies(count: int, condition: str = "") -> str:
    """Return the advice to trust so many proxies, if the settings would accept the number."""
    if count > MOST_PROXIES:
        return f"Have the proxies send fewer values: {count} came, and TRUSTED_PROXIES is {MOST_PROXIES} at most."
    return f"Set TRUSTED_PROXIES={count}{condition}."
