"""The OAuth 2 authorization server, built on Authlib's.

Authlib chooses the grant, validates requests, authenticates clients, checks PKCE and issues codes and tokens. Two
things differ from Authlib's defaults. The token endpoint takes JSON (vinli-node) as well as forms
(vinli_tornado_auth). Errors of the authorization endpoint are shown as pages and never redirect (docs
general/authentication).
"""

import secrets
import threading
from collections.abc import Mapping
from typing import Any, Literal

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import (
    InvalidClientError,
    InvalidGrantError,
    InvalidRequestError,
    UnsupportedGrantTypeError,
    grants,
)
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge
from flask import Request, Response
from flask import request as flask_request
from werkzeug.datastructures import Headers

from sandbox.oauth.registry import OAuthClient, Registry
from sandbox.oauth.tokens import Code, Token, Tokens
from sandbox.options import Options
from sandbox.personas.behaviour import TokenShape
from sandbox.personas.magic_drivers import behaviour_of
from sandbox.world.clock import Clock
from sandbox.world.people import Driver, People
from sandbox.world.seeds import ALPHANUMERIC

CODE_LENGTH = 40
ACCESS_TOKEN_LENGTH = 52  # the longer of the two published samples (vinli-node README)
REFRESH_TOKEN_LENGTH = 52


def random_text(length: int) -> str:
    """Return a random string of letters and digits. Mobile clients split URLs at & and = without decoding them."""
    return "".join(secrets.choice(ALPHANUMERIC) for _ in range(length))


class PlainRequest(OAuth2Request):  # type: ignore[misc]
    """A request for Authlib. Its parameters were read before, and none of them was sent twice."""

    def __init__(self, method: str, parameters: Mapping[str, str], headers: Headers) -> None:
        # Authlib refuses requests whose URI is plain http, also for names under .localhost. Vinli's SDK needs such
        # names, one per service, so Authlib gets an https URI here.
        super().__init__(method, "https://sandbox.invalid/", headers=headers)
        self.payload = BasicOAuth2Payload(dict(parameters))

    @property
    def form(self) -> Mapping[str, str]:
        return self.payload.data  # type: ignore[no-any-return]


