"""Translate errors of requests and urllib3, and status codes, into the tree of `providers.errors`."""

from __future__ import annotations

import http.client
import re
from collections.abc import Mapping
from typing import Any

import requests
import urllib3

from providers.errors import (
    Forbidden,
    InvalidResponse,
    NotFound,
    ProviderError,
    Refused,
    ServerFailed,
    Throttled,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from providers.http import strict_json
from providers.http.connections import OutOfStep, Redirected
from providers.http.response import Call
from providers.http.retries import retry_after_seconds

WIRE_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
_TIMEOUTS = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
_TLS_ERRORS = (requests.exceptions.SSLError, urllib3.exceptions.SSLError)
_UNREADABLE = (
    urllib3.exceptions.DecodeError,
    urllib3.exceptions.InvalidHeader,
    requests.exceptions.InvalidHeader,
)

_BY_STATUS: dict[int, type[ProviderError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    429: Throttled,
}
_TRANSIENT_STATUSES = (502, 503, 504)

# RFC 6749, section 5.2: the characters of `error` and `error_description`.
_ERROR_TEXT = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
_MAX_ERROR = 100
_MAX_DESCRIPTION = 500


def is_timeout(error: Exception) -> bool:
    """Say whether a wire error is a timeout."""
    return isinstance(error, _TIMEOUTS)


def failure_of(error: Exception, call: Call) -> ProviderError:
    """Return the ProviderError for a wire error."""
    if isinstance(error, Redirected):
        status = error.response.status_code if error.response is not None else None
        return InvalidResponse("answered with a redirect", status=status, **call.fields())
    if isinstance(error, OutOfStep):
        return InvalidResponse("more than one answer came", **call.fields())
    if is_timeout(error):
        connecting = isinstance(error, requests.ConnectTimeout)
        return TimedOut("took too long", is_transient=connecting, **call.fields())
    if isinstance(error, _TLS_ERRORS):
        return Unreachable("no trustworthy TLS connection", **call.fields())
    if isinstance(error, _UNREADABLE) or _is_not_http(error):
        return InvalidResponse("the answer is not readable HTTP", **call.fields())
    return Unreachable("no connection, or it broke off", is_transient=True, **call.fields())


def _is_not_http(error: BaseException | None) -> bool:
    """Say whether the host sent invalid HTTP, and the connection did not merely end."""
    while error is not None:
        if isinstance(error, http.client.HTTPException):
            return not isinstance(error, (http.client.RemoteDisconnected, http.client.IncompleteRead))
        error = error.__cause__ or error.__context__
    return False


def refusal_of(
    call: Call, status: int, headers: Mapping[str, str], body: bytes | None, now: float
) -> ProviderError:
    """Return the error for a response that is not 2xx.

    `body` is None if it was too large to read. `now` is a Unix time, for Retry-After dates.
    """
    retry_after = retry_after_seconds(headers.get("Retry-After"), now)
    error, description = _oauth_error(headers, body)
    return _class_of(status)(
        "no success",
        status=status,
        error=error,
        error_description=description,
        retry_after=retry_after,
        is_transient=status in _TRANSIENT_STATUSES or (status == 429 and retry_after is not None),
        **call.fields(),
    )


def _class_of(status: int) -> type[ProviderError]:
    if not 400 <= status < 600:
        return InvalidResponse
    if status >= 500:
        return ServerFailed
    return _BY_STATUS.get(status, Refused)


def _oauth_error(headers: Mapping[str, str], body: bytes | None) -> tuple[str | None, str | None]:
    if not body or not strict_json.is_json_type(headers.get("Content-Type")):
        return None, None
    try:
        value = strict_json.loads(body)
    except strict_json.BadJson:
        return None, None
    if not isinstance(value, dict):
        return None, None
    # Cognito names an error by its type, with or without a namespace (AWS JSON protocol 1.1).
    kind = value["__type"].rpartition("#")[2] if isinstance(value.get("__type"), str) else None
    return _text(value.get("error", kind), _MAX_ERROR), _text(
        value.get("error_description"), _MAX_DESCRIPTION
    )


def _text(value: Any, limit: int) -> str | None:
    if isinstance(value, str) and len(value) <= limit and _ERROR_TEXT.fullmatch(value):
        return value
    return None
