"""The operator's sign-in, by password or one-click link, and the sign-out."""

from __future__ import annotations

from flask import (
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response

from blueprints.operator.blueprint import bp
from blueprints.web.arrival import is_shared
from blueprints.web.operator_link import is_good, redeem
from blueprints.web.operators import (
    is_operator,
    password_is_right,
    remember_browser,
    sign_in_operator,
    sign_out_operator,
)
from blueprints.web.policies import policy
from blueprints.web.requests import local_path, refuse_other_methods, refuse_prefetch
from blueprints.web.services import services
from blueprints.web.visitors.limits import limiter, sign_in_rate, slow_turn
from domain.events import log_event
from domain.problems import Action, Problem, ProblemError

LINK_SPENT = Problem(
    "operator_link_spent",
    400,
    "This link has been used",
    "A one-click link signs in once, within a day of being made.",
    ("Sign in with the operator’s password, or make a new link: flask --app app operator link",),
    (Action("Sign in", "/operator", primary=True),),
)


@bp.route("", methods=["GET", "POST"])
@policy(hides_address=True)
@limiter.limit(sign_in_rate, methods=["POST"], exempt_when=is_shared)
def sign_in() -> Response | str | tuple[str, int]:
    """Sign the operator in by password, or by a link (``?link=``) that is valid once.

    A link shows one button, and only the button uses the link up. Chats and mail programs open links by themselves.
    """
    refuse_other_methods("GET", "HEAD", "POST")
    refuse_prefetch()
    if request.method == "POST":
        return _sign_in_by_link(request.args["link"]) if "link" in request.args else _sign_in_by_password()
    if "link" in request.args and not is_operator():
        return _show_link(request.args["link"])
    if is_operator():
        return redirect(url_for("operator.devices"))
    return render_template("operator/sign_in.html", error=None)


@bp.post("/sign-out")
def sign_out() -> Response:
    """End the operator's sign-in of this browser."""
    sign_out_operator()
    log_event("operator signed out")
    return redirect(url_for("home.index"), code=303)


def _sign_in_by_password() -> Response | tuple[str, int]:
    # Without the store nobody can sign in, so raise StoreUnavailable before the password is checked.
    services().store.ping()
    with slow_turn():
        is_right = password_is_right(request.form.get("password", ""))
    if not is_right:
        log_event("operator sign-in refused")
        wrong = "That is not the operator’s password."
        return render_template("operator/sign_in.html", error=wrong, next=request.form.get("next")), 403
    return _signed_in(request.form.get("next"))


def _show_link(link: str) -> str:
    if not is_good(link):
        raise ProblemError(LINK_SPENT)
    return render_template("operator/link.html")


def _sign_in_by_link(link: str) -> Response:
    if not redeem(link):
        if is_operator():
            return redirect(url_for("operator.devices"), code=303)
        log_event("operator link refused")
        raise ProblemError(LINK_SPENT)
    return _signed_in()


def _signed_in(next_path: str | None = None) -> Response:
    sign_in_operator()
    log_event("operator signed in")
    response = redirect(local_path(next_path, url_for("operator.devices")), code=303)
    remember_browser(response)
    return response
