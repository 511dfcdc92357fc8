"""AWS Cognito's InitiateAuth (API reference, InitiateAuth; developer guide, "Computing secret hash values")."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from providers.tokens.jwt import claims_of

# The user's real name in the tokens of a response: the access token's claim, and the id token's.
_USER_CLAIMS = (("AccessToken", "username"), ("IdToken", "cognito:username"))


def secret_hash(client_secret: str, username: str, client_id: str) -> str:
    """Return the SECRET_HASH of a user."""
    digest = hmac.digest(client_secret.encode(), (username + client_id).encode(), "sha256")
    return b64encode(digest).decode()


def initiate_auth(client_id: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the request that signs in with user name and password."""
    return _request(client_id, "USER_PASSWORD_AUTH", parameters)


def refresh(client_id: str, refresh_token: str, hash_of_user: str | None) -> dict[str, Any]:
    """Return the request with a refresh token. Cognito takes neither user nor password with it."""
    kept = {"SECRET_HASH": hash_of_user} if hash_of_user is not None else {}
    return _request(client_id, "REFRESH_TOKEN_AUTH", {"REFRESH_TOKEN": refresh_token, **kept})


def user_in(result: Mapping[str, Any]) -> str | None:
    """Return the real user name in an AuthenticationResult, None if no token tells it.

    The user name of the sign-in may be an alias, for example an e-mail address.
    """
    for name, claim in _USER_CLAIMS:
        token = result.get(name)
        user = claims_of(token).get(claim) if isinstance(token, str) else None
        if isinstance(user, str) and user:
            return user
    return None


def _request(client_id: str, flow: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    return {"ClientId": client_id, "AuthFlow": flow, "AuthParameters": dict(parameters)}
