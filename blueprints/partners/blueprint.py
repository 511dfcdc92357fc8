"""The blueprint of the partners' pages. It is not registered if OPERATOR_PASSWORD is not set."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("partners", __name__, url_prefix="/partners")
