"""The headers of pages, and those of cross-origin calls (CORS)."""

from collections.abc import Iterable

from flask import Request, Response

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

# Vinli does not document CORS. A browser application calls these paths with an access token.
CORS_PATHS = ("/api/v1/", "/user")
CORS_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, X-Vinli-Unit",
    "Access-Control-Max-Age": "600",
}
CORS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, WWW-Authenticate",
}


def add_page_headers(response: Response, form_targets: Iterable[str]) -> None:
    """Add the headers of a page. ``form_targets`` are the redirect URIs as ``form-action`` names them.

    The policy lets forms go there, because Chromium applies ``form-action`` to the redirect after a form as well.
    """
    targets = " ".join(sorted(set(form_targets)))
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {targets}"
    )
    response.headers.update(PAGE_HEADERS)


def is_cors(request: Request) -> bool:
    """Tell whether a request comes from a page of another origin and is for a path that such pages may call."""
    return "Origin" in request.headers and request.path.startswith(CORS_PATHS)


def is_preflight(request: Request) -> bool:
    """Tell whether a request is a CORS preflight (Fetch standard)."""
    return (
        request.method == "OPTIONS"
        and "Access-Control-Request-Method" in request.headers
        and is_cors(request)
    )
