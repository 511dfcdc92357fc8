"""The blueprint of preflight and compose. It is not registered if OPERATOR_PASSWORD is not set."""

from __future__ import annotations

from flask import Blueprint

# Preflight tests an authorization request, compose makes one.
bp = Blueprint("workbench_requests", __name__, url_prefix="/workbench")
