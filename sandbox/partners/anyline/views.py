"""Anyline: a JSON token request and the reading of a tire's sidewall (seed 000, Anyline "Getting Started").

auth.anyline.com is run by Auth0. Where the document says nothing, the responses here are those of Auth0 and are named
a guess.
"""

import base64
import binascii
from typing import Any

from flask import Blueprint, Response, request

from sandbox.partners.anyline.images import is_picture
from sandbox.partners.anyline.tires import read_sidewall
from sandbox.partners.credentials import equal
from sandbox.partners.current import current_partners
from sandbox.partners.jwts import BadToken
from sandbox.partners.responses import NO_STORE, bearer_token, json_response, json_value, oauth_error

bp = Blueprint("anyline", __name__)

DOCUMENTED_LIFETIME = 24 * 3600  # "valid for exactly 24 hours"
FIELDS = ("client_id", "client_secret", "audience", "grant_type", "scope")


def is_token_request() -> bool:
    """Tell whether a request to ``/oauth/token``, a path of Vinli as well, is for Anyline.

    It is when it has an audience, or JSON for the client credentials grant. Vinli's requests have neither.
    """
    if request.mimetype == "application/json":
        values = _object()
        return "audience" in values or values.get("grant_type") == "client_credentials"
    return request.mimetype == "application/x-www-form-urlencoded" and b"audience=" in request.get_data()


def answer_token_request() -> Response:
    """Issue an access token for ``POST /oauth/token`` with the five fields of the document as JSON.

    The document says JSON, a standard JWT and 24 hours. The rest is a guess: 401 ``access_denied`` for a wrong client
    (as Auth0, github.com/auth0/node-auth0/issues/682), 403 for an audience or scope that is not granted (as Auth0), and
    400 for a form and for missing fields (the sandbox's own choice).
    """
    values = _token_fields()
    _check_client(values)
    credentials = current_partners().credentials
    if values["audience"] != credentials["ANYLINE_AUDIENCE"]:
        raise oauth_error(403, "access_denied", "Service not found for this audience")
    if values["scope"] != credentials["ANYLINE_SCOPE"]:
        raise oauth_error(403, "access_denied", "Client has not been granted this scope")
    return json_response(_token(values), headers=NO_STORE)


def _token_fields() -> dict[str, str]:
    if request.mimetype != "application/json":
        raise oauth_error(400, "invalid_request", "Send application/json")
    if "Authorization" in request.headers:
        raise oauth_error(400, "invalid_request", "The client's id and secret belong into the body")
    values = _object()
    missing = [name for name in FIELDS if not isinstance(values.get(name), str)]
    if missing:
        raise oauth_error(400, "invalid_request", f"Missing or not a text: {', '.join(missing)}")
    if values["grant_type"] != "client_credentials":
        raise oauth_error(400, "unsupported_grant_type", "grant_type is not client_credentials")
    return values


def _check_client(values: dict[str, str]) -> None:
    credentials = current_partners().credentials
    is_known = equal(values["client_id"], credentials["ANYLINE_CLIENT_ID"])
    if not is_known or not credentials.matches("ANYLINE_CLIENT_SECRET", values["client_secret"]):
        raise oauth_error(401, "access_denied", "Unauthorized")


def _token(values: dict[str, str]) -> dict[str, object]:
    partners = current_partners()
    claims = {
        "iss": partners.credentials["ANYLINE_AUTH_URL"] + "/",
        "sub": values["client_id"] + "@clients",
        "aud": values["audience"],
        "scope": values["scope"],
        "gty": "client-credentials",
        "azp": values["client_id"],
    }
    return {
        "access_token": partners.jwts.issue("anyline", DOCUMENTED_LIFETIME, claims),
        "scope": values["scope"],
        "expires_in": partners.jwts.lifetime(DOCUMENTED_LIFETIME),
        "token_type": "Bearer",
    }


@bp.post("/v2/tiresidewall")
def read_tire_sidewall() -> Response:
    """Read a tire's sidewall from ``{"image": base64}``. The response's shape is a guess, see ``read_sidewall``.

    The call in the document names no content type, so any is accepted when the body is JSON. The errors are guesses
    that follow RFC 6750 section 3.1.
    """
    _require_token()
    try:
        image = base64.b64decode(_object().get("image", ""), validate=True)
    except (binascii.Error, ValueError, TypeError):
        image = b""
    if not is_picture(image):
        raise oauth_error(400, "invalid_image", "image is not a JPEG, PNG or WebP picture in base64")
    return json_response(read_sidewall(image))


def _require_token() -> None:
    partners = current_partners()
    try:
        claims = partners.jwts.claims("anyline", bearer_token() or "")
    except BadToken as bad:
        raise _challenged(401, "invalid_token", str(bad)) from None
    if claims["aud"] != partners.credentials["ANYLINE_AUDIENCE"]:
        raise _challenged(401, "invalid_token", "The token is for another audience")
    if partners.credentials["ANYLINE_SCOPE"] not in claims["scope"].split():
        raise _challenged(403, "insufficient_scope", "The token's scope does not allow this")


def _challenged(status: int, error: str, description: str) -> Exception:
    return oauth_error(status, error, description, {"WWW-Authenticate": f'Bearer error="{error}"'})


def _object() -> dict[str, Any]:
    """Return the JSON object in the body, {} when the body is anything else."""
    try:
        value = json_value()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
