"""The control interface for tests, under ``/_sandbox/``: faults, time, clients, tokens, partners, requests.

Only programs on this machine may use it. Pages in a browser may not, even when their host name resolves to this
machine.
"""

import json
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request

from sandbox.api.errors import ApiError
from sandbox.api.origins import is_from_our_page, is_loopback
from sandbox.control.current import current_control
from sandbox.control.faults import Fault
from sandbox.oauth.redirect_uris import find_problem
from sandbox.oauth.registry import UnknownClient
from sandbox.partners.credentials import MAIN_SECRETS, PARTNERS, SECRETS
from sandbox.personas.magic_drivers import MAGIC_DRIVERS

bp = Blueprint("control", __name__, url_prefix="/_sandbox")

LONGEST_SECRET = 200


@bp.before_request
def guard() -> None:
    """Refuse other machines, pages of other sites, and host names that are not this machine's own."""
    if not is_loopback(request.remote_addr or ""):
        raise ApiError(403, "The control interface answers this machine alone")
    host = urlsplit("//" + request.host).hostname or ""
    is_known = host in ("127.0.0.1", "::1", "localhost") or host.endswith(".localhost")
    if not is_known or not is_from_our_page(request):
        raise ApiError(403, "The control interface answers programs, not pages of other sites")


@bp.post("/faults")
def add_fault() -> Response:
    """Disrupt the next responses on a path. ``sandbox.control.faults`` names the fields."""
    try:
        fault = Fault.from_json(_body())
    except ValueError as error:
        raise ApiError(400, str(error)) from None
    current_control().faults.add(fault)
    return Response(status=204)


@bp.delete("/faults")
def clear_faults() -> Response:
    """Remove all faults."""
    current_control().faults.clear()
    return Response(status=204)


@bp.post("/pace")
def set_pace() -> Response:
    """Set how much faster than real time the runs of dummies are that are started from now on: ``{"pace": 20}``.

    A run that is under way is started anew with it.
    """
    pace = _body().get("pace")
    if isinstance(pace, bool) or not isinstance(pace, (int, float)) or not 0.1 <= pace <= 100:
        raise ApiError(400, '"pace" must be a number from 0.1 to 100')
    current_control().vinli.dummies.set_pace(float(pace))
    return Response(status=204)


@bp.get("/requests")
def show_requests() -> Response:
    """Return the newest requests, oldest first: method, path, status and number of the connection."""
    return jsonify(requests=current_control().recorder.log())


@bp.delete("/requests")
def clear_requests() -> Response:
    """Forget the requests so far."""
    current_control().recorder.clear()
    return Response(status=204)


@bp.get("/stats")
def show_stats() -> Response:
    """Return how many connections were accepted and requests answered."""
    return jsonify(current_control().recorder.stats())


@bp.get("/magic-drivers")
def list_magic_drivers() -> Response:
    """Return the magic drivers, what goes wrong for each, and the password of all."""
    drivers = [
        {"name": driver.name, "email": driver.email, "title": driver.title, "what": driver.what}
        for driver in MAGIC_DRIVERS
    ]
    return jsonify(password=current_control().vinli.people.password, drivers=drivers)


@bp.post("/tokens/revoke")
def revoke_tokens() -> Response:
    """Revoke the tokens of ``{"driver": e-mail}``, or of all drivers."""
    email = _body().get("driver")
    driver = current_control().vinli.people.by_email(email) if isinstance(email, str) else None
    if email is not None and driver is None:
        raise ApiError(404, "No such driver")
    return jsonify(revoked=current_control().vinli.tokens.revoke_driver(driver.number if driver else None))


@bp.put("/clients")
def register_redirect_uri() -> Response:
    """Replace a redirect URI: ``{"client_id": id, "redirect_uri": URI}``."""
    body = _body()
    client_id, redirect_uri = body.get("client_id"), body.get("redirect_uri")
    if not isinstance(client_id, str) or not isinstance(redirect_uri, str):
        raise ApiError(400, '"client_id" and "redirect_uri" must be texts')
    problem = find_problem(redirect_uri)
    if problem:
        raise ApiError(400, f'"redirect_uri" {problem}')
    try:
        current_control().vinli.registry.register(client_id, redirect_uri)
    except UnknownClient:
        raise ApiError(404, "No such client") from None
    return Response(status=204)


@bp.post("/partners/revoke")
def revoke_partner_tokens() -> Response:
    """Revoke the tokens issued so far by ``{"partner": name}``, or by all partners."""
    partner = _body().get("partner")
    if partner is not None and partner not in PARTNERS:
        raise ApiError(404, f"The partners are {', '.join(PARTNERS)}")
    return jsonify(revoked=current_control().partners.revoke(partner))


@bp.post("/partners/secret")
def rotate_partner_secret() -> Response:
    """Replace a secret by ``{"partner": name, "secret": text}``. The application keeps the old one.

    ``"variable"`` names the secret to replace. Without it, the secret used for token requests is replaced.
    """
    body = _body()
    partner, secret = body.get("partner"), body.get("secret")
    if not isinstance(partner, str) or partner not in PARTNERS:
        raise ApiError(404, f"The partners are {', '.join(PARTNERS)}")
    variable = body.get("variable", MAIN_SECRETS[partner])
    if (
        not isinstance(variable, str)
        or variable not in SECRETS
        or not variable.startswith(partner.upper() + "_")
    ):
        raise ApiError(404, "The partner has no such secret")
    if not isinstance(secret, str) or not 1 <= len(secret) <= LONGEST_SECRET:
        raise ApiError(400, f'"secret" must be a text of 1 to {LONGEST_SECRET} characters')
    current_control().partners.credentials.rotate(variable, secret)
    return Response(status=204)


@bp.post("/clock")
def advance_clock() -> Response:
    """Move the sandbox's clock forward by ``{"advance_seconds": n}``."""
    seconds = _body().get("advance_seconds")
    if not isinstance(seconds, int | float) or not 0 <= seconds <= 10**9:
        raise ApiError(400, '"advance_seconds" must be a number from 0 up')
    current_control().vinli.clock.advance(seconds)
    return jsonify(now=current_control().vinli.clock.now())


def _body() -> dict[str, Any]:
    try:
        body = json.loads(request.get_data() or b"{}")
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ApiError(400, "Send a JSON object")
    return body
