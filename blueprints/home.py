"""The landing page."""

from __future__ import annotations

from flask import Blueprint, render_template

from blueprints.web.services import services

bp = Blueprint("home", __name__)


@bp.get("/")
def index() -> str:
    """Say what this is and offer to connect; asks nobody else."""
    return render_template("home/index.html", redirect_uri=services().settings.redirect_uri)
