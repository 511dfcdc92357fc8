"""The headers that every answer carries, and the one Content-Security-Policy."""

from __future__ import annotations

from flask import Flask, Response, request

from settings import Settings

IMPLICIT_ENDPOINTS = frozenset({"implicit.index", "implicit.callback"})
# Pages whose address holds a code, a state or a one-time link: nobody is told where the reader came from.
SECRET_ADDRESS_ENDPOINTS = frozenset({"connect.callback", "implicit.callback", "operator.sign_in"})

FIXED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}
TWO_YEARS = 2 * 365 * 24 * 3600


def content_security_policy(connect_sources: tuple[str, ...] = ()) -> str:
    """Build the policy: nothing but our own files; ``connect_sources`` are origins that scripts may call."""
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": " ".join(("'self'", *connect_sources)),
        "form-action": "'self'",
        "base-uri": "'none'",
        "object-src": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def register_headers(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer of the application, errors and static files included."""
    policy = content_security_policy()
    # The browser itself calls these two origins in the implicit flow, and no other page does.
    origins = dict.fromkeys((settings.vinli_auth_url, settings.vinli_platform_url))
    implicit_policy = content_security_policy(tuple(origins))

    @app.after_request
    def put_headers(response: Response) -> Response:
        headers = response.headers
        headers.update(FIXED_HEADERS)
        is_implicit = request.endpoint in IMPLICIT_ENDPOINTS
        headers["Content-Security-Policy"] = implicit_policy if is_implicit else policy
        hides_address = request.endpoint in SECRET_ADDRESS_ENDPOINTS
        headers["Referrer-Policy"] = "no-referrer" if hides_address else "same-origin"
        if settings.is_https:
            headers["Strict-Transport-Security"] = f"max-age={TWO_YEARS}; includeSubDomains"
        if request.endpoint != "static":
            headers.setdefault("Cache-Control", "no-store")
        return response
