"""The control interface for tests, under ``/_sandbox/``: faults, the clock, revocation and what was received.

Only programs on this machine may use it; no page in a browser can, whatever its name resolves to.
"""

import ipaddress
import json
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request

from sandbox.browser import is_from_our_page
from sandbox.faults import Fault
from sandbox.problems import Problem
from sandbox.state import sandbox

bp = Blueprint("control", __name__, url_prefix="/_sandbox")


@bp.before_request
def guard() -> None:
    """Refuse other machines, pages of other sites, and names that were made to resolve to this machine."""
    if not ipaddress.ip_address(request.remote_addr or "0.0.0.0").is_loopback:  # noqa: S104 (an address to refuse)
        raise Problem(403, "The control interface answers this machine alone")
    host = urlsplit("//" + request.host).hostname or ""
    is_known = host in ("127.0.0.1", "::1", "localhost") or host.endswith(".localhost")
    if not is_known or not is_from_our_page(request):
        raise Problem(403, "The control interface answers programs, not pages of other sites")


@bp.post("/faults")
def add_fault() -> Response:
    """Spoil the next answers on a path; the fields are those of ``sandbox.faults.Fault``."""
    try:
        fault = Fault.from_json(_body())
    except ValueError as error:
        raise Problem(400, str(error)) from None
    sandbox().faults.add(fault)
    return Response(status=204)


@bp.delete("/faults")
def clear_faults() -> Response:
    """Remove all faults."""
    sandbox().faults.clear()
    return Response(status=204)


@bp.get("/requests")
def show_requests() -> Response:
    """Return the newest requests, oldest first: method, path, status and number of the connection."""
    return jsonify(requests=sandbox().recorder.log())


@bp.delete("/requests")
def clear_requests() -> Response:
    """Forget the requests so far."""
    sandbox().recorder.clear()
    return Response(status=204)


@bp.get("/stats")
def show_stats() -> Response:
    """Return how many connections were accepted and requests answered."""
    return jsonify(sandbox().recorder.stats())


@bp.post("/tokens/revoke")
def revoke_tokens() -> Response:
    """Revoke the tokens of ``{"driver": e-mail}``, or all."""
    email = _body().get("driver")
    driver = sandbox().people.by_email(email) if isinstance(email, str) else None
    if email is not None and driver is None:
        raise Problem(404, "No such driver")
    return jsonify(revoked=sandbox().tokens.revoke_driver(driver.number if driver else None))


@bp.post("/clock")
def advance_clock() -> Response:
    """Move the sandbox's clock forward by ``{"advance_seconds": n}``."""
    seconds = _body().get("advance_seconds")
    if not isinstance(seconds, int | float) or not 0 <= seconds <= 10**9:
        raise Problem(400, '"advance_seconds" must be a number from 0 up')
    sandbox().clock.advance(seconds)
    return jsonify(now=sandbox().clock.now())


def _body() -> dict[str, Any]:
    try:
        body = json.loads(request.get_data() or b"{}")
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Problem(400, "Send a JSON object")
    return body
