"""The blueprint of the operator's pages. With no OPERATOR_PASSWORD set it is not registered."""

from __future__ import annotations

from flask import Blueprint

from blueprints.web.operator_link import SIGN_IN_PATH

bp = Blueprint("operator", __name__, url_prefix=SIGN_IN_PATH)
