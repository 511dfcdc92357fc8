"""Exchange a code that came back for tokens. No token is stored."""

from __future__ import annotations

from flask import render_template, request

from blueprints.web.logs import reference
from blueprints.web.operators import operator_required
from blueprints.web.services import services
from blueprints.web.traces import trace_recorder
from blueprints.web.visitors.limits import limiter, workbench_rate
from blueprints.workbench.authorization_requests.runs import find_run
from blueprints.workbench.blueprint import bp
from blueprints.workbench.code_exchange import client_of, client_secret_of, exchange_code
from blueprints.workbench.problems import (
    CODE_SPENT,
    CODE_TOO_LONG,
    NO_SECRET,
    UNUSABLE_CLIENT,
)
from domain.events import log_event
from domain.problems import ProblemError
from providers.vinli.oauth.callback import MAX_TOTAL

MAX_CODE = MAX_TOTAL
MAX_SECRET = 512


@bp.post("/exchange")
@limiter.limit(workbench_rate)
@operator_required
def exchange() -> str:
    """Exchange a received code and show the token response, shortened. No token is stored."""
    state, code = request.form.get("state", ""), request.form.get("code", "")
    run = find_run(state) if state else None
    if run is None or not code or run.response_type != "code":
        raise ProblemError(CODE_SPENT)
    if len(code) > MAX_CODE:
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
