"""The traces of all runs, as pages and as files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from blueprints.web.operators import operator_required
from blueprints.web.traces import trace_recorder
from blueprints.web.visitors.limits import limiter, workbench_rate
from blueprints.workbench.blueprint import bp
from blueprints.workbench.problems import NO_TRACE
from domain.oauth_runs.files import trace_as_har, trace_as_json
from domain.oauth_runs.steps import TITLES
from domain.oauth_runs.trace import Kind, Trace
from domain.problems import ProblemError
from store.traces import BUCKETS, TraceBucket

TRACES_SHOWN = 100
# The choices of the filter, in the words of the page, and the buckets or kinds that each takes.
ANY = "All"
OUTCOMES: Mapping[str, frozenset[TraceBucket]] = {
    ANY: frozenset(BUCKETS),
    "Failed": frozenset({"failed", "refused"}),
    "Worked": frozenset({"good"}),
    "Not ended": frozenset({"open"}),
    "No run of ours": frozenset({"stray"}),
}
KINDS: Mapping[str, frozenset[Kind]] = {
    ANY: frozenset({"connect", "workbench"}),
    "Sign-in": frozenset({"connect"}),
    "Workbench": frozenset({"workbench"}),
}


@bp.get("/traces")
@limiter.limit(workbench_rate)
@operator_required
def traces() -> str | AnyResponse:
    """List the traces, newest first, or those with a ``reference`` id. If only one matches, redirect to it.

    ``outcome`` and ``kind`` choose among them; a value that is none of the choices chooses all.
    """
    wanted = request.args.get("reference", "").strip()[:40]
    outcome, kind = _chosen("outcome", OUTCOMES), _chosen("kind", KINDS)
    found = trace_recorder().find_by_reference(wanted) if wanted else trace_recorder().latest()
    if wanted and len(found) == 1:
        return redirect(url_for("workbench.trace", trace_id=found[0].id))
    found = [one for one in found if one.bucket in OUTCOMES[outcome] and one.kind in KINDS[kind]]
    return render_template(
        "workbench/traces.html",
        traces=found[:TRACES_SHOWN],
        total=len(found),
        reference=wanted,
        outcomes=list(OUTCOMES),
        outcome=outcome,
        kinds=list(KINDS),
        kind=kind,
        is_filtered=bool(wanted) or outcome != ANY or kind != ANY,
    )


@bp.get("/traces/<trace_id>")
@limiter.limit(workbench_rate)
@operator_required
def trace(trace_id: str) -> str:
    """Show one trace, step by step."""
    return render_template(
        "workbench/trace.html", trace=_trace(trace_id), titles=TITLES, tab="workbench.traces"
    )


@bp.get("/traces/<trace_id>.json")
@limiter.limit(workbench_rate)
@operator_required
def trace_json(trace_id: str) -> Response:
    """Return a trace as a JSON file."""
    return _file(trace_as_json(_trace(trace_id)), f"trace-{trace_id}.json")


@bp.get("/traces/<trace_id>.har")
@limiter.limit(workbench_rate)
@operator_required
def trace_har(trace_id: str) -> Response:
    """Return a trace as an HTTP archive (HAR 1.2)."""
    return _file(trace_as_har(_trace(trace_id)), f"trace-{trace_id}.har")


def _chosen(name: str, choices: Mapping[str, Any]) -> str:
    value = request.args.get(name, ANY)
    return value if value in choices else ANY


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
