"""The blueprints of the workbench. With no OPERATOR_PASSWORD set neither is registered."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("workbench", __name__, url_prefix="/workbench")
# Preflight and compose: what becomes of an authorization request, and making one.
requests_bp = Blueprint("workbench_requests", __name__, url_prefix="/workbench")
