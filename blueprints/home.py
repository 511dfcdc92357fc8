"""The landing page, and the page that deletes this site's cookies."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from blueprints.web.cookies import delete_cookie
from blueprints.web.services import services

bp = Blueprint("home", __name__)


@bp.get("/")
def index() -> str:
    """Show what this site does and offer to connect. Makes no upstream call."""
    settings = services().settings
    return render_template(
        "home/index.html", redirect_uri=settings.redirect_uri, vinli_address=settings.vinli_auth_url
    )


@bp.get("/cookies")
def cookies() -> str:
    """Offer to delete the cookies. If a browser sends too many, the server answers in place of this page."""
    return render_template("home/cookies.html")


@bp.post("/cookies")
def delete_cookies() -> Response:
    """Delete all cookies of this address that the browser has sent, and those that it may hold besides."""
    response = make_response(redirect(url_for("home.index"), code=303))
    for name in request.cookies:
        delete_cookie(response, name)
    response.headers["Clear-Site-Data"] = '"cookies"'
    return response
