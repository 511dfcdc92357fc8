"""The workbench, for the operator: why a redirect URI or an OAuth step fails.

The doctor, what came back (catch) with the exchange, the traces of all runs, and the sandbox's magic drivers; preflight
and compose are in ``workbench_requests``. With no OPERATOR_PASSWORD set neither blueprint is registered.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from blueprints.web.limits import limiter, workbench_rate
from blueprints.web.logs import reference
from blueprints.web.operators import is_operator, operator_required
from blueprints.web.policies import policy
from blueprints.web.requests import came_from_another_site, refuse_other_methods, refuse_prefetch
from blueprints.web.services import services
from blueprints.web.traces import trace_recorder
from blueprints.workbench.code_exchange import client_of, client_secret_of, exchange_code
from blueprints.workbench.expected_pages import promised
from blueprints.workbench.problems import (
    CODE_SPENT,
    CODE_TOO_LONG,
    FORM_TOO_LONG,
    NO_SECRET,
    NO_TRACE,
    UNUSABLE_CLIENT,
)
from blueprints.workbench.received_callback import (
    MEANINGS,
    UNKNOWN,
    Caught,
    judge,
    look_at,
    pairs_of_address,
    read_pairs,
)
from blueprints.workbench.returns import note_fragment, note_return
from blueprints.workbench.runs import find_run
from domain.budget import Budget
from domain.doctor.address import FORWARDED_HEADERS, BrowserRequest
from domain.doctor.diagnosis import Typed, diagnose
from domain.events import log_event
from domain.oauth_runs.files import trace_as_har, trace_as_json
from domain.oauth_runs.steps import TITLES
from domain.oauth_runs.trace import Trace
from domain.problems import ProblemError, for_operator, problem_for
from providers.errors import ProviderError
from providers.vinli.sandbox_drivers import magic_drivers

bp = Blueprint("workbench", __name__, url_prefix="/workbench")

MAX_URI = 2048
MAX_SECRET = 512
# It is encoded once more on its way, and that has to fit into a request.
MAX_FORM = 16 * 1024
DRIVERS_SECONDS = 4.0
TRACES_SHOWN = 100


@bp.get("")
@limiter.limit(workbench_rate)
@operator_required
def index() -> str:
    """Show the doctor's findings; registered redirect URIs may be typed in where Vinli does not tell them.

    To look, Vinli is sent secrets of ours: no other site's link may have that done, so it leads to a button.
    """
    refuse_prefetch()
    typed = Typed(_typed("registered"), _typed("registered_implicit"))
    settings = services().settings
    diagnosis = None
    if not came_from_another_site():
        with services().bulkhead.slot():
            diagnosis = diagnose(
                services().installation, _browser_request(), typed, Budget(), services().recent_probes
            )
    return render_template("workbench/doctor.html", diagnosis=diagnosis, typed=typed, settings=settings)


def _browser_request() -> BrowserRequest:
    """Return how the browser reached us with this request."""
    forwarded = {name: request.headers[name] for name in FORWARDED_HEADERS if name in request.headers}
    return BrowserRequest(request.scheme, request.host, forwarded)


# --- catch


@bp.route("/catch", methods=["GET", "POST"])
@policy(
    hides_address=True,
    no_csrf_because="an authorization server's form (response_mode=form_post) is only shown, which changes no more "
    "than a GET to the same address: the first return of a run is noted in its trace",
)
@limiter.limit(workbench_rate)
def catch() -> str | tuple[str, int] | AnyResponse:
    """Show what an authorization server sent back here: in the query, the fragment, or a form (response_mode)."""
    refuse_other_methods("GET", "POST")
    refuse_prefetch()
    if request.method == "POST":
        return _catch_form()
    return _show_caught()


@operator_required
def _show_caught() -> str:
    pairs = read_pairs(request.query_string.decode("latin-1"))
    return _caught_page(look_at(pairs, "in the query") if pairs else None)


def _catch_form() -> str | tuple[str, int] | AnyResponse:
    """Take a form that another site's page sent, what was in one, or an address that was pasted.

    The session's cookie does not come along with a form of another site (SameSite), so the first answer is a page
    that sends the same on from here. As with an answer in the query, the first return of a run is noted in its trace.
    """
    try:
        address, posted = request.form.get("address"), request.form.get("posted")
    except OSError as error:
        # The server's reader gives up on a body that is not chunked as it says.
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
    return _caught_page(look_at(pairs, "in the address that was pasted"))


@operator_required
def _show_posted(text: str) -> str:
    return _caught_page(look_at(read_pairs(text), "in a form post"))


def _form_as_text() -> str:
    return urlencode([(name, value) for name, values in request.form.lists() for value in values])


def _caught_page(caught: Caught | None, paste_error: str = "") -> str:
    if caught is not None:
        note_return(caught)
    run = caught.verdict.run if caught else None
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
def verdict() -> Response:
    """Judge the ``state`` of a fragment for the page's script, which keeps everything else to itself.

    ``names`` are the parameters that were in the fragment, for the trace.
    """
    state = request.form.get("state", "")[:MAX_URI]
    found = judge(state)
    run = found.run
    if run is not None:
        note_fragment(run, request.form.getlist("names")[:60])
    seconds = None if run is None else max(0, round(services().clock() - run.created_at))
    return jsonify(good=found.is_good, title=found.title, words=found.words, seconds=seconds)


@bp.post("/exchange")
@limiter.limit(workbench_rate)
@operator_required
def exchange() -> str:
    """Exchange a caught code and show the token response, shortened; nothing of it is kept."""
    state, code = request.form.get("state", ""), request.form.get("code", "")
    run = find_run(state) if state else None
    if run is None or not code or run.response_type != "code":
        raise ProblemError(CODE_SPENT)
    if len(code) > MAX_URI:
        raise ProblemError(CODE_TOO_LONG)
    secret = client_secret_of(run) or request.form.get("client_secret", "").strip()
    if not secret or len(secret) > MAX_SECRET:
        raise ProblemError(NO_SECRET)
    try:
        client = client_of(run, secret)
    except ValueError as error:
        raise ProblemError(UNUSABLE_CLIENT) from error
    with services().bulkhead.slot():
        if not services().workbench_runs.take_for_exchange(run.id):
            raise ProblemError(CODE_SPENT)
        trace = trace_recorder().of_run(run.trace_id, run.created_at)
        outcome = exchange_code(client, run, code, secret, trace)
    trace.steps[-1].reference = reference()
    trace.keep("failed" if outcome.reason else "good")
    log_event("workbench exchange", worked=not outcome.reason, upstream_status=outcome.status)
    return render_template("workbench/token.html", outcome=outcome, trace=trace, run=run)


# --- traces


@bp.get("/traces")
@limiter.limit(workbench_rate)
@operator_required
def traces() -> str | AnyResponse:
    """List the traces, newest first, or those with a ``reference`` id; a single one is opened at once."""
    wanted = request.args.get("reference", "").strip()[:40]
    found = trace_recorder().find_by_reference(wanted) if wanted else trace_recorder().latest()
    if wanted and len(found) == 1:
        return redirect(url_for("workbench.trace", trace_id=found[0].id))
    return render_template(
        "workbench/traces.html", traces=found[:TRACES_SHOWN], total=len(found), reference=wanted
    )


@bp.get("/traces/<trace_id>")
@limiter.limit(workbench_rate)
@operator_required
def trace(trace_id: str) -> str:
    """Show one trace as a ladder."""
    return render_template(
        "workbench/trace.html", trace=_trace(trace_id), titles=TITLES, tab="workbench.traces"
    )


@bp.get("/traces/<trace_id>.json")
@limiter.limit(workbench_rate)
@operator_required
def trace_json(trace_id: str) -> Response:
    """Hand a trace out as JSON."""
    return _file(trace_as_json(_trace(trace_id)), f"trace-{trace_id}.json")


@bp.get("/traces/<trace_id>.har")
@limiter.limit(workbench_rate)
@operator_required
def trace_har(trace_id: str) -> Response:
    """Hand a trace out as an HTTP archive (HAR 1.2)."""
    return _file(trace_as_har(_trace(trace_id)), f"trace-{trace_id}.har")


def _trace(trace_id: str) -> Trace:
    found = trace_recorder().find(trace_id)
    if found is None:
        raise ProblemError(NO_TRACE)
    return found


def _file(content: dict[str, Any], name: str) -> Response:
    text = json.dumps(content, indent=2, ensure_ascii=False)
    response = Response(text + "\n", mimetype="application/json")
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


# --- magic drivers


@bp.get("/drivers")
@limiter.limit(workbench_rate)
@operator_required
def drivers() -> str | tuple[str, int]:
    """List the sandbox's accounts for each thing that can go wrong, and the page that each leads to."""
    origin = services().settings.sandbox_origin
    if origin is None:
        abort(404)
    try:
        with services().bulkhead.slot():
            listed = magic_drivers(services().transport, origin, deadline=DRIVERS_SECONDS)
    except ProviderError as error:
        problem = for_operator(problem_for(error))
        return render_template(
            "workbench/drivers.html", drivers=(), password="", problem=problem
        ), problem.status
    rows = [promised(driver) for driver in listed.drivers]
    return render_template("workbench/drivers.html", drivers=rows, password=listed.password, problem=None)


def _typed(name: str) -> str | None:
    return request.args.get(name, "").strip()[:MAX_URI] or None
