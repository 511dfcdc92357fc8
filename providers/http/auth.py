"""Credentials as objects that add themselves to a request. Their repr shows no secret."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping

from requests import PreparedRequest
from requests.auth import AuthBase

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")


class BasicAuth(AuthBase):
    """HTTP Basic (RFC 7617) with UTF-8 and standard base64 on one line.

    Raises ValueError for a colon in the user, which would shift the boundary to the password, and for control
    characters.
    """

    def __init__(self, user: str, password: str) -> None:
        if ":" in user:
            raise ValueError("the user of HTTP Basic cannot hold a colon (RFC 7617, section 2)")
        if _CONTROL.search(user + password):
            raise ValueError("HTTP Basic cannot carry control characters (RFC 7617, section 2)")
        self._header = "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


class BearerAuth(AuthBase):
    """A bearer token in the Authorization header (RFC 6750, section 2.1).

    Raises ValueError for a token that is empty or holds anything but visible ASCII.
    """

    def __init__(self, token: str) -> None:
        if not _VISIBLE_ASCII.fullmatch(token):
            raise ValueError("a bearer token is visible ASCII (RFC 6750, section 2.1)")
        self._header = f"Bearer {token}"

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


class HeaderAuth(AuthBase):
    """Fixed headers, for example an API key. Raises ValueError for a value that is not visible ASCII."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        for name, value in headers.items():
            if not _VISIBLE_ASCII.fullmatch(value):
                raise ValueError(f"the value of {name} is not visible ASCII")
        self._headers = dict(headers)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers.update(self._headers)
        return request


class ComposedAuth(AuthBase):
    """Several authentication methods, applied to one request in order."""

    def __init__(self, *parts: AuthBase) -> None:
        self._parts = parts

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        for part in self._parts:
            request = part(request)
        return request
