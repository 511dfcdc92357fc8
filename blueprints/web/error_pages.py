"""Error pages: every failure becomes one page for a person or one JSON object for a program.

Views raise ``ProblemError`` for failures of their own. The log holds the cause under the reference id that the page
shows.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed

from blueprints.web.csrf import StaleForm
from blueprints.web.kept_problems import address_without_secrets
from blueprints.web.logs import reference
from domain.bulkhead import Saturated
from domain.events import log_event
from domain.problems import NOT_FOUND, OUR_FAULT, Problem, ProblemError, problem_for, shown_code
from providers import errors
from store.base import StoreUnavailable

HTTP_PROBLEMS = {
    400: Problem(
        "bad_request",
        400,
        "We could not read this request",
        "The request is malformed.",
        ("Begin at the start page.",),
    ),
    401: Problem("not_signed_in", 401, "Sign in first", "This page is for people who have signed in.", ()),
    403: Problem("not_allowed", 403, "This is not allowed", "The request was understood and refused.", ()),
    404: NOT_FOUND,
    405: Problem(
        "method_not_allowed",
        405,
        "That does not work here",
        "This address does not take that kind of request.",
        (),
    ),
    413: Problem("too_large", 413, "Too large", "The request carries more than we accept.", ()),
    500: OUR_FAULT,
}

STALE_FORM = Problem(
    "stale_form",
    400,
    "This page was out of date",
    "The form was opened too long ago, or before somebody else connected here, or on another site.",
    ("Nothing was changed.", "Open the page again and repeat what you did."),
)
TOO_MANY = Problem(
    "too_many_requests",
    429,
    "Too many tries",
    "More requests came from your network address than we accept in a short time.",
    ("Wait a minute, then try again.",),
    retry_after=60,
)


def problem_of(error: BaseException) -> Problem:
    """Return the problem for an error, including errors of HTTP requests."""
    match error:
        case StaleForm():
            return STALE_FORM
        case RateLimitExceeded():
            return TOO_MANY
        case HTTPException():
            return _http_problem(error)
        case _:
            return problem_for(error)


def _http_problem(error: HTTPException) -> Problem:
    status = error.code or 500
    if status in HTTP_PROBLEMS:
        return HTTP_PROBLEMS[status]
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "The request failed"
    return Problem(f"http_{status}", status, phrase, "The request could not be answered as it was made.")


def render_problem(problem: Problem) -> Response:
    """Return the problem as a page, or as JSON if the client asked for it."""
    g.problem = problem  # the trace of this request uses it
    if wants_json():
        about = {"title": problem.title, "detail": _detail(problem), "reference": reference()}
        code = problem.error_code or HTTPStatus(problem.status).phrase.lower().replace(" ", "_")
        response = jsonify(error={"status": problem.status, "code": code, **about})
    else:
        address = address_without_secrets(problem, reference())
        page = render_template("problem.html", problem=problem, reference=reference(), address=address)
        response = make_response(page)
    response.status_code = problem.status
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def _detail(problem: Problem) -> str:
    return " ".join((problem.what, *problem.cause))


def wants_json() -> bool:
    """Tell if the client asked for JSON and not for a page."""
    if request.path.startswith("/api/"):
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def register_problems(app: Flask) -> None:
    """Register the handlers that turn all exceptions of views into problem pages."""

    def answer(error: Exception) -> Response:
        problem = problem_of(error)
        _log(error, problem)
        response = render_problem(problem)
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = ", ".join(error.valid_methods or ())
        return response

    for kind in (ProblemError, errors.ProviderError, StoreUnavailable, Saturated, StaleForm, HTTPException):
        app.register_error_handler(kind, answer)

    @app.errorhandler(InternalServerError)
    def unforeseen(error: InternalServerError) -> Response:
        return answer(error.original_exception or error)  # type: ignore[arg-type]


def _log(error: Exception, problem: Problem) -> None:
    fields = {"status": problem.status, "kind": type(error).__name__, "endpoint": request.endpoint}
    if problem is OUR_FAULT:
        logging.getLogger("vinli_connect").error("unforeseen error", exc_info=error, extra={"fields": fields})
        return
    if isinstance(error, errors.ProviderError):
        fields |= {
            "provider": error.provider,
            "upstream_status": error.status,
            "error": shown_code(error.error),
        }
    level = logging.WARNING if problem.status >= 500 else logging.INFO
    log_event("problem", level, cause=_cause_of(error), **fields)


def _cause_of(error: BaseException) -> str:
    texts: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(texts) < 4:
        texts.append(f"{type(cause).__name__}: {cause}"[:300])
        cause = cause.__cause__
    return " < ".join(texts)
