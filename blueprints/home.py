"""The landing page."""

from __future__ import annotations

from flask import Blueprint, render_template

from blueprints.web.services import services

bp = Blueprint("home", __name__)


@bp.get("/")
def index() -> str:
    """Show what this site does and offer to connect. Makes no upstream call."""
    return render_template("home/index.html", redirect_uri=services().settings.redirect_uri)
