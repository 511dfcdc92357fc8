"""Ayyeka: a form request with HTTP Basic for a token of type JWT, and the list of sites (seed 002)."""

import uuid

from flask import Blueprint, Response, request

from sandbox.partners.ayyeka.sites import sites_of
from sandbox.partners.credentials import equal
from sandbox.partners.current import current_partners
from sandbox.partners.jwts import BadToken
from sandbox.partners.responses import (
    NO_STORE,
    RequestRefused,
    bearer_token,
    form_fields,
    json_response,
    oauth_error,
)

bp = Blueprint("ayyeka", __name__)

DOCUMENTED_LIFETIME = 3600
JSON = "application/json; charset=utf-8"
AUDIENCE, ISSUER, SUBJECT = "2091", "Cloud", "6237:708"  # claims of the document's example token


@bp.post("/auth/token")
def token() -> Response:
    """Issue an access token for key and secret by HTTP Basic and the form ``grant_type=client_credentials``.

    Headers and body follow the document: ``token_type`` is JWT, ``expires_in`` 3600. The errors are guesses that follow
    RFC 6749 section 5.2: 401 ``invalid_client`` with a challenge, and 400 for requests that the document does not
    describe, such as key and secret in the body.
    """
    fields = form_fields()
    if fields.keys() & {"client_id", "client_secret"}:
        raise oauth_error(400, "invalid_request", "Send key and secret by HTTP Basic alone")
    if fields.get("grant_type") != "client_credentials":
        raise oauth_error(
            400, "unsupported_grant_type", "Only the client credentials grant type is supported"
        )
    _check_client()
    jwts = current_partners().jwts
    claims = {"aud": AUDIENCE, "iss": ISSUER, "sub": SUBJECT}
    body = {
        "access_token": jwts.issue("ayyeka", DOCUMENTED_LIFETIME, claims),
        "token_type": "JWT",
        "expires_in": jwts.lifetime(DOCUMENTED_LIFETIME),
    }
    return json_response(body, headers=NO_STORE, content_type=JSON)


def _check_client() -> None:
    credentials, given = current_partners().credentials, request.authorization
    is_basic = given is not None and given.type == "basic"
    key, secret = (given.username or "", given.password or "") if given and is_basic else ("", "")
    if not equal(key, credentials["AYYEKA_KEY"]) or not credentials.matches("AYYEKA_SECRET", secret):
        challenge = {"WWW-Authenticate": 'Basic realm="Ayyeka sandbox"'}
        raise oauth_error(401, "invalid_client", "Unknown key or wrong secret", challenge)


@bp.get("/v2.0/site")
def list_sites() -> Response:
    """Return all sites as a list (developer.ayyeka.com/docs/quickstart).

    The fields and their types are those of AkapiStoredSite, the 401 is Unauthorized. Both are in Ayyeka's own client
    (github.com/ayyeka/restapi-apiclient-python, gen/docs).
    """
    try:
        claims = current_partners().jwts.claims("ayyeka", bearer_token() or "")
    except BadToken as bad:
        raise _unauthorized(str(bad)) from None
    if claims["aud"] != AUDIENCE:
        raise _unauthorized("The token is for another audience")
    return json_response(sites_of(current_partners().seed), content_type=JSON)


def _unauthorized(message: str) -> RequestRefused:
    return RequestRefused(
        json_response({"message": message, "request_id": str(uuid.uuid4())}, 401, content_type=JSON)
    )
