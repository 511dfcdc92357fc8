"""Auth service: the pages for sign-in, sign-up, sign-out and errors.

The docs do not show Vinli's pages. They link to a page whose URL contains ``sign-up``, because the Android SDK opens
such links in the real browser.
"""

import re
from collections.abc import Sequence

from flask import Blueprint, Response, render_template, request, url_for

from sandbox.api.origins import is_from_our_page
from sandbox.oauth.sign_in_sessions import CONSENT_COOKIE, SESSION_COOKIE, delete_cookie, set_cookie
from sandbox.services.current import current_vinli
from sandbox.world.people import Driver, email_of

bp = Blueprint("pages", __name__)

AUTHORIZATION = "/oauth/authorization/new"
OWN_TARGET = re.compile(re.escape(AUTHORIZATION) + r"\?[!-~]+")


@bp.get("/sign-in")
def sign_in_form() -> str:
    """Show the sign-in form on its own."""
    return sign_in_page(_own_path(request.args.get("next", "")))


@bp.post("/sign-in")
def sign_in() -> Response | tuple[str, int]:
    """Start a session and continue with the authorization request in ``next``, if there is one."""
    if not is_from_our_page(request):
        return foreign_form_page()
    vinli = current_vinli()
    email, next_path = request.form.get("email", ""), _own_path(request.form.get("next", ""))
    driver = vinli.people.sign_in(email, request.form.get("password", ""))
    if driver is None:
        return sign_in_page(next_path, email, "That e-mail address and password do not go together."), 401
    response = _go_to(next_path)
    set_cookie(
        response, SESSION_COOKIE, vinli.sign_in_sessions.sign_in(driver.number), vinli.addresses.is_secure
    )
    return response


@bp.get("/sign-up")
def sign_up() -> str:
    """Show which accounts exist. None can be created in the sandbox."""
    people = current_vinli().people
    return render_template(
        "auth/sign_up.html",
        first_email=email_of(0),
        second_email=email_of(1),
        last_email=email_of(people.count - 1),
        password=people.password,
        back=url_for("pages.sign_in_form", next=_own_path(request.args.get("next", ""))),
    )


@bp.post("/sign-out")
def sign_out() -> Response | tuple[str, int]:
    """End the session. Approved clients stay approved; ``next`` continues a request for another driver."""
    if not is_from_our_page(request):
        return foreign_form_page()
    current_vinli().sign_in_sessions.sign_out(request.cookies.get(SESSION_COOKIE))
    next_path = _own_path(request.form.get("next", ""))
    response = _go_to("/signed-out" if next_path == "/" else next_path)
    for cookie in (SESSION_COOKIE, CONSENT_COOKIE):
        delete_cookie(response, cookie, current_vinli().addresses.is_secure)
    return response


@bp.get("/signed-out")
def signed_out() -> str:
    """Confirm the end of the session."""
    return render_template("auth/signed_out.html")


def signed_in_driver() -> Driver | None:
    """Return the driver who is signed in with this browser, or None."""
    number = current_vinli().sign_in_sessions.driver(request.cookies.get(SESSION_COOKIE))
    return None if number is None else current_vinli().people.driver(number)


def sign_in_page(next_path: str, email: str = "", problem: str | None = None) -> str:
    """Return the sign-in page. ``next_path`` is where to continue after it."""
    vinli = current_vinli()
    return render_template(
        "auth/sign_in.html",
        app=vinli.registry.app if next_path.startswith(AUTHORIZATION) else None,
        next_path=next_path,
        email=email,
        problem=problem,
        hint_email=email_of(0),
        hint_password=vinli.people.password,
    )


def error_page(
    status: int,
    title: str,
    text: str,
    code: str | None = None,
    facts: Sequence[tuple[str, str]] = (),
    stays_here: bool = False,
) -> str:
    """Return a page about something that went wrong.

    ``code`` is the OAuth error code, ``facts`` are pairs of label and value. With ``stays_here`` the page explains why
    the browser is not sent back to the app.
    """
    return render_template(
        "error.html", status=status, title=title, text=text, code=code, facts=facts, stays_here=stays_here
    )


def foreign_form_page() -> tuple[str, int]:
    """Return the page for a form that was sent from another site."""
    text = "Forms have to be sent from a page of this sandbox, so nothing was changed."
    return error_page(403, "This form came from another site", text), 403


def _go_to(path: str) -> Response:
    return Response(status=303, headers={"Location": path})


def _own_path(target: str) -> str:
    """Return ``target`` when it is this server's authorization endpoint with a query, ``/`` otherwise."""
    return target if OWN_TARGET.fullmatch(target) else "/"
