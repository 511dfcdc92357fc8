"""The blueprint of the operator's pages. It is not registered if OPERATOR_PASSWORD is not set."""

from __future__ import annotations

from flask import Blueprint

from blueprints.web.operator_link import SIGN_IN_PATH

bp = Blueprint("operator", __name__, url_prefix=SIGN_IN_PATH)
