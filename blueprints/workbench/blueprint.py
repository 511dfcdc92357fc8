"""The blueprints of the workbench. They are not registered if OPERATOR_PASSWORD is not set."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("workbench", __name__, url_prefix="/workbench")
# Preflight tests an authorization request, compose makes one.
requests_bp = Blueprint("workbench_requests", __name__, url_prefix="/workbench")
