"""The blueprint of the workbench. It is not registered if OPERATOR_PASSWORD is not set."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("workbench", __name__, url_prefix="/workbench")
