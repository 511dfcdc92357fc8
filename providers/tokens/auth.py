"""A token of the engine on a request, renewed once after a 401."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

from requests import PreparedRequest, Response
from requests.auth import AuthBase

_MAX_REFUSAL = 64 * 1024


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
