"""The two paths that two services share: who is meant is told by the Host, or else by what the request holds."""

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
    """Add a device. vinli-cli posts a form to auth, vinli-node JSON to platform; a form or the cookie means auth."""
    named = service_of(request.host)
    if named not in (None, "auth", "platform"):
        raise NotFound
    is_form = request.mimetype == "multipart/form-data" or SESSION_COOKIE in request.cookies
    return (
        accounts.add_device() if named == "auth" or (named is None and is_form) else platform.create_device()
    )


@bp.post("/oauth/token")
def post_token_request() -> Response:
    """Issue a token. Vinli and Anyline both have this path: an audience, or JSON of the client credentials grant, is
    Anyline's, which Vinli has no use for; everything else is Vinli's."""
    named = service_of(request.host)
    if named not in (None, "auth", "anyline"):
        raise NotFound
    is_anyline = named == "anyline" or (named is None and anyline.is_token_request())
    return anyline.answer_token_request() if is_anyline else token_endpoint.answer_token_request()
