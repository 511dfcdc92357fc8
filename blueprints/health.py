"""/healthz: this process answers. /readyz: it can also reach its store. Neither touches a session."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from blueprints.web.policies import policy
from blueprints.web.services import services
from store.base import StoreUnavailable

bp = Blueprint("health", __name__)

PROBES = "probes of load balancers address the machine, not the site"


@bp.get("/healthz")
@policy(any_host_because=PROBES, is_logged=False)
def healthz() -> Response:
    """Answer 200 as long as the process runs, even if the store or Vinli fails."""
    return jsonify(status="ok")


@bp.get("/readyz")
@policy(any_host_because=PROBES, is_logged=False)
def readyz() -> tuple[Response, int]:
    """Answer 200 if the store answers, else 503. The reason is only in the log."""
    try:
        services().store.ping()
    except StoreUnavailable:
        return jsonify(status="store unavailable"), 503
    return jsonify(status="ok"), 200
