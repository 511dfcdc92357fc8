"""Read the body of a token endpoint's response with status 2xx, for Vinli and for partners."""

from __future__ import annotations

from typing import Any

from providers.errors import InvalidResponse, ProviderError, Refused, ServerFailed
from providers.http import strict_json
from providers.http.failures import error_in, error_in_form
from providers.http.response import Response

# These errors say that the server has a problem, not that it refuses (RFC 6749, section 4.1.2.1).
TRANSIENT_ERRORS = frozenset({"server_error", "temporarily_unavailable", "slow_down"})


def token_object(answer: Response) -> dict[str, Any]:
    """Return the JSON object of a token response, whatever content type it names.

    An odd character in a field that decides nothing must not hide the token. The checks of the token refuse what was
    repaired in it. An error may come as a form too. Raises InvalidResponse if the body is neither.
    """
    try:
        value = strict_json.loads_leniently(answer.body, keys_once=True)
    except strict_json.BadJson as error:
        if told := error_in_form(answer.body):
            return told
        raise answer.invalid(_fault_of(answer, error)) from error
    if not isinstance(value, dict):
        raise answer.invalid("the token response is not an object")
    return value


def refusal_in(body: dict[str, Any], answer: Response) -> ProviderError | None:
    """Return the error of an object that reports one although its status is 2xx; None if it reports none."""
    error, description = error_in(body)
    if error is None:
        return None
    kind = ServerFailed if error in TRANSIENT_ERRORS else Refused
    return kind(
        f"the answer with status {answer.status} reports an error",
        status=answer.status,
        error=error,
        error_description=description,
        **answer.call.fields(),
    )


def reported_in(answer: Response) -> ProviderError | None:
    """Return the error that a response with status 2xx reports; None if it reports none or cannot be read."""
    try:
        return refusal_in(token_object(answer), answer)
    except InvalidResponse:
        return None


def _fault_of(answer: Response, error: strict_json.BadJson) -> str:
    if not answer.body.strip():
        return "the token response is empty"
    if not strict_json.is_json_type(answer.headers.get("Content-Type")):
        return "the answer does not say it is JSON, and it is not"
    return f"the answer is not valid JSON: {error}"
