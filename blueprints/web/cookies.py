"""Names and attributes of our cookies.

Servers on other ports of the same host share our cookies, so every name starts with our own prefix. With https, the
``__Host-`` prefix makes the browser refuse cookies set by a sibling host or over plain http (RFC 6265bis section
4.1.3.2).
"""

from __future__ import annotations

from werkzeug.wrappers import Response

from blueprints.web.services import services

COOKIE_NAMESPACE = "vinli_connect_"


def prefixed(name: str, *, is_https: bool) -> str:
    """Return the full name of one of our cookies."""
    return f"__Host-{COOKIE_NAMESPACE}{name}" if is_https else f"{COOKIE_NAMESPACE}{name}"


def cookie_name(name: str) -> str:
    """Return the full name of one of our cookies for this installation."""
    return prefixed(name, is_https=services().settings.is_https)


def set_cookie(response: Response, name: str, value: str, max_age: int) -> None:
    """Set one of our cookies for ``max_age`` seconds. Scripts cannot read it; forms of other sites do not send it."""
    secure = services().settings.is_https
    response.set_cookie(
        cookie_name(name), value, max_age=max_age, path="/", secure=secure, httponly=True, samesite="Lax"
    )


def delete_cookie(response: Response, full_name: str) -> None:
    """Delete a cookie by its full name. Browsers need the same attributes with which it was set."""
    secure = services().settings.is_https
    response.delete_cookie(full_name, path="/", secure=secure, httponly=True, samesite="Lax")
