"""The operator's pages: every device of the app, through the BasicAuth app client.

The app client sees the devices of all drivers, so nothing here opens without the operator's sign-in, and with
no OPERATOR_PASSWORD set this blueprint is not registered at all.
"""

from __future__ import annotations

from flask import (
    Blueprint,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response

from blueprints.web.limits import limiter, sign_in_rate
from blueprints.web.operator_link import SIGN_IN_PATH, redeem
from blueprints.web.operators import (
    app_auth,
    is_operator,
    operator_required,
    password_is_right,
    sign_in_operator,
    sign_out_operator,
)
from blueprints.web.paging import NumberedPage, page_number
from blueprints.web.policies import policy
from blueprints.web.requests import local_path, refuse_other_methods, refuse_prefetch
from blueprints.web.services import services
from blueprints.web.streams import streamed_file, streamed_page
from domain.budget import Budget
from domain.cars.cards import CALL_SECONDS, load_card
from domain.cars.exports.csv import csv_rows
from domain.cars.search import matcher
from domain.events import log_event
from domain.list_stream import ListStream
from domain.problems import Action, Problem, ProblemError
from providers.vinli.models import Device

bp = Blueprint("operator", __name__, url_prefix=SIGN_IN_PATH)

DEVICES_PER_PAGE = 100
MAX_QUERY = 100
# Characters of a whole list that are sent at once.
PIECE_SIZE = 4000

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
@limiter.limit(sign_in_rate, methods=["POST"])
def sign_in() -> Response | str | tuple[str, int]:
    """Sign the operator in by password, or by a one-click link (``?link=``) that is valid once."""
    refuse_other_methods("GET", "POST")
    refuse_prefetch()
    if request.method == "POST":
        return _sign_in_by_password()
    if "link" in request.args:
        return _sign_in_by_link(request.args["link"])
    if is_operator():
        return redirect(url_for("operator.devices"))
    return render_template("operator/sign_in.html", error=None)


@bp.post("/sign-out")
def sign_out() -> Response:
    """End the operator's sign-in of this browser."""
    sign_out_operator()
    log_event("operator signed out")
    return redirect(url_for("home.index"), code=303)


@bp.get("/devices")
@operator_required
def devices() -> Response | str:
    """Show a page of the list; stream the whole list for a search (``q``) or on request (``all``)."""
    query = request.args.get("q", "").strip()[:MAX_QUERY]
    if query or "all" in request.args:
        return _stream_page(query)
    number = page_number()
    with services().bulkhead.slot():
        page = services().platform.devices_page(app_auth(), (number - 1) * DEVICES_PER_PAGE, DEVICES_PER_PAGE)
    listed = NumberedPage(
        page.items, number, DEVICES_PER_PAGE, page.total, lambda n: url_for("operator.devices", page=n)
    )
    return render_template("operator/devices.html", page=listed, query="", **_list_links())


@bp.get("/devices/<device_id>")
@operator_required
def device(device_id: str) -> str:
    """Show one device of the app with its latest vehicle."""
    platform, budget = services().platform, Budget()
    with services().bulkhead.slot():
        found = platform.device(app_auth(), device_id, deadline=budget.share(CALL_SECONDS))
        card = load_card(platform, app_auth(), found, budget, shows_vin=request.args.get("vin") == "show")
    return render_template("operator/device.html", device=found, card=card)


@bp.get("/devices.csv")
@operator_required
def devices_csv() -> Response:
    """Stream the whole list as CSV."""
    stream = _open_stream()
    return streamed_file(stream, csv_rows(stream.rows()), "text/csv", "devices.csv")


def _stream_page(query: str) -> Response:
    stream = _open_stream()
    context = {"rows": stream.matching(matcher(query)), "query": query, **_list_links()}
    # Matches may be far between, so each goes out at once; a whole list travels in pieces.
    return streamed_page(
        stream, "operator/devices_stream.html", context, piece_size=0 if query else PIECE_SIZE
    )


def _open_stream() -> ListStream[Device]:
    """Ask for the first page, so that a failure there still gets an error page of its own."""
    return ListStream(lambda: services().platform.devices(app_auth()), services().bulkhead)


def _list_links() -> dict[str, str]:
    return {"csv_url": url_for("operator.devices_csv"), "all_url": url_for("operator.devices", all=1)}


def _sign_in_by_password() -> Response | tuple[str, int]:
    # Without the store nobody can be signed in: say so before judging any password.
    services().store.ping()
    if not password_is_right(request.form.get("password", "")):
        log_event("operator sign-in refused")
        wrong = "That is not the operator’s password."
        return render_template("operator/sign_in.html", error=wrong, next=request.form.get("next")), 403
    return _signed_in(request.form.get("next"))


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
    return redirect(local_path(next_path, url_for("operator.devices")), code=303)
