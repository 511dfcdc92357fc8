"""Names and attributes of our cookies.

Cookies know no ports, so every name starts with our own prefix. Under https the ``__Host-`` prefix makes the
browser refuse a cookie that a sibling host or plain http planted (RFC 6265bis section 4.1.3.2).
"""

from __future__ import annotations

from flask import Response

from blueprints.web.services import services


def prefixed(name: str, *, is_https: bool) -> str:
    """Return the full name of a cookie of ours."""
    return f"__Host-vinli_connect_{name}" if is_https else f"vinli_connect_{name}"


def cookie_name(name: str) -> str:
    """Return the full name of a cookie of ours, for this installation."""
    return prefixed(name, is_https=services().settings.is_https)


def set_cookie(response: Response, name: str, value: str, max_age: int) -> None:
    """Set a cookie of ours for ``max_age`` seconds, out of reach of scripts and other sites' forms."""
    secure = services().settings.is_https
    response.set_cookie(
        cookie_name(name), value, max_age=max_age, path="/", secure=secure, httponly=True, samesite="Lax"
    )


def delete_cookie(response: Response, full_name: str) -> None:
    """Delete a cookie by its full name, with the attributes it was set with: else browsers ignore it."""
    secure = services().settings.is_https
    response.delete_cookie(full_name, path="/", secure=secure, httponly=True, samesite="Lax")
