"""Vinli's auth service: authorization request, code exchange, current user.

docs general/authentication documents the authorization page. The token and user calls are those of vinli-node
lib/auth.js and vinli_tornado_auth. PKCE (RFC 7636) is our addition; no server is known to reject it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any, Self

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from requests.auth import AuthBase

from providers.errors import InvalidResponse, Refused
from providers.http.auth import BearerAuth
from providers.http.response import Response
from providers.http.transport import Transport
from providers.records import REPLACEMENT
from providers.tokens.answers import refusal_in, reported_in, token_object
from providers.tokens.checks import (
    check_token_type,
    checked_token,
    optional_token,
    stated_lifetime,
    told_scope,
)
from providers.tokens.client_auth import ClientBasic
from providers.vinli.service import item
from providers.vinli.values import MAX_TEXT, Value

PROVIDER = "vinli auth"
_MAX_TOKEN_BYTES = 64 * 1024


def new_code_verifier() -> str:
    """Return a fresh PKCE verifier: 64 unreserved characters, 384 bits (RFC 7636, section 4.1)."""
    return secrets.token_urlsafe(48)


@dataclass(frozen=True)
class AuthorizationRequest:
    """The authorization request of a browser (RFC 6749, section 4.1.1).

    `code_challenge` is None if PKCE is turned off.
    """

    authorization_endpoint: str
    client_id: str
    redirect_uri: str
    state: str = field(repr=False)
    code_challenge: str | None = None

    @property
    def url(self) -> str:
        """The URL to send the browser to. Each parameter occurs once."""
        params = [
            ("response_type", "code"),
            ("client_id", self.client_id),
            ("redirect_uri", self.redirect_uri),
            ("state", self.state),
        ]
        if self.code_challenge is not None:
            params += [("code_challenge", self.code_challenge), ("code_challenge_method", "S256")]
        url: str = add_params_to_uri(self.authorization_endpoint, params)
        return url


@dataclass(frozen=True)
class TokenResponse:
    """A successful token response (RFC 6749, section 5.1). `expires_in` is in seconds from now, None if missing."""

    access_token: str = field(repr=False)
    token_type: str
    expires_in: int | None
    refresh_token: str | None = field(repr=False)
    scope: str | None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read the fields of RFC 6749 and ignore all others, including `expires_at` and `id_token`.

        A missing token_type counts as Bearer, because no public client of Vinli relies on the field. An optional
        field that cannot be read counts as absent. Raises ValueError that names the problem.
        """
        if not isinstance(value, dict):
            raise ValueError("the token response is not an object")
        access_token = checked_token(value.get("access_token"), "access_token")
        check_token_type(value.get("token_type"), {"bearer"})
        return cls(
            access_token=access_token,
            token_type="Bearer",  # noqa: S106 (a name)
            expires_in=stated_lifetime(value.get("expires_in")),
            refresh_token=optional_token(value.get("refresh_token")),
            scope=told_scope(value.get("scope")),
        )

    @classmethod
    def from_answer(cls, answer: Response) -> Self:
        """Read a response with status 2xx. Raises Refused if it reports an error, InvalidResponse for another fault."""
        body = token_object(answer)
        try:
            return cls.from_json(body)
        except ValueError as error:
            raise refusal_in(body, answer) or answer.invalid(str(error)) from error


class UnusableToken(InvalidResponse):
    """A renewal brought no usable access token, but a new refresh token. The old one may be gone."""

    refresh_token: str

    @classmethod
    def of(cls, error: InvalidResponse, refresh_token: str) -> Self:
        """Return the error with the new refresh token."""
        about = {name: getattr(error, name) for name in ("provider", "method", "url", "status")}
        made = cls(error.reason, **about)
        made.refresh_token = refresh_token
        return made


def _rotated_in(answer: Response) -> str | None:
    try:
        return optional_token(token_object(answer).get("refresh_token"))
    except InvalidResponse:
        return None


