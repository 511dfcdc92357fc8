"""Credentials as objects that put themselves on a request and do not show themselves otherwise."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from requests import PreparedRequest, Response
from requests.auth import AuthBase

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MAX_REFUSAL = 64 * 1024
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
    """Fixed headers, an API key for example. Raises ValueError for values that no header can carry."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        for name, value in headers.items():
            if not _VISIBLE_ASCII.fullmatch(value):
                raise ValueError(f"the value of {name} is not visible ASCII")
        self._headers = dict(headers)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers.update(self._headers)
        return request


class ComposedAuth(AuthBase):
    """Several ways of authenticating on one request, one after the other."""

    def __init__(self, *parts: AuthBase) -> None:
        self._parts = parts

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        for part in self._parts:
            request = part(request)
        return request


class Token(Protocol):
    """A token as `TokenAuth` needs it."""

    @property
    def value(self) -> str:
        """The token itself."""
        ...


class Source(Protocol):
    """Where `TokenAuth` gets its tokens: `providers.tokens.engine.TokenSource`, or anything like it."""

    def token(self) -> Token:
        """Return a token that is good now."""
        ...

    def refused(self, token: Any) -> Token | None:
        """Return another token for one that was answered 401, or None when it is not to be tried again."""
        ...

    def refused_again(self, token: Any) -> None:
        """Take note that this token, fetched after a refusal, was refused as well."""
        ...


class TokenAuth(AuthBase):
    """A token of `source` in the Authorization header; after a 401 the request is repeated once with another.

    `scheme` stands before it (RFC 6750, section 2.1); empty leaves the token bare (seed 004). Applying it raises what
    `source.token()` raises.
    """

    def __init__(self, source: Source, scheme: str = "Bearer") -> None:
        self._source = source
        self._prefix = f"{scheme} " if scheme else ""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        token = self._source.token()
        request.headers["Authorization"] = self._prefix + token.value
        # The count of repeats belongs to the request: threads share this object.
        request.register_hook("response", partial(self._repeat_once, token))  # type: ignore[no-untyped-call]
        return request

    def _repeat_once(self, token: Token, response: Response, **options: Any) -> Response:
        if response.status_code != 401:
            return response
        try:
            fresh = self._source.refused(token)
        except BaseException:
            _finish(response)
            raise
        if fresh is None:
            return response
        _finish(response)
        request = response.request.copy()
        request.hooks = {"response": []}
        request.headers["Authorization"] = self._prefix + fresh.value
        repeated: Response = response.connection.send(request, **options)
        repeated.history.append(response)
        repeated.request = request
        if repeated.status_code == 401:
            self._source.refused_again(fresh)
        return repeated


def _finish(response: Response) -> None:
    """Read an answer to its end, so that its connection can be used again."""
    response.raw.read(_MAX_REFUSAL + 1, decode_content=False)
    response.close()
