"""The headers of every response, including the Content-Security-Policy."""

from __future__ import annotations

from functools import lru_cache

from flask import Flask, Response, request

from blueprints.web.policies import current_policy
from settings import Settings

FIXED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}


@lru_cache
def content_security_policy(
    connect_sources: tuple[str, ...] = (), image_sources: tuple[str, ...] = ()
) -> str:
    """Build the policy: it allows only our own files.

    Scripts may also call the origins in ``connect_sources``; pictures may also come from ``image_sources``.
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


def register_headers(app: Flask, settings: Settings) -> None:
    """Add the headers to every response of the application, including errors and static files.

    Templates can ask if the page has to wipe its fragment.
    """
    app.add_template_global(lambda: current_policy().wipes_fragment, "wipes_fragment")

    @app.after_request
    def put_headers(response: Response) -> Response:
        headers = response.headers
        headers.update(FIXED_HEADERS)
        policy = current_policy()
        headers["Content-Security-Policy"] = content_security_policy(
            policy.connect_sources(settings) if policy.connect_sources else (),
            policy.image_sources(settings) if policy.image_sources else (),
        )
        headers["Referrer-Policy"] = "no-referrer" if policy.hides_address else "same-origin"
        if settings.strict_transport_security is not None:
            headers["Strict-Transport-Security"] = settings.strict_transport_security
        if request.endpoint != "static":
            headers.setdefault("Cache-Control", "no-store")
        return response
