"""The one path that two services share (vinli-cli posts a form to auth, vinli-node JSON to platform)."""

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from sandbox.addresses import service_of
from sandbox.browser import SESSION_COOKIE
from sandbox.services import auth, platform

bp = Blueprint("shared", __name__)


@bp.post("/api/v1/devices")
def post_device() -> Response:
    """Hand over to the service that the Host names; on a host for all services the form or the cookie tells."""
    named = service_of(request.host)
    if named not in (None, "auth", "platform"):
        raise NotFound
    is_form = request.mimetype == "multipart/form-data" or SESSION_COOKIE in request.cookies
    return auth.add_device() if named == "auth" or (named is None and is_form) else platform.create_device()
