"""Anyline's Cloud API: reads the sidewall of a tyre from a photograph.

"Getting Started" of documentation.anyline.com (Cloud API) documents the token request and the call. The response is
documented for customers only. So it is read tolerantly here, by the names that Anyline's own mobile SDK gives to the
same results (tireSizeResult, tinResult, tireMakeResult), at any place in the response.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from requests.auth import AuthBase

from providers.http.transport import Transport
from providers.tokens.requests import Body, Client, ClientAuth, TokenRequest

PROVIDER = "anyline"
AUDIENCE = "https://prod.cloud-api.anyline.com"
SCOPE = "cloudapi:tiresidewall"
SETTINGS = ("ANYLINE_CLIENT_ID", "ANYLINE_CLIENT_SECRET", "ANYLINE_AUDIENCE", "ANYLINE_SCOPE")
SIDEWALL_PATH = "/v2/tiresidewall"

_MAX_TEXT = 200
_MAX_DEPTH = 6
_MAX_OTHERS = 40
# The names of a field on the wire, without "result", in lower case and without signs. The first name found counts.
_NAMES = {
    "size": ("prettifiedstring", "tiresize", "tyresize", "size"),
    "load_index": ("loadindex",),
    "speed_rating": ("speedrating", "speedindex", "speedsymbol"),
    "dot": ("prettified", "tin", "dot", "dotnumber", "dotcode", "tireidentificationnumber"),
    "production_date": ("productiondate", "dotdate", "manufacturingdate"),
    "make": ("tiremake", "make", "brand", "manufacturer"),
    "model": ("tiremodel", "model"),
}
_WRAPPERS = ("text", "value")


def token_request(
    auth_origin: str,
    client_id: str,
    client_secret: str,
    *,
    audience: str = AUDIENCE,
    scope: str = SCOPE,
) -> TokenRequest:
    """Return the token request: a JSON body with the credentials. The token is a JWT, valid for a day."""
    return TokenRequest(
        provider=PROVIDER,
        url=f"{auth_origin}/oauth/token",
        client_id=client_id,
        client_secret=client_secret,
        body=Body.JSON,
        client_auth=ClientAuth.BODY,
        fields={
            "client_id": Client.ID,
            "client_secret": Client.SECRET,
            "audience": audience,
            "grant_type": "client_credentials",
            "scope": scope,
        },
        default_lifetime=24 * 3600,
        scope=scope,
        audience=audience,
        settings=SETTINGS,
    )


def sidewall_body(image: bytes) -> bytes:
    """Return the body of the call as valid JSON. The document's example lacks the quotes of the key."""
    return json.dumps({"image": b64encode(image).decode()}, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class TireSidewall:
    """The fields that were read, as texts; None for a field that was not found.

    `size` is the whole designation, like 205/55R16 91V; `dot` is the tire identification number; `production_date`
    is year/month. If no field was recognized, `others` holds all names and texts, so that a person can read them.
    """

    size: str | None = None
    load_index: str | None = None
    speed_rating: str | None = None
    dot: str | None = None
    production_date: str | None = None
    make: str | None = None
    model: str | None = None
    others: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read a response. Raises ValueError if it is not an object."""
        if not isinstance(value, dict):
            raise ValueError("not an object")
        leaves = list(_leaves(value, ()))
        texts: dict[str, str] = {}
        for path, text in leaves:
            texts.setdefault(_name(path), text)
        read: dict[str, Any] = {
            field: next((texts[name] for name in names if name in texts), None)
            for field, names in _NAMES.items()
        }
        if any(read.values()):
            return cls(**read)
        return cls(others=tuple(f"{'.'.join(path)}: {text}" for path, text in leaves[:_MAX_OTHERS]))


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the texts and numbers of a JSON value, each with its path. Paths have no list indices."""
    if len(path) > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        for name, child in value.items():
            if name != "confidence":
                yield from _leaves(child, (*path, name[:_MAX_TEXT]))
    elif isinstance(value, list):
        for child in value:
            yield from _leaves(child, path)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        text = str(value).strip()[:_MAX_TEXT]
        if text:
            yield path, text


def _name(path: tuple[str, ...]) -> str:
    """Return the name of a text: the last name of its path that is not a wrapper such as `text`."""
    names = [re.sub(r"[^a-z]", "", name.lower()) for name in path]
    while names and names[-1] in _WRAPPERS:
        names.pop()
    return names[-1].replace("result", "") if names else ""


class AnylineClient:
    """The Cloud API; `auth` carries the token."""

    def __init__(self, transport: Transport, origin: str, auth: AuthBase) -> None:
        self._transport = transport
        self._origin = transport.allow(origin)
        self._auth = auth

    def read_tire_sidewall(self, image: bytes, *, deadline: float | None = None) -> TireSidewall:
        """Return the text on a tyre's sidewall. Raises the transport's ProviderErrors, NoToken and InvalidResponse."""
        answer = self._transport.request(
            PROVIDER,
            "POST",
            self._origin + SIDEWALL_PATH,
            auth=self._auth,
            headers={"Content-Type": "application/json"},
            content=sidewall_body(image),
            deadline=deadline,
        )
        try:
            return TireSidewall.from_json(answer.json())
        except ValueError as error:
            raise answer.invalid(f"the reading is not what it should be: {error}") from None
