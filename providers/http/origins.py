"""Origins (RFC 6454): where credentials may be sent."""

from __future__ import annotations

from urllib.parse import urlsplit

from settings.loopback import is_loopback


def origin_of(url: str) -> str:
    """Return `scheme://host[:port]` of a URL, in lower case."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def checked_origin(origin: str) -> str:
    """Return the origin in lower case, without a final slash.

    Raises ValueError unless it is https, or plain http on this machine, and has only a host and an optional port.
    """
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an http or https origin")
    if parts.username is not None or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"more than an origin: {parts.scheme}://{parts.hostname}")
    if parts.port == 0:
        raise ValueError(f"not a port of an origin: {parts.hostname}")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(f"plain http is for loopback addresses alone: {parts.hostname}")
    return origin_of(origin)
