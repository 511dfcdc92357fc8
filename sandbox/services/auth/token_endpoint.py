"""Auth service: the token endpoint (RFC 6749 sections 3.2, 4.1.3 and 6), in the two forms that Vinli's clients use."""

import json
from urllib.parse import parse_qsl

from flask import Response, request
from werkzeug.datastructures import MultiDict

from sandbox.personas.magic_drivers import behaviour_of
from sandbox.services.current import current_vinli


def answer_token_request() -> Response:
    """Exchange a code, or a refresh token where these are switched on, for ``POST /oauth/token``.

    Takes a form (vinli_tornado_auth) and JSON (vinli-node lib/auth.js), the client by Basic.
    """
    values = _token_values()
    repeated = [name for name in values if len(values.getlist(name)) > 1]
    if repeated:
        return _token_error("invalid_request", f"Repeated parameter: {repeated[0]}")
    problem = _credentials_problem(values)
    if problem:
        return problem
    spoilt = _spoilt(values.get("code"))
    if spoilt is not None:
        return spoilt
    return current_vinli().oauth.answer_token_request(values.to_dict())


def json_object() -> dict[str, object]:
    """Return the JSON object in the body of the current request, {} when there is none."""
    try:
        value = json.loads(request.get_data())
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _token_values() -> MultiDict[str, str]:
    """Return the parameters of a token request, whichever of the two forms they came in."""
    if request.mimetype == "application/json":
        return MultiDict({name: value for name, value in json_object().items() if isinstance(value, str)})
    return MultiDict(parse_qsl(request.get_data(as_text=True), keep_blank_values=True))


def _spoilt(code: str | None) -> Response | None:
    """Return the answer that the driver of a code gets in place of the true one, if any."""
    driver = current_vinli().tokens.driver_of_code(code) if code else None
    disruption = None if driver is None else behaviour_of(driver).token_disruption
    return disruption.apply(request) if disruption else None


def _credentials_problem(values: MultiDict[str, str]) -> Response | None:
    """Refuse a secret in the body, and a second client beside the one of the header (RFC 6749 section 2.3)."""
    credentials = request.authorization
    if "client_secret" in values and (credentials or current_vinli().options.client_auth == "basic"):
        return _token_error("invalid_request", "Send the client's id and secret by HTTP Basic alone")
    if credentials and values.get("client_id", credentials.username) != credentials.username:
        return _token_error("invalid_request", "client_id is not the client that authenticates")
    return None


def _token_error(error: str, description: str) -> Response:
    """Answer as RFC 6749 section 5.2 says; what Vinli answers is not documented."""
    body = json.dumps({"error": error, "error_description": description})
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    return Response(body, 400, headers, mimetype="application/json")
