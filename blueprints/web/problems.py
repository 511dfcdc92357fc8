"""Error pages: every failure becomes one page for a person, or one JSON object for a program.

``problem_for`` turns the hierarchies of errors into a ``Problem``; views raise ``ProblemError`` for what only
they know. The cause goes to the log under the reference id that the page shows.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from http import HTTPStatus

from flask import Flask, Response, g, jsonify, make_response, render_template, request, url_for
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed

from blueprints.web.csrf import StaleForm
from blueprints.web.logs import log_event, reference
from domain.bulkhead import Saturated
from providers import errors
from store.base import StoreUnavailable


@dataclass(frozen=True)
class Action:
    """A link of an error page: to an endpoint of ours, or to a whole ``address`` from the settings."""

    label: str
    endpoint: str = "home.index"
    primary: bool = False
    next_path: str | None = None
    address: str | None = None

    @property
    def url(self) -> str:
        return self.address or url_for(self.endpoint, next=self.next_path)


HOME = Action("Go to the start page", "home.index")
CONNECT = Action("Connect again", "connect.start", primary=True)
GARAGE = Action("Open my garage", "garage.index", primary=True)


@dataclass(frozen=True)
class Problem:
    """What happened, in words for the person who met it.

    ``error_code`` is an OAuth error code from upstream, already checked against RFC 6749's characters.
    ``retry_after`` is in seconds.
    """

    status: int
    title: str
    what: str
    todo: tuple[str, ...] = ()
    actions: tuple[Action, ...] = (HOME,)
    error_code: str | None = None
    retry_after: int | None = None


class ProblemError(Exception):
    """Ends a request with a problem page; ``cause`` says for the log what the page does not."""

    def __init__(self, problem: Problem, cause: str = "") -> None:
        super().__init__(cause or problem.title)
        self.problem = problem


TRY_AGAIN = "Try again in a minute. If it goes on, tell the operator the reference below."
TELL_OPERATOR = "Tell the operator of this site the reference below; the log says more under it."

UPSTREAM_SLOW = Problem(
    504,
    "Vinli is taking too long",
    "We asked Vinli and stopped waiting for the answer.",
    ("Nothing was changed.", TRY_AGAIN),
)
UPSTREAM_UNREACHABLE = Problem(
    502, "Vinli cannot be reached", "No connection to Vinli could be made just now.", (TRY_AGAIN,)
)
UPSTREAM_FAILED = Problem(
    502, "Vinli has a problem", "Vinli answered that something broke on its side.", (TRY_AGAIN,)
)
UPSTREAM_BUSY = Problem(
    503, "Vinli asks us to slow down", "Too many requests reached Vinli in a short time.", (TRY_AGAIN,)
)
UPSTREAM_REFUSED = Problem(
    502,
    "Vinli refused our request",
    "Vinli understood the request and said no to it.",
    ("This is usually a setting of this site, not something you did.", TELL_OPERATOR),
)
UPSTREAM_REFUSED_APP = replace(
    UPSTREAM_REFUSED,
    what="Vinli did not accept this site’s own credentials.",
    todo=("Operator: check VINLI_APP_ID and VINLI_APP_SECRET against the Developer Portal.", TELL_OPERATOR),
)
UPSTREAM_NONSENSE = Problem(
    502,
    "Vinli’s answer makes no sense",
    "An answer came, but it is not what Vinli’s documents describe, so we did not act on it.",
    (TRY_AGAIN,),
)
INCOMPLETE = Problem(
    502,
    "The list could not be read whole",
    "Only a part of the list arrived, so none is shown.",
    (TRY_AGAIN,),
)
NOT_FOUND = Problem(
    404,
    "Nothing is here",
    "This address leads nowhere, or what it named is gone.",
    ("Check the address, or begin at the start page.",),
)
STORE_DOWN = Problem(
    503,
    "We cannot reach our memory",
    "The place where this site keeps sessions does not answer. Nobody was signed out.",
    (TRY_AGAIN,),
    retry_after=10,
)
SATURATED = Problem(
    503,
    "Very busy right now",
    "Many people are waiting for Vinli at this moment.",
    ("Try again in a few seconds.",),
    retry_after=5,
)
STALE_FORM = Problem(
    400,
    "This page was out of date",
    "The form was opened too long ago, or before somebody else connected here, or on another site.",
    ("Nothing was changed.", "Open the page again and repeat what you did."),
)
TOO_MANY = Problem(
    429,
    "Too many tries",
    "More requests came from your network address than we accept in a short time.",
    ("Wait a minute, then try again.",),
    retry_after=60,
)
OUR_FAULT = Problem(
    500,
    "Something broke on our side",
    "An error that we did not foresee ended this request.",
    (TELL_OPERATOR,),
)
HTTP_PROBLEMS = {
    400: Problem(
        400, "We could not read this request", "The request is malformed.", ("Begin at the start page.",)
    ),
    401: Problem(401, "Sign in first", "This page is for people who have signed in.", ()),
    403: Problem(403, "This is not allowed", "The request was understood and refused.", ()),
    404: NOT_FOUND,
    405: Problem(405, "That does not work here", "This address does not take that kind of request.", ()),
    413: Problem(413, "Too large", "The request carries more than we accept.", ()),
    500: OUR_FAULT,
}

# RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1.
ERROR_CODES = frozenset(
    {
        "access_denied",
        "insufficient_scope",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "invalid_token",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_grant_type",
        "unsupported_response_type",
    }
)
# The first class that matches counts, so that the special come before the general.
PROVIDER_PROBLEMS: tuple[tuple[type[errors.ProviderError], Problem], ...] = (
    (errors.TimedOut, UPSTREAM_SLOW),
    (errors.Unreachable, UPSTREAM_UNREACHABLE),
    (errors.Throttled, UPSTREAM_BUSY),
    (errors.ServerFailed, UPSTREAM_FAILED),
    # A driver's refused token is met where it is used; what is left are the app client's credentials.
    (errors.Unauthorized, UPSTREAM_REFUSED_APP),
    (errors.NotFound, NOT_FOUND),
    (errors.Incomplete, INCOMPLETE),
    (errors.Nonsense, UPSTREAM_NONSENSE),
    (errors.ProviderError, UPSTREAM_REFUSED),
)


def problem_for(error: BaseException) -> Problem:
    """Return the page that an error becomes; an unforeseen one is our fault."""
    match error:
        case ProblemError():
            return error.problem
        case errors.ProviderError():
            return _provider_problem(error)
        case StoreUnavailable():
            return STORE_DOWN
        case Saturated():
            return SATURATED
        case StaleForm():
            return STALE_FORM
        case RateLimitExceeded():
            return TOO_MANY
        case HTTPException():
            return _http_problem(error)
        case _:
            return OUR_FAULT


def for_operator(problem: Problem) -> Problem:
    """Return a problem in words for the operator, on a page of theirs that shows no reference."""
    words = {
        TRY_AGAIN: "Try again in a minute. The log has the cause.",
        TELL_OPERATOR: "The log has the cause.",
    }
    return replace(problem, todo=tuple(words.get(text, text) for text in problem.todo))


def shown_code(code: str | None) -> str | None:
    """Return an OAuth error code that may be shown and logged: a registered one, else None.

    What comes in its place can be anything, a secret of the request included.
    """
    return code if code in ERROR_CODES else None


def _provider_problem(error: errors.ProviderError) -> Problem:
    problem = next(problem for kind, problem in PROVIDER_PROBLEMS if isinstance(error, kind))
    retry_after = round(error.retry_after) if error.retry_after is not None else problem.retry_after
    return replace(problem, error_code=shown_code(error.error), retry_after=retry_after)


def _http_problem(error: HTTPException) -> Problem:
    status = error.code or 500
    if status in HTTP_PROBLEMS:
        return HTTP_PROBLEMS[status]
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "The request failed"
    return Problem(status, phrase, "The request could not be answered as it was made.")


def render_problem(problem: Problem) -> Response:
    """Answer with the page, or with JSON where a program asked for it."""
    g.problem = problem  # for whoever keeps a trace of this request
    if wants_json():
        about = {"title": problem.title, "detail": problem.what, "reference": reference()}
        code = problem.error_code or HTTPStatus(problem.status).phrase.lower().replace(" ", "_")
        response = jsonify(error={"status": problem.status, "code": code, **about})
    else:
        links = [(action.label, action.url, action.primary) for action in problem.actions]
        about_page = {**vars(problem), "actions": links, "reference": reference()}
        response = make_response(render_template("problem.html", problem=about_page))
    response.status_code = problem.status
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def wants_json() -> bool:
    """Whether the client asked for JSON rather than for a page."""
    if request.path.startswith("/api/"):
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def register_problems(app: Flask) -> None:
    """Turn everything that a view can raise into a problem page, in this one place."""

    def answer(error: Exception) -> Response:
        problem = problem_for(error)
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
