"""Show and explain the parameters that came back from an authorization server, and check the state."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, jsonify, render_template, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from blueprints.web.operators import is_operator, operator_required
from blueprints.web.policies import policy
from blueprints.web.requests import refuse_other_methods, refuse_prefetch
from blueprints.web.services import services
from blueprints.web.visitors.limits import limiter, workbench_rate
from blueprints.workbench.blueprint import bp
from blueprints.workbench.code_exchange import client_secret_of
from blueprints.workbench.problems import (
    FORM_TOO_LONG,
)
from blueprints.workbench.received_callback import (
    MEANINGS,
    UNKNOWN,
    ReceivedCallback,
    check_state,
    pairs_of_address,
    read_callback,
    read_pairs,
)
from blueprints.workbench.returns import note_fragment, note_return
from domain.problems import ProblemError

MAX_URI = 2048
# The form is encoded a second time when it is sent on, and the result must fit into a request.
MAX_FORM = 16 * 1024


@bp.route("/catch", methods=["GET", "POST"])
@policy(
    hides_address=True,
    wipes_fragment=True,
    no_csrf_because="an authorization server's form (response_mode=form_post) is only shown, which changes no more "
    "than a GET to the same address: the first return of a run is noted in its trace",
)
@limiter.limit(workbench_rate)
def catch() -> str | tuple[str, int] | AnyResponse:
    """Show what an authorization server sent back: in the query, in the fragment or in a form (response_mode)."""
    refuse_other_methods("GET", "POST")
    refuse_prefetch()
    if request.method == "POST":
        return _catch_form()
    return _show_caught()


@operator_required
def _show_caught() -> str:
    pairs = read_pairs(request.query_string.decode("latin-1"))
    return _caught_page(read_callback(pairs, "in the query") if pairs else None)


def _catch_form() -> str | tuple[str, int] | AnyResponse:
    """Handle a form of another site's page, the same form sent on by our page, or a pasted address.

    A form of another site comes without the session's cookie (SameSite). So the first response is a page that sends
    the same form again from this site. As with an answer in the query, the first return of a run goes into its trace.
    """
    try:
        address, posted = request.form.get("address"), request.form.get("posted")
    except OSError as error:
        # The server's reader raises OSError if a body is not valid chunked encoding.
        raise BadRequest from error
    if address is not None:
        return _show_pasted(address)
    if posted is not None:
        return _show_posted(posted)
    if is_operator():
        return _show_posted(_form_as_text())
    posted = _form_as_text()
    if len(posted) > MAX_FORM:
        raise ProblemError(FORM_TOO_LONG)
    return render_template("workbench/catch_form.html", posted=posted)


@operator_required
def _show_pasted(address: str) -> str:
    pairs = pairs_of_address(address)
    if not pairs:
        return _caught_page(None, paste_error="There is no parameter in it: no query and no fragment.")
    return _caught_page(read_callback(pairs, "in the address that was pasted"))


@operator_required
def _show_posted(text: str) -> str:
    return _caught_page(read_callback(read_pairs(text), "in a form post"))


def _form_as_text() -> str:
    return urlencode([(name, value) for name, values in request.form.lists() for value in values])


def _caught_page(caught: ReceivedCallback | None, paste_error: str = "") -> str:
    if caught is not None:
        note_return(caught)
    run = caught.state_check.run if caught else None
    return render_template(
        "workbench/catch.html",
        caught=caught,
        paste_error=paste_error,
        needs_secret=bool(run and client_secret_of(run) is None),
        settings=services().settings,
        meanings=MEANINGS,
        unknown_meaning=UNKNOWN,
    )


@bp.post("/verdict")
@limiter.limit(workbench_rate)
@operator_required
def check_fragment_state() -> Response:
    """Check the ``state`` of a fragment for the page's script. The script sends no other value.

    ``names`` are the names of the parameters in the fragment, for the trace.
    """
    state = request.form.get("state", "")[:MAX_URI]
    found = check_state(state)
    run = found.run
    if run is not None:
        note_fragment(run, request.form.getlist("names")[:60])
    seconds = None if run is None else max(0, round(services().clock() - run.created_at))
    return jsonify(good=found.is_good, title=found.title, words=found.words, seconds=seconds)
