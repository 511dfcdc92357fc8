"""Ayyeka: the field sites of an organization.

"Authentication" and "Quickstart" of developer.ayyeka.com document it, and the OpenAPI description that Ayyeka publishes
with its Python client (version 2.0, `GET /site`). The response is a list without an envelope; coordinates are texts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Self

import msgspec
from msgspec.structs import force_setattr
from requests.auth import AuthBase

from providers.http.transport import Transport
from providers.records import read_record
from providers.tokens.requests import Body, ClientAuth, TokenRequest

PROVIDER = "ayyeka"
SETTINGS = ("AYYEKA_KEY", "AYYEKA_SECRET")
NO_CACHE = {"Cache-Control": "no-cache"}
SITES_PATH = "/v2.0/site"
_MAX_LIST_BYTES = 16 * 1024 * 1024
_Text = Annotated[str, msgspec.Meta(max_length=500)]


def token_request(origin: str, key: str, secret: str) -> TokenRequest:
    """Return the token request: a form, with the client in HTTP Basic. `token_type` is `JWT`, valid for an hour."""
    return TokenRequest(
        provider=PROVIDER,
        url=f"{origin}/auth/token",
        client_id=key,
        client_secret=secret,
        body=Body.FORM,
        client_auth=ClientAuth.BASIC,
        fields={"grant_type": "client_credentials"},
        headers=NO_CACHE,
        token_types=frozenset({"jwt", "bearer"}),
        default_lifetime=3600,
        settings=SETTINGS,
    )


class Site(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={"name": "display_name", "created_at": "creation_date"},
):
    """A field site. `latitude` and `longitude` are texts that people typed, unchanged. All fields may be missing."""

    id: int | None = None
    name: _Text | None = None
    status: _Text | None = None
    latitude: _Text | None = None
    longitude: _Text | None = None
    created_at: datetime | None = None

    def __post_init__(self) -> None:
        """Treat a time without a zone as UTC."""
        if self.created_at is not None and self.created_at.tzinfo is None:
            force_setattr(self, "created_at", self.created_at.replace(tzinfo=UTC))

    @property
    def position(self) -> tuple[float, float] | None:
        """Latitude and longitude in degrees, None if the texts are not valid coordinates."""
        try:
            latitude, longitude = float(self.latitude or ""), float(self.longitude or "")
        except ValueError:
            return None
        on_earth = -90 <= latitude <= 90 and -180 <= longitude <= 180  # also false for NaN
        return (latitude, longitude) if on_earth else None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read one site, and ignore undeclared fields and those that cannot be read."""
        return read_record(cls, value)


class AyyekaClient:
    """Ayyeka's REST API; `auth` carries the token."""

    def __init__(self, transport: Transport, origin: str, auth: AuthBase) -> None:
        self._transport = transport
        self._origin = transport.allow(origin)
        self._auth = auth

    def sites(self, *, deadline: float | None = None) -> list[Site]:
        """Return all sites, in the order of the response.

        Raises the ProviderErrors of the transport, NoToken and InvalidResponse.
        """
        answer = self._transport.request(
            PROVIDER,
            "GET",
            self._origin + SITES_PATH,
            auth=self._auth,
            headers=NO_CACHE,
            max_bytes=_MAX_LIST_BYTES,
            deadline=deadline,
        )
        body = answer.lenient_json()
        if not isinstance(body, list):
            raise answer.invalid("the answer is not a list of sites")
        return [Site.from_json(entry) for entry in body]
