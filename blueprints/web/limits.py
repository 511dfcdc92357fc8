"""Rate limits by trusted client address.

Counts live in Redis when the store does, else in this process's memory (then the limit holds per worker).
When Redis does not answer, counting goes on in memory; operator sign-in is closed anyway then, since it needs
the store to keep the session.
"""

from __future__ import annotations

import ipaddress

from flask import Flask, request
from flask_limiter import Limiter

from blueprints.web.services import services
from settings import Settings


def client_address() -> str:
    """Return whom to count a request for: an IPv4 address, or an IPv6 customer's /64 (RFC 6177).

    ``remote_addr`` already comes from the trusted proxies alone (``TRUSTED_PROXIES``).
    """
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


limiter = Limiter(key_func=client_address)


def connect_rate() -> str:
    """The rate for starting flows, and for callbacks that fail."""
    return services().settings.rate_limit_connect


def sign_in_rate() -> str:
    """The rate for operator sign-in."""
    return services().settings.rate_limit_sign_in


def workbench_rate() -> str:
    """The rate for pages of the workbench: most of them ask the authorization server for something."""
    return services().settings.rate_limit_connect


def register_limits(app: Flask, settings: Settings) -> None:
    """Connect the limiter to the application and to where it counts."""
    # The limiter's library reads Sentinel addresses in another way, so those count in memory.
    is_redis = settings.store_url.startswith(("redis://", "rediss://"))
    patience = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
    app.config.update(
        RATELIMIT_STORAGE_URI=settings.store_url if is_redis else "memory://",
        RATELIMIT_STORAGE_OPTIONS=patience if is_redis else {},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=is_redis,
        # Counting a failed callback happens once its answer is made: a store that dies there must not change it.
        RATELIMIT_SWALLOW_ERRORS=True,
        RATELIMIT_KEY_PREFIX="vinli-connect",
        RATELIMIT_HEADERS_ENABLED=False,
    )
    limiter.init_app(app)
