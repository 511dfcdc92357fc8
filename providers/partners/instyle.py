"""instyle.ai: the images of a customer, in three roles.

"Authentication" of docs.instyle.ai documents it. The role service reads with an API key alone. The roles admin and
superuser sign in at AWS Cognito with a user's name and password (InitiateAuth, Amazon Cognito user pools API
reference). The response of `GET /images` is not documented. This client expects a list of entries as `POST /images`
takes them, without an envelope or under one of `_LIST_NAMES`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

from requests.auth import AuthBase

from providers.errors import NoToken
from providers.http.auth import ComposedAuth, HeaderAuth
from providers.http.origins import origin_of
from providers.http.transport import Transport
from providers.tokens.auth import Source, TokenAuth
from providers.tokens.remedies import SETTINGS as REMEDY_SETTINGS
from providers.tokens.requests import Body, ClientAuth, TokenRequest

PROVIDER = "instyle"
SETTINGS = ("INSTYLE_CLIENT_ID", "INSTYLE_USERNAME", "INSTYLE_PASSWORD", "INSTYLE_SECRET_HASH")
SUPERUSER_SETTINGS = (
    "INSTYLE_CLIENT_ID",
    "INSTYLE_SUPERUSER_USERNAME",
    "INSTYLE_SUPERUSER_PASSWORD",
    "INSTYLE_SUPERUSER_SECRET_HASH",
)

_MAX_LIST_BYTES = 16 * 1024 * 1024
_MAX_TEXT = 2000
_LIST_NAMES = ("images", "items", "results", "data")

TokenKind = Literal["id", "access"]
_TOKEN_NAMES: dict[TokenKind, str] = {"id": "IdToken", "access": "AccessToken"}
# The id token is sent without a scheme, the access token as a bearer token.
_SCHEMES: dict[TokenKind, str] = {"id": "", "access": "Bearer"}


def token_request(
    cognito_idp: str,
    client_id: str,
    username: str,
    password: str,
    secret_hash: str,
    *,
    client_secret: str | None = None,
    token: TokenKind = "id",  # noqa: S107 (a name)
    settings: tuple[str, ...] = SETTINGS,
) -> TokenRequest:
    """Return the token request with which a user signs in at Cognito. Tokens are valid for an hour.

    `cognito_idp` is the whole URL of the request. With `client_secret` a refresh works for a user whose name here is
    an alias.
    """
    return TokenRequest(
        provider=PROVIDER,
        url=cognito_idp,
        client_id=client_id,
        client_secret=client_secret,
        body=Body.COGNITO,
        client_auth=ClientAuth.NONE,
        fields={
            "USERNAME": username,
            "PASSWORD": password,
            "SECRET_HASH": secret_hash,
            "SCOPES": "OPENID",
        },
        token_at=("AuthenticationResult", _TOKEN_NAMES[token]),
        default_lifetime=3600,
        scope="OPENID",
        identity=username,
        settings=settings,
    )


def service_auth(api_key: str) -> AuthBase:
    """Return the auth of the role service: the key, and the literal word None as Authorization."""
    return HeaderAuth({"x-api-key": api_key, "Authorization": "None"})


def admin_auth(api_key: str, source: Source, token: TokenKind = "id") -> AuthBase:  # noqa: S107 (a name)
    """Return the auth of the role admin: the customer's key, and a user's token."""
    return ComposedAuth(HeaderAuth({"x-api-key": api_key}), TokenAuth(source, _SCHEMES[token]))


def superuser_auth(
    api_key: str,
    source: Source,
    customer: str,
    token: TokenKind = "id",  # noqa: S107 (a name)
) -> AuthBase:
    """Return the auth of the role superuser: its own key and token, and the selected customer."""
    headers = {"x-api-key": api_key, "x-selected-customer": customer}
    return ComposedAuth(HeaderAuth(headers), TokenAuth(source, _SCHEMES[token]))


@dataclass(frozen=True, slots=True)
class Image:
    """An image. `url` is None if none came or it is not http or https. It came from outside: escape it.

    `id` is empty if it cannot be read.
    """

    id: str
    url: str | None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read one image: its id, and the URL in `file` or at the top level."""
        if not isinstance(value, dict):
            return cls("", None)
        number = value.get("id")
        if not isinstance(number, (int, str)) or isinstance(number, bool):
            number = ""
        file = value.get("file")
        url = file.get("url") if isinstance(file, dict) else value.get("url")
        is_url = isinstance(url, str) and url.startswith(("https://", "http://")) and len(url) <= _MAX_TEXT
        return cls(str(number)[:_MAX_TEXT], url if is_url else None)


class InstyleClient:
    """instyle.ai's API below `base_url`, which may have a path.

    `admin` is None if the role is not set up; `admin_missing` are the variables that are then missing.
    """

    def __init__(
        self,
        transport: Transport,
        base_url: str,
        service: AuthBase,
        admin: AuthBase | None = None,
        admin_missing: tuple[str, ...] = (),
    ) -> None:
        transport.allow(origin_of(base_url))
        self._transport = transport
        self._images_url = f"{base_url}/images"
        self._service = service
        self._admin = admin
        self._admin_missing = admin_missing

    def images(self, *, deadline: float | None = None) -> list[Image]:
        """Return all images, in the role service. Raises the transport's ProviderErrors and InvalidResponse."""
        answer = self._transport.request(
            PROVIDER,
            "GET",
            self._images_url,
            auth=self._service,
            max_bytes=_MAX_LIST_BYTES,
            deadline=deadline,
        )
        body = answer.lenient_json()
        if isinstance(body, dict):
            body = next((body[name] for name in _LIST_NAMES if name in body), None)
        if not isinstance(body, list):
            raise answer.invalid("the answer holds no list of images")
        return [Image.from_json(entry) for entry in body]

    def add_images(self, images: Iterable[tuple[int | str, str]], *, deadline: float | None = None) -> None:
        """Add images in the role admin. Each is an id and the URL to fetch it from. The response is ignored.

        Raises the ProviderErrors of the transport, and NoToken, also if the role is not set up.
        """
        if self._admin is None:
            raise NoToken(
                "the role admin is not set up",
                remedy=REMEDY_SETTINGS,
                settings=self._admin_missing,
                provider=PROVIDER,
                method="POST",
                url=self._images_url,
            )
        self._transport.request(
            PROVIDER,
            "POST",
            self._images_url,
            auth=self._admin,
            headers={"Content-Type": "application/json"},
            content=images_body(images),
            deadline=deadline,
        )


def images_body(images: Iterable[tuple[int | str, str]]) -> bytes:
    """Return the JSON body that adds images."""
    entries = [{"id": number, "file": {"url": url}} for number, url in images]
    return json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
