"""Auth service: the token endpoint (RFC 6749 sections 3.2, 4.1.3 and 6), in the two forms that Vinli's clients use."""

import json
from urllib.parse import parse_qsl

from flask import Response, request
from werkzeug.datastructures import MultiDict

from sandbox.personas.magic_drivers import behaviour_of
from sandbox.services.current import current_vinli


def answer_token_request() -> Response:
    """Answer ``POST /oauth/token``: exchange a code, or a refresh token where they are switched on.

    The body is a form (vinli_tornado_auth) or JSON (vinli-node lib/auth.js). The client authenticates by HTTP Basic.
    """
    values = _token_values()
    repeated = [name for name in values if len(values.getlist(name)) > 1]
    if repeated:
        return _token_error("invalid_request", f"Repeated parameter: {repeated[0]}")
    problem = _credentials_problem(values)
    if problem:
        return problem
    disrupted = _disrupted_response(values.get("code"))
    if disrupted is not None:
        return disrupted
    return current_vinli().oauth.answer_token_request(values.to_dict())


def json_object() -> dict[str, object]:
    """Return the JSON object in the current request's body, {} when the body is anything else."""
    try:
        value = json.loads(request.get_data())
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _token_values() -> MultiDict[str, str]:
    """Return the parameters of a token request, from JSON or from a form."""
    if request.mimetype == "application/json":
        return MultiDict({name: value for name, value in json_object().items() if isinstance(value, str)})
    return MultiDict(parse_qsl(request.get_data(as_text=True), keep_blank_values=True))


def _disrupted_response(code: str | None) -> Response | None:
    """Return the response that replaces the true one for the driver of a code, or None."""
    driver = current_vinli().tokens.driver_of_code(code) if code else None
    disruption = None if driver is None else behaviour_of(driver).token_disruption
    return disruption.apply(request) if disruption else None


def _credentials_problem(values: MultiDict[str, str]) -> Response | None:
    """Return an error for a secret in the body, or for a client_id that is not the authenticated client's.

    RFC 6749 section 2.3 allows one way of authenticating in a request.
    """
    credentials = request.authorization
    if "client_secret" in values and (credentials or current_vinli().options.client_auth == "basic"):
        return _token_error("invalid_request", "Send the client's id and secret by HTTP Basic alone")
    if credentials and values.get("client_id", credentials.username) != credentials.username:
        return _token_error("invalid_request", "client_id is not the client that authenticates")
    return None


def _token_error(error: str, description: str) -> Response:
    """Return an error as in RFC 6749 section 5.2. Vinli does not document its own."""
    body = json.dumps({"error": error, "error_description": description})
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    return Response(body, 400, headers, mimetype="application/json")
