"""Headers that every answer of a kind carries."""

from collections.abc import Iterable

from flask import Request, Response

from sandbox.oauth.redirect_uris import form_target

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

# Vinli does not document CORS. These are the calls that a browser application makes with an access token.
CORS_PATHS = ("/api/v1/", "/user")
CORS_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, X-Vinli-Unit",
    "Access-Control-Max-Age": "600",
}
CORS_ANSWER = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, WWW-Authenticate",
}


def dress_page(response: Response, redirect_uris: Iterable[str]) -> None:
    """Add what a page of ours carries. The policy lets forms go to the registered redirect URIs, because Chromium
    applies ``form-action`` to the redirect that answers a form as well."""
    targets = " ".join(sorted({form_target(uri) for uri in redirect_uris}))
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {targets}"
    )
    response.headers.update(PAGE_HEADERS)


def is_cors(request: Request) -> bool:
    """Tell whether the request comes from a page of another origin, for a path that such pages may use."""
    return "Origin" in request.headers and request.path.startswith(CORS_PATHS)


def is_preflight(request: Request) -> bool:
    """Tell whether the request asks for permission to make another (Fetch standard, CORS-preflight)."""
    return (
        request.method == "OPTIONS"
        and "Access-Control-Request-Method" in request.headers
        and is_cors(request)
    )