class OAuthServer(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server with the sandbox's clients, drivers and tokens."""

    def __init__(
        self, options: Options, registry: Registry, people: People, tokens: Tokens, clock: Clock
    ) -> None:
        super().__init__()
        self.options = options
        self.registry = registry
        self.people = people
        self.tokens = tokens
        self.clock = clock
        self._exchange = threading.Lock()
        self.register_token_generator("default", self._generate)
        self.register_client_auth_method("client_secret_basic", _authenticate_basic)
        self.register_grant(
            CodeGrant, [] if options.pkce == "off" else [PkceChallenge(options.pkce == "required")]
        )
        self.register_grant(ImplicitGrant)
        self.register_grant(RefreshGrant)

    def query_client(self, client_id: str) -> OAuthClient | None:
        return self.registry.client(client_id)

    def create_oauth2_request(self, request: PlainRequest) -> PlainRequest:
        return request

    def get_token_grant(self, request: PlainRequest) -> Any:
        """Return the grant of a token request; raises UnsupportedGrantTypeError when refresh tokens are off."""
        grant = super().get_token_grant(request)
        if isinstance(grant, RefreshGrant):
            driver = self.tokens.driver_of_refresh(request.form.get("refresh_token", ""))
            if self.token_shape(driver).refresh == "none":
                raise UnsupportedGrantTypeError(request.payload.grant_type)
        return grant

    def token_shape(self, driver: int | None) -> TokenShape:
        """Return which fields a driver's token responses have. Only ``access_token`` is documented."""
        own = None if driver is None else behaviour_of(driver).token_shape
        options = self.options
        token_type = None if options.token_type == "none" else options.token_type  # noqa: S105
        refresh: Literal["kept", "none"] = "kept" if options.refresh_token else "none"
        return own or TokenShape(token_type, options.expires_in, refresh)

    def save_token(self, token: Mapping[str, Any], request: PlainRequest) -> None:
        lifetime = token.get("expires_in")
        origin = request.authorization_code or request.refresh_token
        self.tokens.save(
            Token(
                access_token=token["access_token"],
                grant=origin.grant if origin else token["access_token"],
                client_id=request.client.id,
                driver=request.user.number,
                expires_at=None if lifetime is None else self.clock.now() + lifetime,
                refresh_token=token.get("refresh_token"),
            )
        )

    def answer_token_request(self, parameters: Mapping[str, str]) -> Response:
        """Return the response of the token endpoint.

        Requests are handled one at a time, so of two requests with the same code the second finds it used.
        """
        with self._exchange:
            request = PlainRequest("POST", parameters, flask_request.headers)
            return self.create_token_response(request)  # type: ignore[no-any-return]

    def _generate(
        self, grant_type: str, client: OAuthClient, user: Driver, include_refresh_token: bool, **_: Any
    ) -> dict[str, Any]:
        """Return a token response with the fields of the driver's ``token_shape``."""
        shape = self.token_shape(user.number)
        token: dict[str, Any] = {"access_token": random_text(ACCESS_TOKEN_LENGTH)}
        if shape.token_type is not None:
            token["token_type"] = shape.token_type
        if shape.expires_in is not None:
            token["expires_in"] = shape.expires_in
        is_renewed = grant_type == RefreshGrant.GRANT_TYPE and shape.refresh == "rotated"
        if is_renewed or (shape.refresh != "none" and include_refresh_token):
            token["refresh_token"] = random_text(REFRESH_TOKEN_LENGTH)
        return token


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    """Authorization codes (RFC 6749 section 4.1)."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]  # noqa: RUF012

    def generate_authorization_code(self) -> str:
        return random_text(CODE_LENGTH)

    def save_authorization_code(self, code: str, request: PlainRequest) -> None:
        data = request.payload.data
        is_challenged = self.server.options.pkce != "off"
        quality = behaviour_of(request.user.number).code
        lifetime = 0 if quality == "expired" else self.server.options.code_lifetime
        self.server.tokens.save_code(
            Code(
                value=code,
                client_id=request.client.id,
                redirect_uri=request.payload.redirect_uri,
                driver=request.user.number,
                expires_at=self.server.clock.now() + lifetime,
                code_challenge=data.get("code_challenge") if is_challenged else None,
                code_challenge_method=data.get("code_challenge_method") if is_challenged else None,
                is_used=quality == "used",
            )
        )

    def validate_token_request(self) -> None:
        """Validate a token request. Refuse a correct one when the driver's behaviour has ``token_refusal``."""
        super().validate_token_request()
        refusal = behaviour_of(self.request.authorization_code.driver).token_refusal
        if refusal == "code_verifier":
            raise InvalidGrantError("Code challenge failed.")
        if refusal == "client":
            text = f"The client cannot authenticate with methods: {self.TOKEN_ENDPOINT_AUTH_METHODS}"
            raise InvalidClientError(text, status_code=401)

    def query_authorization_code(self, code: str, client: OAuthClient) -> Code | None:
        return self.server.tokens.use_code(code, client.id)  # type: ignore[no-any-return]

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Keep the code. It is marked as used, so a second use is recognised."""

    def authenticate_user(self, authorization_code: Code) -> Driver:
        return self.server.people.driver(authorization_code.driver)  # type: ignore[no-any-return]


class ImplicitGrant(grants.ImplicitGrant):  # type: ignore[misc]
    """Access tokens in the redirect to the browser (RFC 6749 section 4.2)."""

    def authenticate_token_endpoint_client(self) -> OAuthClient:
        """Return the client with the id that was sent. No client authenticates in this flow, with or without secret."""
        client = self.server.query_client(self.request.payload.client_id)
        if client is None:
            raise InvalidClientError("The client does not exist on this server.")
        return client  # type: ignore[no-any-return]


class RefreshGrant(grants.RefreshTokenGrant):  # type: ignore[misc]
    """Refresh tokens (RFC 6749 section 6). A refresh token stays the same, unless the driver's rotate."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]  # noqa: RUF012

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        return self.server.tokens.find_refresh(refresh_token)  # type: ignore[no-any-return]

    def authenticate_user(self, refresh_token: Token) -> Driver:
        return self.server.people.driver(refresh_token.driver)  # type: ignore[no-any-return]

    def revoke_old_credential(self, refresh_token: Token) -> None:
        self.server.tokens.revoke_access(refresh_token.access_token)
        if self.server.token_shape(refresh_token.driver).refresh == "rotated":
            self.server.tokens.spend_refresh(refresh_token.refresh_token)


class PkceChallenge(CodeChallenge):  # type: ignore[misc]
    """PKCE (RFC 7636). With ``required`` every client has to send a challenge."""

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        if self.required and not grant.request.payload.data.get("code_challenge"):
            raise InvalidRequestError("Missing 'code_challenge'")
        super().validate_code_challenge(grant, redirect_uri)


def _authenticate_basic(query_client: Any, request: Request) -> OAuthClient | None:
    """Authenticate a client by HTTP Basic. Id and secret are not percent-encoded, as vinli-node sends them."""
    credentials = flask_request.authorization
    if credentials is None or credentials.type != "basic":
        return None
    client = query_client(credentials.username)
    is_right = client is not None and client.check_client_secret(credentials.password or "")
    return client if is_right else None
