"""/problem/...: error pages again, at an address without secrets."""

from __future__ import annotations

from flask import Blueprint, Response, g

from blueprints.web.error_pages import render_problem
from blueprints.web.kept_problems import read_kept
from blueprints.web.visitors.limits import connect_rate, limiter
from domain.problems import NOT_FOUND, ProblemError

bp = Blueprint("problems", __name__)


@bp.get("/problem/<kept>")
@limiter.limit(connect_rate)
def again(kept: str) -> Response:
    """Show an error page as it was shown first: the same words, status and reference."""
    found = read_kept(kept)
    if found is None:
        raise ProblemError(NOT_FOUND, "no such error page")
    g.reference, problem = found
    return render_problem(problem)
