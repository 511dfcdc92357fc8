"""The headers that every answer carries, and the one Content-Security-Policy."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

from settings import Settings, is_loopback

IMPLICIT_ENDPOINTS = frozenset({"implicit.index", "implicit.callback"})
# Pages that show pictures from wherever a partner keeps them.
PICTURE_ENDPOINTS = frozenset({"partners.images", "partners.add_image"})
# Pages whose address holds a code, a state or a one-time link: nobody is told where the reader came from.
SECRET_ADDRESS_ENDPOINTS = frozenset(
    {"connect.callback", "implicit.callback", "operator.sign_in", "workbench.catch"}
)

FIXED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}
TWO_YEARS = 2 * 365 * 24 * 3600


def content_security_policy(
    connect_sources: tuple[str, ...] = (), image_sources: tuple[str, ...] = ()
) -> str:
    """Build the policy: nothing but our own files.

    ``connect_sources`` are origins that scripts may call, ``image_sources`` where else pictures may come from.
    """
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": " ".join(("'self'", *image_sources)),
        "connect-src": " ".join(("'self'", *connect_sources)),
        "form-action": "'self'",
        "base-uri": "'none'",
        "object-src": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def picture_sources(settings: Settings) -> tuple[str, ...]:
    """Return where pictures of partners may be loaded from: by https, and from a sandbox on this machine."""
    parts = urlsplit(settings.instyle_api_base_url or "")
    is_sandbox = parts.scheme == "http" and is_loopback(parts.hostname)
    return ("https:", f"{parts.scheme}://{parts.netloc}") if is_sandbox else ("https:",)


def register_headers(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer of the application, errors and static files included."""
    policy = content_security_policy()
    # The browser itself calls these two origins in the implicit flow, and no other page does.
    origins = dict.fromkeys((settings.vinli_auth_url, settings.vinli_platform_url))
    policies = dict.fromkeys(IMPLICIT_ENDPOINTS, content_security_policy(tuple(origins)))
    policies |= dict.fromkeys(
        PICTURE_ENDPOINTS, content_security_policy(image_sources=picture_sources(settings))
    )

    @app.after_request
    def put_headers(response: Response) -> Response:
        headers = response.headers
        headers.update(FIXED_HEADERS)
        headers["Content-Security-Policy"] = policies.get(request.endpoint or "", policy)
        hides_address = request.endpoint in SECRET_ADDRESS_ENDPOINTS
        headers["Referrer-Policy"] = "no-referrer" if hides_address else "same-origin"
        if settings.is_https:
            headers["Strict-Transport-Security"] = f"max-age={TWO_YEARS}; includeSubDomains"
        if request.endpoint != "static":
            headers.setdefault("Cache-Control", "no-store")
        return response
