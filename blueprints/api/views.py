"""JSON for the JavaScript of our own pages, under short-lived signed tokens.

Errors are ``{"error": {"status", "code", "title", "detail", "reference"}}`` (``problems.py``). Pages of another origin
may use it only if CORS_ORIGINS names that origin, and never with cookies.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask.blueprints import BlueprintSetupState

from blueprints.api.tokens import (
    PURPOSES,
    SIGN_IN_FIRST,
    TIRE_SIDEWALL,
    VALID_SECONDS,
    issue_token,
    token_required,
)
from blueprints.web.error_pages import HTTP_PROBLEMS
from blueprints.web.operators import is_operator
from blueprints.web.policies import current_policy, policy
from blueprints.web.services import services
from blueprints.web.visitors.limits import api_limit
from domain.budget import Budget
from domain.partners.photographs import MAX_BODY_BYTES, checked_photograph
from domain.partners.problems import not_configured
from domain.partners.tires import tire_readings
from domain.problems import ProblemError
from providers.errors import ProviderError

bp = Blueprint("api", __name__, url_prefix="/api/v1")

PARTNER_SECONDS = 8.0
CORS_SECONDS = 600


@bp.app_template_global()
def frontend_token(purpose: str) -> str:
    """Return a token for the current page, which only a signed-in operator sees."""
    return issue_token(purpose)


@bp.record_once
def tell_lifetime(state: BlueprintSetupState) -> None:
    """Tell templates how many seconds a token is valid."""
    state.app.jinja_env.globals["frontend_token_seconds"] = VALID_SECONDS


@bp.post("/tokens")
@api_limit
def tokens() -> Response:
    """Give a page of the signed-in operator a new token for the requested ``purpose``.

    The page must have the same origin and send the CSRF token in the form or in ``X-CSRF-Token`` (``csrf.py``).
    """
    if not is_operator():
        raise ProblemError(SIGN_IN_FIRST)
    purpose = request.form.get("purpose", "")
    if purpose not in PURPOSES:
        raise ProblemError(HTTP_PROBLEMS[400], "unknown purpose")
    return jsonify(token=issue_token(purpose), purpose=purpose, expires_in=VALID_SECONDS)


@bp.post("/tire-sidewall")
@policy(
    max_body_bytes=MAX_BODY_BYTES,
    no_csrf_because="the token in the Authorization header is one that no form and no other site's script can send",
    cors_methods=("POST",),
)
@api_limit
@token_required(TIRE_SIDEWALL)
def tire_sidewall() -> Response:
    """Read a tyre's sidewall from a photograph. The body is the file itself (JPEG, PNG or WebP). It is not stored."""
    partners = services().partners
    about = partners.by_name["anyline"]
    if partners.anyline is None:
        raise ProblemError(not_configured(about))
    image = checked_photograph(request.get_data())
    try:
        with services().bulkhead.slot():
            read = partners.anyline.read_tire_sidewall(image, deadline=Budget().share(PARTNER_SECONDS))
    except ProviderError as error:
        raise ProblemError(services().partner_problems.logged(about, error)) from error
    return jsonify(readings=[{"label": label, "text": text} for label, text in tire_readings(read)])


@bp.after_request
def put_headers(response: Response) -> Response:
    """Add ``WWW-Authenticate`` (RFC 6750 section 3) and the CORS headers for the origins in CORS_ORIGINS (Fetch)."""
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    origins = services().settings.cors_origins
    if not origins or not current_policy().cors_methods:
        return response
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin not in origins:
        return response
    response.headers["Access-Control-Allow-Origin"] = origin
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = ", ".join(current_policy().cors_methods)
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        response.headers["Access-Control-Max-Age"] = str(CORS_SECONDS)
    return response
