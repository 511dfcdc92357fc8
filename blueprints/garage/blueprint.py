"""The blueprint of the garage."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("garage", __name__)
