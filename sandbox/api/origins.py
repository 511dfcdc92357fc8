"""Whether a request comes from a page of this server, and whether a host name means this machine."""

import ipaddress
from urllib.parse import urlsplit

from flask import Request


def is_from_our_page(request: Request) -> bool:
    """Tell whether a POST comes from a page of this server, or from a client that is no browser.

    Browsers send Sec-Fetch-Site, or at least Origin, with every POST. Command lines and test clients send neither
    (Fetch standard; OWASP cross-site request forgery prevention). The check needs no stored token, so it works for any
    number of tabs and for vinli-cli's JSON requests.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def is_loopback(host: str) -> bool:
    """Tell whether a host is ``localhost`` or a loopback address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_this_machine(host: str) -> bool:
    """Tell whether a host is loopback, or a name under ``.localhost`` (RFC 6761 section 6.3)."""
    return host.endswith(".localhost") or is_loopback(host)
