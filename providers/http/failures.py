"""Translate errors of requests and urllib3, and status codes, into the tree of `providers.errors`."""

from __future__ import annotations

import http.client
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

import requests
import urllib3

from providers.errors import (
    Cause,
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
from providers.http.causes import cause_of
from providers.http.connections import OutOfStep, Redirected
from providers.http.headers import bearer_error, retry_after_seconds
from providers.http.page_text import title_of_page
from providers.http.response import Call

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
INVALID_TOKEN = "invalid_token"  # noqa: S105 (an error code)
_TRANSIENT_STATUSES = (502, 503, 504)
_REASONS = {
    Cause.NAME: "the host name could not be found",
    Cause.REFUSED: "the connection was refused",
    Cause.NO_ROUTE: "no route leads to the host",
    Cause.BROKE_OFF: "no connection, or it broke off",
    Cause.CONNECT_TIMEOUT: "no connection came about in time",
    Cause.RESPONSE_TIMEOUT: "took too long",
    Cause.CERTIFICATE_EXPIRED: "the certificate has expired",
    Cause.CERTIFICATE_NOT_YET_VALID: "the certificate is not valid yet",
    Cause.CERTIFICATE_NAME: "the certificate is for another name",
    Cause.CERTIFICATE_UNTRUSTED: "no known authority signed the certificate",
    Cause.TLS: "no TLS connection came about",
    Cause.PROXY_UNREACHABLE: "the proxy cannot be reached",
    Cause.PROXY_WANTS_PASSWORD: "the proxy wants a user name and a password",
    Cause.PROXY_REFUSED: "the proxy does not connect to this host",
}
# A repetition within seconds may succeed.
_PASSING = frozenset({Cause.REFUSED, Cause.NO_ROUTE, Cause.BROKE_OFF, Cause.NAME, Cause.PROXY_UNREACHABLE})

# RFC 6749, section 5.2: the characters of `error` and `error_description`.
_ERROR_TEXT = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
_ERROR_CODE = re.compile(r"[a-z]{1,30}(?:_[a-z]{1,30}){1,4}")
_MAX_FORM = 4096
# RFC 6749, section 5.2. Some servers write them with capitals.
_OAUTH_ERRORS = frozenset(
    {
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)
_MAX_ERROR = 100
_MAX_DESCRIPTION = 500
_MAX_LOCATION = 2000


def is_timeout(error: Exception) -> bool:
    """Say whether a wire error is a timeout."""
    return isinstance(error, _TIMEOUTS)


def failure_of(error: Exception, call: Call) -> ProviderError:
    """Return the ProviderError for a wire error."""
    if isinstance(error, Redirected):
        answer = error.answer
        return InvalidResponse(
            "answered with a redirect",
            status=answer.status_code,
            location=_place(call.url, answer.headers.get("Location", "")),
            **call.fields(),
        )
    if isinstance(error, OutOfStep):
        return InvalidResponse("more than one answer came", **call.fields())
    if is_timeout(error):
        connecting = isinstance(error, requests.ConnectTimeout)
        cause = Cause.CONNECT_TIMEOUT if connecting else Cause.RESPONSE_TIMEOUT
        return TimedOut(_REASONS[cause], is_transient=connecting, cause=cause, **call.fields())
    if isinstance(error, _UNREADABLE) or _is_not_http(error):
        return InvalidResponse("the answer is not readable HTTP", **call.fields())
    cause = cause_of(error)
    if cause is Cause.BROKE_OFF and isinstance(error, _TLS_ERRORS):
        cause = Cause.TLS
    return Unreachable(_REASONS[cause], cause=cause, is_transient=cause in _PASSING, **call.fields())


def _place(url: str, location: str) -> str:
    """Return where a Location leads, without user info, query and fragment, which may hold a secret."""
    try:
        parts = urlsplit(urljoin(url, location.strip()[:_MAX_LOCATION]))
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


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
    error, description = _oauth_error(body)
    told = bearer_error(headers.get("WWW-Authenticate"))
    return _class_of(status, told)(
        "no success",
        status=status,
        error=error
        or _text(told, _MAX_ERROR)
        or _text(_kind_of(headers.get("X-Amzn-ErrorType", "")), _MAX_ERROR),
        error_description=description,
        retry_after=retry_after,
        is_transient=status in _TRANSIENT_STATUSES or (status == 429 and retry_after is not None),
        page_title=title_of_page(body, headers.get("Content-Type")),
        body=body,
        **call.fields(),
    )


def _class_of(status: int, bearer_error: str | None) -> type[ProviderError]:
    """Return the class for a status. Some APIs say with 403 that a token has expired (RFC 6750, section 3.1)."""
    if status == HTTPStatus.FORBIDDEN and bearer_error == INVALID_TOKEN:
        return Unauthorized
    if not 400 <= status < 600:
        return InvalidResponse
    if status >= 500:
        return ServerFailed
    return _BY_STATUS.get(status, Refused)


def error_in(value: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the error and its description in a JSON object, None for each that is missing or unreadable.

    Cognito names an error by its type, with or without a namespace before it and an address behind it (AWS JSON
    protocol 1.1).
    """
    kind = _kind_of(value["__type"]) if isinstance(value.get("__type"), str) else None
    error = _text(value.get("error", kind), _MAX_ERROR)
    if error is not None and error.lower() in _OAUTH_ERRORS:
        error = error.lower()
    return error, _text(value.get("error_description"), _MAX_DESCRIPTION)


def _kind_of(text: str) -> str:
    return text.rpartition("#")[2].partition(":")[0]


def _oauth_error(body: bytes | None) -> tuple[str | None, str | None]:
    """Return the error that a body reports: as JSON of any content type, as a form, or as the code alone."""
    if not body:
        return None, None
    try:
        value = strict_json.loads_leniently(body, keys_once=True)
    except strict_json.BadJson:
        value = _form_or_code(body)
    return error_in(value) if isinstance(value, dict) else (None, None)


def _form_or_code(body: bytes) -> dict[str, str]:
    text = body[:_MAX_FORM].decode("latin-1").strip()
    if _ERROR_CODE.fullmatch(text):
        return {"error": text}
    return error_in_form(body)


def error_in_form(body: bytes) -> dict[str, str]:
    """Return the fields of an error that came as a form, {} for any other body."""
    text = body[:_MAX_FORM].decode("latin-1").strip()
    return dict(parse_qsl(text)) if text.startswith("error=") else {}


def _text(value: Any, limit: int) -> str | None:
    if isinstance(value, str) and len(value) <= limit and _ERROR_TEXT.fullmatch(value):
        return value
    return None
