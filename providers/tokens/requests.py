"""Declare how to request a token. A partner with a known kind of request needs a declaration and no code.

RFC 6749 sections 2.3, 4.4 and 5 for forms; the same fields as JSON (seed 000); Cognito's InitiateAuth (seed 004).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from requests.auth import AuthBase

from providers.errors import ChallengePending
from providers.http.headers import http_date
from providers.http.response import Response
from providers.http.transport import Transport
from providers.tokens import cognito
from providers.tokens.answers import refusal_in, reported_in, token_object
from providers.tokens.checks import check_token_type, checked_token, optional_token, stated_lifetime
from providers.tokens.client_auth import ClientBasic
from providers.tokens.jwt import claims_of

MAX_TOKEN_BYTES = 64 * 1024
# Maximum seconds for which a token is used. The store keeps it for a little longer.
MAX_LIFETIME = 30 * 24 * 3600


class Body(Enum):
    """The format of a token request's body, by its content type."""

    FORM = "application/x-www-form-urlencoded"
    JSON = "application/json"
    COGNITO = "application/x-amz-json-1.1"


class ClientAuth(Enum):
    """How the client authenticates (RFC 6749, section 2.3.1). With BODY, `fields` names where the credentials go."""

    BASIC = "basic"
    BODY = "body"
    NONE = "none"


class Client(Enum):
    """A placeholder in `fields` for the client's id or secret."""

    ID = "client_id"
    SECRET = "client_secret"  # noqa: S105 (a name)


