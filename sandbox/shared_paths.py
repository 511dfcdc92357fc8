"""The paths that two services share. The Host header says which service is meant, or else the request itself."""

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from sandbox.api.addresses import service_of
from sandbox.oauth.sign_in_sessions import SESSION_COOKIE
from sandbox.partners.anyline import views as anyline
from sandbox.services import platform
from sandbox.services.auth import accounts, token_endpoint

bp = Blueprint("shared", __name__)


@bp.post("/api/v1/devices")
def post_device() -> Response:
    """Add a device.

    vinli-cli posts a form to the auth service, vinli-node posts JSON to the platform service. So a form or the session
    cookie means the auth service.
    """
    named = service_of(request.host)
    if named not in (None, "auth", "platform"):
        raise NotFound
    is_form = request.mimetype == "multipart/form-data" or SESSION_COOKIE in request.cookies
    return (
        accounts.add_device() if named == "auth" or (named is None and is_form) else platform.create_device()
    )


@bp.post("/api/v1/sessions")
def post_session() -> Response:
    """Sign in, at the auth service or at the Developer Portal (vinli-cli lib/session_yarp)."""
    if service_of(request.host) not in (None, "auth", "dev"):
        raise NotFound
    return accounts.create_session()


@bp.post("/oauth/token")
def post_token_request() -> Response:
    """Issue a token of Vinli or Anyline, which both have this path.

    A request with an audience, or with JSON for the client credentials grant, is for Anyline: Vinli uses neither.
    """
    named = service_of(request.host)
    if named not in (None, "auth", "anyline"):
        raise NotFound
    is_anyline = named == "anyline" or (named is None and anyline.is_token_request())
    return anyline.answer_token_request() if is_anyline else token_endpoint.answer_token_request()
