"""What the partners' views read and write alike: JSON, forms, bearer tokens, and refusals in a partner's own shape."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, request

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 section 5.1


class Refused(Exception):
    """Ends a request with the answer that it carries."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def answer_refused(refused: Refused) -> Response:
    """Give the answer that a refusal carries."""
    return refused.response


def json_answer(
    body: object,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> Response:
    """Return ``body`` as compact JSON."""
    text = json.dumps(body, separators=(",", ":"))
    return Response(text, status, dict(headers or {}), content_type=content_type)


def oauth_refusal(
    status: int, error: str, description: str, headers: Mapping[str, str] | None = None
) -> Refused:
    """Return a refusal as RFC 6749 section 5.2 writes it."""
    body = {"error": error, "error_description": description}
    return Refused(json_answer(body, status, {**NO_STORE, **(headers or {})}))


def json_value() -> Any:
    """Return the JSON in the body, whatever its content type; raises ValueError when it is none."""
    try:
        return json.loads(request.get_data())
    except RecursionError:
        raise ValueError("nested too deeply") from None


def form_fields() -> dict[str, str]:
    """Return the fields of an ``application/x-www-form-urlencoded`` body (RFC 6749 section 4.4.2).

    Raises Refused for any other content type, and for a field that comes twice (section 3.2).
    """
    if request.mimetype != "application/x-www-form-urlencoded":
        raise oauth_refusal(400, "invalid_request", "Send application/x-www-form-urlencoded")
    pairs = parse_qsl(request.get_data().decode(errors="replace"), keep_blank_values=True)
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise oauth_refusal(400, "invalid_request", "A field comes twice")
    return fields


def bearer_token() -> str | None:
    """Return the token after ``Bearer`` in the Authorization header, None when there is no such thing."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
