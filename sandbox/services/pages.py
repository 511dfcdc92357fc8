"""Auth service: the pages that a driver meets besides the consent page.

What Vinli's own pages look like is not documented, but that they link to a page whose URL contains ``sign-up``:
the Android SDK opens such links in the real browser.
"""

import re

from flask import Blueprint, Response, redirect, render_template, request

from sandbox.browser import CONSENT_COOKIE, SESSION_COOKIE, delete_cookie, is_from_our_page, set_cookie
from sandbox.people import Driver
from sandbox.state import sandbox

bp = Blueprint("pages", __name__)

AUTHORIZATION = "/oauth/authorization/new"
OWN_TARGET = re.compile(re.escape(AUTHORIZATION) + r"\?[!-~]+")


@bp.get("/")
def index() -> str:
    """Say what this is and where everything is."""
    box = sandbox()
    return render_template(
        "index.html", driver=signed_in_driver(), app=box.registry.app, clients=box.registry.clients
    )


@bp.get("/sign-in")
def sign_in_form() -> str:
    """Show the sign-in form on its own."""
    return sign_in_page("/")


@bp.post("/sign-in")
def sign_in() -> Response | tuple[str, int]:
    """Start a session and go on with what the driver came for."""
    if not is_from_our_page(request):
        return error_page(403, "Refused", "The form was sent from another site.", "access_denied"), 403
    box = sandbox()
    email, next_path = request.form.get("email", ""), _own_path(request.form.get("next", ""))
    driver = box.people.sign_in(email, request.form.get("password", ""))
    if driver is None:
        problem = "That e-mail address and password do not go together."
        return sign_in_page(next_path, email, problem), 401
    response = redirect(next_path, 303)
    set_cookie(response, SESSION_COOKIE, box.browsers.sign_in(driver.number), box.addresses.is_secure)
    return response


@bp.get("/sign-up")
def sign_up() -> str:
    """Explain where accounts come from here."""
    return render_template(
        "sign_up.html", last_email=sandbox().people.driver(sandbox().people.count - 1).email
    )


@bp.post("/sign-out")
def sign_out() -> Response | tuple[str, int]:
    """End the session; what was approved stays approved."""
    if not is_from_our_page(request):
        return error_page(403, "Refused", "The form was sent from another site.", "access_denied"), 403
    sandbox().browsers.sign_out(request.cookies.get(SESSION_COOKIE))
    response = redirect("/signed-out", 303)
    for cookie in (SESSION_COOKIE, CONSENT_COOKIE):
        delete_cookie(response, cookie, sandbox().addresses.is_secure)
    return response


@bp.get("/signed-out")
def signed_out() -> str:
    """Confirm the end of the session."""
    return render_template("signed_out.html")


def signed_in_driver() -> Driver | None:
    """Return the driver who is signed in with this browser, or None."""
    number = sandbox().browsers.driver(request.cookies.get(SESSION_COOKIE))
    return None if number is None else sandbox().people.driver(number)


def sign_in_page(next_path: str, email: str = "", problem: str | None = None) -> str:
    """Return the sign-in page; ``next_path`` keeps the authorization request across it."""
    people = sandbox().people
    return render_template(
        "sign_in.html",
        app=sandbox().registry.app if next_path.startswith(AUTHORIZATION) else None,
        next_path=next_path,
        email=email,
        problem=problem,
        hint_email=people.driver(0).email,
        other_email=people.driver(1).email,
        hint_password=people.password,
    )


def error_page(status: int, title: str, text: str, code: str | None = None, detail: str | None = None) -> str:
    """Return a page about something that went wrong; ``code`` is the machine-readable error."""
    return render_template("error.html", status=status, title=title, text=text, code=code, detail=detail)


def _own_path(target: str) -> str:
    """Return ``target`` if it is the authorization endpoint of this server with a query, else the index."""
    return target if OWN_TARGET.fullmatch(target) else "/"
