"""Add a token of the engine to a request, and renew it once if it is refused."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any, Protocol

from requests import PreparedRequest, Response
from requests.auth import AuthBase

from providers.http.failures import INVALID_TOKEN
from providers.http.headers import bearer_error

_MAX_REFUSAL = 64 * 1024


class Token(Protocol):
    """The part of a token that `TokenAuth` needs."""

    @property
    def value(self) -> str:
        """The token itself."""
        ...


class Source(Protocol):
    """The source of `TokenAuth`'s tokens: `providers.tokens.engine.TokenSource`, or an object with its methods."""

    def token(self) -> Token:
        """Return a token that is valid now."""
        ...

    def refused(self, token: Any) -> Token | None:
        """Return a new token after a 401 for this one, or None if the request should not be repeated."""
        ...

    def refused_again(self, token: Any) -> None:
        """Record that this token, fetched after a 401, got a 401 too."""
        ...


class TokenAuth(AuthBase):
    """A token of `source` in the Authorization header. If the token is refused, the request is repeated once with
    a new one.

    `scheme` comes before the token (RFC 6750, section 2.1). If it is empty, the header holds the token alone (seed
    004). Applying this to a request raises what `source.token()` raises.
    """

    def __init__(self, source: Source, scheme: str = "Bearer") -> None:
        self._source = source
        self._prefix = f"{scheme} " if scheme else ""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        token = self._source.token()
        request.headers["Authorization"] = self._prefix + token.value
        # The hook is set on the request, because threads share this object.
        request.register_hook("response", partial(self._repeat_once, token))  # type: ignore[no-untyped-call]
        return request

    def _repeat_once(self, token: Token, response: Response, **options: Any) -> Response:
        if not _is_refused(response):
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
        if _is_refused(repeated):
            self._source.refused_again(fresh)
        return repeated


def _is_refused(response: Response) -> bool:
    """Say whether a response refuses the token: with 401, or with 403 and the error invalid_token (RFC 6750).

    A bare 403 is about permissions, which a new token does not change.
    """
    if response.status_code == HTTPStatus.FORBIDDEN:
        return bearer_error(response.headers.get("WWW-Authenticate")) == INVALID_TOKEN
    return response.status_code == HTTPStatus.UNAUTHORIZED


def _finish(response: Response) -> None:
    """Read a response to its end, so that its connection can be used again."""
    response.raw.read(_MAX_REFUSAL + 1, decode_content=False)
    response.close()
