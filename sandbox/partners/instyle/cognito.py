"""The identity provider of instyle.ai: AWS Cognito's InitiateAuth (seed 004; Amazon Cognito user pools API reference).

There are three users: the administrator and the superuser of the printed settings, and INVITED, who has the
administrator's password and has to change it before getting a token.
"""

import json
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from sandbox.partners.credentials import equal
from sandbox.partners.current import current_partners
from sandbox.partners.responses import RequestRefused, json_response, json_value

bp = Blueprint("cognito", __name__)

DOCUMENTED_LIFETIME = 3600  # "with 1 hour expiration"
CONTENT_TYPE = "application/x-amz-json-1.1"
TARGET = "AWSCognitoIdentityProviderService.InitiateAuth"
INVITED = "invited@example.com"
# The scope of all tokens from InitiateAuth, and the scope that the document's SCOPES parameter asks for.
OWN_SCOPE, OPENID = "aws.cognito.signin.user.admin", "openid"
NO_USER = "Incorrect username or password."


@bp.post("/cognito", strict_slashes=False)
@bp.post("/cognito/")
def initiate_auth() -> Response:
    """Sign a user in, or renew tokens by a refresh token.

    Request, tokens, challenge and the error for a wrong password are in the document and in Cognito's reference. The
    other errors have Cognito's names; their messages are a guess.
    """
    if request.headers.get("X-Amz-Target") != TARGET:
        raise _refusal("UnknownOperationException", "The sandbox knows InitiateAuth alone")
    if request.mimetype != CONTENT_TYPE:
        raise _refusal("SerializationException", f"Send {CONTENT_TYPE}")
    body = _body()
    if not equal(_text(body, "ClientId"), current_partners().credentials["INSTYLE_CLIENT_ID"]):
        raise _refusal("ResourceNotFoundException", "User pool client does not exist.")
    parameters = body.get("AuthParameters")
    if not isinstance(parameters, dict):
        raise _refusal("InvalidParameterException", "Missing required parameter AuthParameters")
    flow = body.get("AuthFlow")
    if flow == "USER_PASSWORD_AUTH":
        return _sign_in(parameters)
    if flow in ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"):
        return _refresh(parameters)
    raise _refusal("InvalidParameterException", "The sandbox knows USER_PASSWORD_AUTH and REFRESH_TOKEN_AUTH")


def _sign_in(parameters: Mapping[str, Any]) -> Response:
    """Answer USER_PASSWORD_AUTH. An unknown user gets the error for a wrong password."""
    username, password = _text(parameters, "USERNAME"), _text(parameters, "PASSWORD")
    _check_hash(parameters, username)
    credentials = current_partners().credentials
    variable = _password_variable(username)
    if variable is None or not credentials.matches(variable, password):
        raise _refusal("NotAuthorizedException", NO_USER)
    if username == INVITED:
        return _response(_new_password_required())
    # SCOPES is in the document and on no page of Amazon's. Its effect here is a guess.
    is_openid = parameters.get("SCOPES") == "OPENID"
    scope = f"{OPENID} {OWN_SCOPE}" if is_openid else OWN_SCOPE
    refresh_token = current_partners().refresh_tokens.issue(username, scope)
    return _response(_tokens(username, scope, refresh_token))


def _refresh(parameters: Mapping[str, Any]) -> Response:
    """Answer REFRESH_TOKEN_AUTH with new tokens. There is no new refresh token, since rotation is off."""
    grant = current_partners().refresh_tokens.find(_text(parameters, "REFRESH_TOKEN"))
    if grant is None:
        raise _refusal("NotAuthorizedException", "Refresh Token has been revoked")
    _check_hash(parameters, grant.username)
    return _response(_tokens(grant.username, grant.scope, None))


def _check_hash(parameters: Mapping[str, Any], username: str) -> None:
    credentials = current_partners().credentials
    given = parameters.get("SECRET_HASH")
    if not isinstance(given, str) or not equal(given, credentials.secret_hash(username)):
        client_id = credentials["INSTYLE_CLIENT_ID"]
        raise _refusal("NotAuthorizedException", f"Unable to verify secret hash for client {client_id}")


def role_of(username: str) -> str | None:
    """Return the role of a user at the API: ``admin``, ``superuser``, or None."""
    credentials = current_partners().credentials
    roles = {credentials["INSTYLE_USERNAME"]: "admin", credentials["INSTYLE_SUPERUSER_USERNAME"]: "superuser"}
    return roles.get(username)


def _password_variable(username: str) -> str | None:
    variables = {None: None, "admin": "INSTYLE_PASSWORD", "superuser": "INSTYLE_SUPERUSER_PASSWORD"}
    return "INSTYLE_PASSWORD" if username == INVITED else variables[role_of(username)]


def _new_password_required() -> dict[str, object]:
    """Return the challenge for a user whose password was set by an administrator."""
    attributes = json.dumps({"email_verified": "true", "email": INVITED})
    return {
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "Session": secrets.token_urlsafe(120),
        "ChallengeParameters": {
            "USER_ID_FOR_SRP": INVITED,
            "requiredAttributes": "[]",
            "userAttributes": attributes,
        },
    }


def _tokens(username: str, scope: str, refresh_token: str | None) -> dict[str, object]:
    """Return an AuthenticationResult. The claims follow "Using tokens with user pools" in the developer guide."""
    partners = current_partners()
    client_id, issuer = partners.credentials["INSTYLE_CLIENT_ID"], partners.credentials["INSTYLE_COGNITO_IDP"]
    subject = str(uuid.uuid5(uuid.NAMESPACE_URL, issuer + username))
    common = {"sub": subject, "iss": issuer, "auth_time": int(current_partners().clock.now())}
    access = {**common, "token_use": "access", "client_id": client_id, "scope": scope, "username": username}
    identity = {
        **common,
        "token_use": "id",
        "aud": client_id,
        "cognito:username": username,
        "email": username,
        "email_verified": True,
    }
    result = {
        "AccessToken": partners.jwts.issue("instyle", DOCUMENTED_LIFETIME, access),
        "ExpiresIn": partners.jwts.lifetime(DOCUMENTED_LIFETIME),
        "IdToken": partners.jwts.issue("instyle", DOCUMENTED_LIFETIME, identity),
        "TokenType": "Bearer",
    }
    if refresh_token is not None:
        result["RefreshToken"] = refresh_token
    return {"AuthenticationResult": result, "ChallengeParameters": {}}


def _body() -> dict[str, Any]:
    try:
        body = json_value()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _refusal("SerializationException", "The body is no JSON object")
    return body


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise _refusal("InvalidParameterException", f"Missing required parameter {name}")
    return value


def _response(body: object, status: int = 200) -> Response:
    return json_response(body, status, {"Cache-Control": "no-store"}, CONTENT_TYPE)


def _refusal(kind: str, message: str) -> RequestRefused:
    return RequestRefused(_response({"__type": kind, "message": message}, 400))
