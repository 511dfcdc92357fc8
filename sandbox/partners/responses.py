"""What all partners' views read and write: JSON, forms, bearer tokens and error responses."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, request

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 section 5.1


class RequestRefused(Exception):
    """Ends a request with ``response``, an error in the partner's own shape."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def refused_response(refused: RequestRefused) -> Response:
    """Return the response that a RequestRefused carries."""
    return refused.response


def json_response(
    body: object,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> Response:
    """Return ``body`` as compact JSON."""
    text = json.dumps(body, separators=(",", ":"))
    return Response(text, status, dict(headers or {}), content_type=content_type)


def oauth_error(
    status: int, error: str, description: str, headers: Mapping[str, str] | None = None
) -> RequestRefused:
    """Return an OAuth error (RFC 6749 section 5.2) to raise."""
    body = {"error": error, "error_description": description}
    return RequestRefused(json_response(body, status, {**NO_STORE, **(headers or {})}))


def json_value() -> Any:
    """Return the JSON in the body, whatever the content type; raises ValueError when the body is not JSON."""
    try:
        return json.loads(request.get_data())
    except RecursionError:
        raise ValueError("nested too deeply") from None


def form_fields() -> dict[str, str]:
    """Return the fields of an ``application/x-www-form-urlencoded`` body (RFC 6749 section 4.4.2).

    Raises RequestRefused for any other content type, and for a field that is sent twice (section 3.2).
    """
    if request.mimetype != "application/x-www-form-urlencoded":
        raise oauth_error(400, "invalid_request", "Send application/x-www-form-urlencoded")
    pairs = parse_qsl(request.get_data().decode(errors="replace"), keep_blank_values=True)
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise oauth_error(400, "invalid_request", "A field comes twice")
    return fields


def bearer_token() -> str | None:
    """Return the token after ``Bearer`` in the Authorization header, or None."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
