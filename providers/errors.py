"""The errors of remote systems, as one tree. Each class says what the caller can do.

ProviderError
├── Unreachable         no connection, or it broke: try later
├── TimedOut            too slow: try later
├── Throttled           429: wait for `retry_after`
├── ServerFailed        5xx: try later
├── Refused             4xx: the request is wrong, see `error`
│   ├── Unauthorized    401: connect again
│   ├── Forbidden       403: not for these credentials
│   └── NotFound        404: it does not exist
├── ChallengePending    the identity provider wants more than a password: ask the provider
├── NoToken             no access token is available: see `remedy`, and `retry_after` for the next attempt
├── InvalidResponse     the response is not as documented: redirect, content type, size, JSON, fields
└── Incomplete          a list could not be read whole
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any


class Cause(StrEnum):
    """Why no connection came about, or why it broke."""

    NAME = "no_such_name"
    REFUSED = "connection_refused"
    NO_ROUTE = "no_route"
    BROKE_OFF = "broke_off"
    CONNECT_TIMEOUT = "connect_timeout"
    RESPONSE_TIMEOUT = "response_timeout"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NOT_YET_VALID = "certificate_not_yet_valid"
    CERTIFICATE_NAME = "certificate_for_another_name"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    TLS = "tls_failed"
    PROXY_UNREACHABLE = "proxy_unreachable"
    PROXY_WANTS_PASSWORD = "proxy_wants_password"  # noqa: S105 (a cause)
    PROXY_REFUSED = "proxy_refused"


class ProviderError(Exception):
    """A remote system did not do what it was asked for.

    `url` has no query; `retry_after` is in seconds. `error` and `error_description` are the OAuth fields of the
    response; they are None unless they keep to the characters of RFC 6749, section 5.2. They came from outside, so
    escape them. `is_transient` says that the same request will probably succeed within seconds. `cause` is set if no
    connection came about or it broke. `location` is where a redirect leads, without query and fragment. `page_title` is
    the title of an HTML page that came in place of the documented response, None if none came. `body` is the body of a
    response that is not 2xx, None if it was not read or is larger than 64 KB. These three are from outside as well.
    """

    def __init__(
        self,
        reason: str,
        *,
        provider: str | None = None,
        method: str | None = None,
        url: str | None = None,
        status: int | None = None,
        error: str | None = None,
        error_description: str | None = None,
        retry_after: float | None = None,
        is_transient: bool = False,
        cause: Cause | None = None,
        location: str | None = None,
        page_title: str | None = None,
        body: bytes | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.provider = provider
        self.method = method
        self.url = url
        self.status = status
        self.error = error
        self.error_description = error_description
        self.retry_after = retry_after
        self.is_transient = is_transient
        self.cause = cause
        self.location = location
        self.page_title = page_title
        self.body = body

    def __str__(self) -> str:
        where = " ".join(part for part in (self.provider, self.method, self.url) if part)
        status = f" (status {self.status})" if self.status is not None else ""
        return f"{where}: {self.reason}{status}" if where else f"{self.reason}{status}"


class Unreachable(ProviderError):
    """No connection was possible (name, refusal, TLS), it broke, or the circuit breaker is open after many failures."""


class TimedOut(ProviderError):
    """The connection, the response or the whole call took longer than allowed."""


class Throttled(ProviderError):
    """Too many requests (429)."""


class ServerFailed(ProviderError):
    """The remote system reports a failure of its own (5xx)."""


class Refused(ProviderError):
    """The remote system refused the request (4xx)."""


class Unauthorized(Refused):
    """The credentials are missing, wrong or expired (401)."""


class Forbidden(Refused):
    """The credentials do not allow this (403)."""


class NotFound(Refused):
    """It does not exist, or not for these credentials (404)."""


class ChallengePending(ProviderError):
    """Cognito responded with a challenge (a new password, a second factor) that needs a person."""


class NoToken(ProviderError):
    """No access token is available now. If a token request failed, `reason`, `status` and `error` are those of it.

    `remedy` says what helps: "wait", "settings" (check those named in `settings`), or "provider" (ask the provider).
    """

    def __init__(self, reason: str, *, remedy: str, settings: tuple[str, ...] = (), **fields: Any) -> None:
        super().__init__(reason, **fields)
        self.remedy = remedy
        self.settings = settings


class InvalidResponse(ProviderError):
    """A response came, but it is not as documented."""


class Incomplete(ProviderError):
    """A list could not be read whole: its pages contradict its total, or it changed during every reading."""


@contextmanager
def attributed(provider: str | None) -> Iterator[None]:
    """Set the provider in ProviderErrors that pass through, unless they name one."""
    try:
        yield
    except ProviderError as error:
        error.provider = error.provider or provider
        raise
