"""Rate limits by trusted client address.

If the store is Redis, the counts are in Redis. Otherwise they are in this process's memory, so the limit is per
worker. If Redis does not answer, counting continues in memory. Operator sign-in is closed then, because it needs
the store to keep the session.
"""

from __future__ import annotations

import ipaddress

from flask import Flask, request
from flask_limiter import Limiter

from blueprints.web.services import services
from settings import Settings


def client_address() -> str:
    """Return the key for counting a request: an IPv4 address, or an IPv6 customer's /64 network (RFC 6177).

    ``remote_addr`` is already taken from trusted proxies only (``TRUSTED_PROXIES``).
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
    """Return the rate limit for starting flows and for failed callbacks."""
    return services().settings.rate_limit_connect


def sign_in_rate() -> str:
    """Return the rate limit for operator sign-in."""
    return services().settings.rate_limit_sign_in


def workbench_rate() -> str:
    """Return the rate limit for pages of the workbench. Most of them call the authorization server."""
    return services().settings.rate_limit_connect


def api_rate() -> str:
    """The rate for everything under /api/v1 together."""
    return services().settings.rate_limit_api


api_limit = limiter.shared_limit(api_rate, scope="api")


def register_limits(app: Flask, settings: Settings) -> None:
    """Connect the limiter to the application and to its storage."""
    # The limiter's library reads Sentinel addresses in another way, so with Sentinel counting is in memory.
    is_redis = settings.store_url.startswith(("redis://", "rediss://"))
    timeouts = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
    app.config.update(
        RATELIMIT_STORAGE_URI=settings.store_url if is_redis else "memory://",
        RATELIMIT_STORAGE_OPTIONS=timeouts if is_redis else {},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=is_redis,
        # A failed callback is counted after its response is made. A store that fails then must not change it.
        RATELIMIT_SWALLOW_ERRORS=True,
        RATELIMIT_KEY_PREFIX="vinli-connect",
        RATELIMIT_HEADERS_ENABLED=False,
    )
    limiter.init_app(app)