class User(Value, frozen=True, rename={"first_name": "firstName", "last_name": "lastName"}):
    """The user that a token belongs to (auth service, users/_current). Only `id` is needed."""

    id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read a JSON value. Raises ValueError unless its id is an unambiguous text."""
        if isinstance(value, dict) and not isinstance(value.get("id"), str):
            raise ValueError("the id of the user is not a text")
        return super().from_json(value)

    def __post_init__(self) -> None:
        # Two different ids must not become the same one.
        if not self.id or len(self.id) > MAX_TEXT or REPLACEMENT in self.id:
            raise ValueError("the id of the user cannot be read")
        super().__post_init__()

    @property
    def name(self) -> str:
        """The name to show, or what is known in its place."""
        return " ".join(part for part in (self.first_name, self.last_name) if part) or self.email or "Driver"


class AuthClient:
    """The auth service, for one of our OAuth clients."""

    def __init__(self, transport: Transport, origin: str, client_id: str, client_secret: str) -> None:
        self._transport = transport
        self._origin = transport.allow(origin)
        self._client_id = client_id
        self._client_auth = ClientBasic(client_id, client_secret)

    def authorization_request(
        self, redirect_uri: str, state: str, code_verifier: str | None
    ) -> AuthorizationRequest:
        """Return the authorization request for the browser. A `code_verifier` of None turns PKCE off."""
        return AuthorizationRequest(
            authorization_endpoint=f"{self._origin}/oauth/authorization/new",
            client_id=self._client_id,
            redirect_uri=redirect_uri,
            state=state,
            code_challenge=create_s256_code_challenge(code_verifier) if code_verifier is not None else None,
        )

    def exchange(
        self, code: str, redirect_uri: str, code_verifier: str | None, *, deadline: float | None = None
    ) -> TokenResponse:
        """Exchange an authorization code for tokens (RFC 6749, section 4.1.3).

        `redirect_uri` and `code_verifier` are those of the authorization request. `deadline` is in seconds, for a
        caller with less time than the transport allows. Raises Refused for every 4xx (never Unauthorized, which is
        about a driver's token), InvalidResponse if the response is not a token response, and the other
        ProviderErrors.
        """
        return TokenResponse.from_answer(
            self.token_answer(code, redirect_uri, code_verifier, deadline=deadline)
        )

    def refresh(self, refresh_token: str, *, deadline: float | None = None) -> TokenResponse:
        """Renew an access token (RFC 6749, section 6). Without a new refresh token in the response, the old one stays.

        Raises the errors of `exchange`; Refused with the error `invalid_grant` if the refresh token is no longer valid;
        UnusableToken if only the new refresh token can be used.
        """
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        answer = self._token_answer(form, deadline)
        try:
            return TokenResponse.from_answer(answer)
        except InvalidResponse as error:
            rotated = _rotated_in(answer)
            raise UnusableToken.of(error, rotated) if rotated else error from error.__cause__

    def token_answer(
        self, code: str, redirect_uri: str, code_verifier: str | None, *, deadline: float | None = None
    ) -> Response:
        """Send the token request and return the response with status 2xx, without checking its body.

        The arguments and all other errors are those of `exchange`.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if code_verifier is not None:
            form["code_verifier"] = code_verifier
        return self._token_answer(form, deadline)

    def _token_answer(self, form: dict[str, str], deadline: float | None) -> Response:
        time_left = self._transport.countdown(deadline)

        def request(auth: AuthBase) -> Response:
            return self._transport.request(
                PROVIDER,
                "POST",
                f"{self._origin}/oauth/token",
                auth=auth,
                form=form,
                max_bytes=_MAX_TOKEN_BYTES,
                deadline=time_left(),
            )

        try:
            return self._client_auth.send(request, reported_in)
        except Refused as refusal:
            raise _plain_refusal(refusal) from refusal

    def current_user(self, access_token: str, *, deadline: float | None = None) -> User:
        """Return the user of an access token, within `deadline` seconds.

        Raises Unauthorized if the token is no longer valid, and the other ProviderErrors.
        """
        answer = self._transport.request(
            PROVIDER,
            "GET",
            f"{self._origin}/api/v1/users/_current",
            auth=BearerAuth(access_token),
            deadline=deadline,
        )
        return item(answer, "user", User.from_json, keys_once=True)


def _plain_refusal(refusal: Refused) -> Refused:
    return Refused(
        refusal.reason,
        provider=refusal.provider,
        method=refusal.method,
        url=refusal.url,
        status=refusal.status,
        error=refusal.error,
        error_description=refusal.error_description,
        retry_after=refusal.retry_after,
        page_title=refusal.page_title,
    )