@dataclass(frozen=True, kw_only=True)
class TokenRequest:
    """The declaration of one provider's request for one kind of token.

    `fields` are the body's fields, in the order of the document; for Cognito those of AuthParameters. `token_at` is
    the path to the token in the response. `token_types` are the accepted types, in lower case; `needs_type` says
    whether the response must name one. `default_lifetime` is in seconds, for responses without a lifetime. `settings`
    are the variables to check if the provider refuses. `identity` distinguishes requests that differ only in `fields`,
    for example by a user name.
    """

    provider: str
    url: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    body: Body = Body.FORM
    client_auth: ClientAuth = ClientAuth.BASIC
    fields: Mapping[str, str | Client] = field(
        default_factory=lambda: {"grant_type": "client_credentials"}, repr=False
    )
    headers: Mapping[str, str] = field(default_factory=dict)
    token_at: tuple[str, ...] = ("access_token",)
    token_types: frozenset[str] = frozenset({"bearer"})
    needs_type: bool = False
    default_lifetime: int = 3600
    scope: str = ""
    audience: str = ""
    identity: str = ""
    settings: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """The key of its token: provider, endpoint, client, scope, audience, identity and the path to the token."""
        return (
            self.provider,
            self.url,
            self.client_id,
            self.scope,
            self.audience,
            self.identity,
            *self.token_at,
        )

    @property
    def credentials(self) -> str:
        """All secrets of the request, to detect a token of other credentials. Hash this before storing it."""
        return json.dumps([self.client_secret, {name: str(value) for name, value in self.fields.items()}])

    @cached_property
    def _client_basic(self) -> ClientBasic | None:
        if self.client_auth is not ClientAuth.BASIC:
            return None
        return ClientBasic(self.client_id, self.client_secret or "")

    def send(
        self, transport: Transport, *, refresh_token: str | None, deadline: float, user: str | None = None
    ) -> TokenAnswer:
        """Request a token within `deadline` seconds, with the refresh token if one is given.

        `user` is the real name of the refresh token's user, as `TokenAnswer` has it. Raises the ProviderErrors of
        `Transport.request`, Refused for an error in a response with status 2xx, InvalidResponse for a response
        without a token, and ChallengePending if Cognito wants more than a password.
        """
        time_left = transport.countdown(deadline)

        def request(auth: AuthBase | None) -> Response:
            return transport.request(
                self.provider,
                "POST",
                self.url,
                auth=auth,
                headers={"Content-Type": self.body.value, **self._cognito_headers(), **self.headers},
                content=self._content(refresh_token, user),
                max_bytes=MAX_TOKEN_BYTES,
                deadline=time_left(),
            )

        basic = self._client_basic
        return self._read(request(None) if basic is None else basic.send(request, reported_in))

    def _cognito_headers(self) -> dict[str, str]:
        if self.body is not Body.COGNITO:
            return {}
        return {"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth"}

    def _content(self, refresh_token: str | None, user: str | None) -> bytes:
        values = {name: self._value(value) for name, value in self.fields.items()}
        if self.body is Body.COGNITO and refresh_token is not None:
            return _compact(cognito.refresh(self.client_id, refresh_token, self._hash_of(user)))
        if self.body is Body.COGNITO:
            return _compact(cognito.initiate_auth(self.client_id, values))
        if refresh_token is not None:
            values |= {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return urlencode(values).encode() if self.body is Body.FORM else _compact(values)

    def _hash_of(self, user: str | None) -> str | None:
        """Return Cognito's SECRET_HASH for a refresh. It is made of the user's real name, which may be an alias's."""
        given = self.fields.get("SECRET_HASH")
        if given is None or user is None or not self.client_secret:
            return None if given is None else self._value(given)
        return cognito.secret_hash(self.client_secret, user, self.client_id)

    def _can_refresh(self, user: str | None) -> bool:
        """Say whether a refresh can work. If only the hash of an alias is known, Cognito would refuse it."""
        is_alias = user is not None and user != self.fields.get("USERNAME")
        return not is_alias or bool(self.client_secret) or "SECRET_HASH" not in self.fields

    def _value(self, value: str | Client) -> str:
        if value is Client.ID:
            return self.client_id
        return (self.client_secret or "") if isinstance(value, Client) else value

    def _read(self, answer: Response) -> TokenAnswer:
        body = token_object(answer)
        if body.get("ChallengeName"):
            raise ChallengePending(
                f"Cognito wants an answer to the challenge {_challenge(body['ChallengeName'])}",
                status=answer.status,
                **answer.call.fields(),
            )
        try:
            return self._token_of(body, answer)
        except ValueError as error:
            raise refusal_in(body, answer) or answer.invalid(str(error)) from None

    def _token_of(self, body: Any, answer: Response) -> TokenAnswer:
        *way, name = self.token_at
        for step in way:
            body = body.get(step) if isinstance(body, dict) else None
        if not isinstance(body, dict):
            raise ValueError(f"the answer holds no {way[-1] if way else 'object'}")
        spelled = _COGNITO_NAMES if self.body is Body.COGNITO else _OAUTH_NAMES
        value = checked_token(body.get(name), name)
        check_token_type(body.get(spelled["token_type"]), self.token_types, is_needed=self.needs_type)
        told = (stated_lifetime(body.get(spelled["expires_in"])), _lifetime_in_jwt(value, answer))
        lifetime = min((seconds for seconds in told if seconds is not None), default=self.default_lifetime)
        if lifetime <= 0:
            raise ValueError("the token has expired already")
        user = cognito.user_in(body) if self.body is Body.COGNITO else None
        refresh_token = optional_token(body.get(spelled["refresh_token"]))
        return TokenAnswer(
            value,
            min(lifetime, MAX_LIFETIME),
            refresh_token if self._can_refresh(user) else None,
            user,
        )


_CHALLENGE = re.compile(r"[A-Z0-9_]{1,40}")
_LAST_SECOND = 253_402_300_799  # of the year 9999, in Unix seconds
_OAUTH_NAMES = {"token_type": "token_type", "refresh_token": "refresh_token", "expires_in": "expires_in"}
_COGNITO_NAMES = {"token_type": "TokenType", "refresh_token": "RefreshToken", "expires_in": "ExpiresIn"}


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """The values of a token response. `lifetime` is in seconds from the moment the request was sent.

    `user` is Cognito's real name of the user, None if the response does not tell it.
    """

    value: str = field(repr=False)
    lifetime: float
    refresh_token: str | None = field(repr=False)
    user: str | None = None


def _challenge(name: Any) -> str:
    """Return a challenge's name if it has Cognito's spelling (API reference, ChallengeName), otherwise a fixed text."""
    return name if isinstance(name, str) and _CHALLENGE.fullmatch(name) else "of an unknown kind"


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _lifetime_in_jwt(token: str, answer: Response) -> float | None:
    """Return the seconds until a JWT's `exp` (RFC 7519, section 4.1.4), None if the token has no readable one.

    The seconds count from the response's own Date, so neither clock has to be right. No other claim is used.
    """
    expires_at = claims_of(token).get("exp")
    if not isinstance(expires_at, (int, float)) or isinstance(expires_at, bool):
        return None
    # The number is limited before the conversion, because a float cannot hold 400 digits.
    return float(max(0, min(expires_at, _LAST_SECOND))) - _sent_at(answer).timestamp()


def _sent_at(answer: Response) -> datetime:
    return http_date(answer.headers.get("Date")) or datetime.now(UTC)
