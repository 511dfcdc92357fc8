"""Problems: what went wrong, in words for the person who sees it. Pages, command line and traces share this value.

The code identifies a problem; titles are text and may change. ``problem_for`` turns errors of remote systems and of
the store into problems.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from domain.bulkhead import Saturated
from providers import errors
from store.base import StoreUnavailable


@dataclass(frozen=True)
class Action:
    """A link on an error page: to a ``path`` of this site, or to a full ``address`` from the settings."""

    label: str
    path: str = "/"
    primary: bool = False
    next_path: str | None = None
    address: str | None = None

    @property
    def url(self) -> str:
        if self.address is not None:
            return self.address
        return f"{self.path}?{urlencode({'next': self.next_path}, safe='/')}" if self.next_path else self.path


HOME = Action("Go to the start page", "/")
CONNECT = Action("Connect again", "/connect", primary=True)
GARAGE = Action("Open my garage", "/garage", primary=True)


@dataclass(frozen=True)
class Problem:
    """What happened, in words for the person who sees it.

    ``code`` names the problem for programs and tests and never changes.
    ``what`` and ``todo`` are for drivers too. ``cause`` is for those who look after this site; pages fold it away.
    ``error_code`` is an OAuth error code from upstream, already checked against RFC 6749's characters.
    ``retry_after`` is in seconds.
    """

    code: str
    status: int
    title: str
    what: str
    todo: tuple[str, ...] = ()
    actions: tuple[Action, ...] = (HOME,)
    cause: tuple[str, ...] = ()
    error_code: str | None = None
    retry_after: int | None = None

    @property
    def technical(self) -> str:
        """Return the cause in developers' words, or what happened if there are none."""
        return " ".join(self.cause) or self.what


class ProblemError(Exception):
    """Ends a request with a problem page. ``cause`` is for the log only."""

    def __init__(self, problem: Problem, cause: str = "") -> None:
        super().__init__(cause or problem.title)
        self.problem = problem


TRY_AGAIN = "Try again in a minute. If it goes on, tell the operator the reference below."
TELL_OPERATOR = "Tell the operator of this site the reference below; the log says more under it."

UPSTREAM_SLOW = Problem(
    "upstream_slow",
    504,
    "Vinli is taking too long",
    "We asked Vinli and stopped waiting for the answer.",
    ("Nothing was changed.", TRY_AGAIN),
)
UPSTREAM_UNREACHABLE = Problem(
    "upstream_unreachable",
    502,
    "Vinli cannot be reached",
    "No connection to Vinli could be made just now.",
    (TRY_AGAIN,),
)
UPSTREAM_FAILED = Problem(
    "upstream_failed",
    502,
    "Vinli has a problem",
    "Vinli answered that something broke on its side.",
    (TRY_AGAIN,),
)
UPSTREAM_BUSY = Problem(
    "upstream_busy",
    503,
    "Vinli asks us to slow down",
    "Too many requests reached Vinli in a short time.",
    (TRY_AGAIN,),
)
UPSTREAM_REFUSED = Problem(
    "upstream_refused",
    502,
    "Vinli refused our request",
    "Vinli understood the request and refused it.",
    ("This is usually a setting of this site, not something you did.", TELL_OPERATOR),
)
UPSTREAM_REFUSED_APP = replace(
    UPSTREAM_REFUSED,
    code="app_credentials_refused",
    what="Vinli did not accept this site’s own credentials.",
    todo=("Operator: check VINLI_APP_ID and VINLI_APP_SECRET against the Developer Portal.", TELL_OPERATOR),
)
UPSTREAM_INVALID_RESPONSE = Problem(
    "upstream_invalid_response",
    502,
    "We cannot use Vinli’s answer",
    "An answer came, but it is not what Vinli’s documents describe, so we did not act on it.",
    (TRY_AGAIN,),
)
CONNECTION_NOT_RENEWED = Problem(
    "connection_not_renewed",
    502,
    "Your connection could not be renewed just now",
    "Vinli gives us access for a limited time, and the next permission did not arrive. You are still connected.",
    (TRY_AGAIN, "If you do not want to wait, connect again. Nothing at Vinli is changed by that."),
    (Action("Connect again", "/connect", primary=True, next_path="/garage"), HOME),
)
INCOMPLETE = Problem(
    "incomplete",
    502,
    "The list could not be read whole",
    "Only a part of the list arrived, so none is shown.",
    (TRY_AGAIN,),
)
NOT_FOUND = Problem(
    "not_found",
    404,
    "Nothing is here",
    "This address leads nowhere, or what it named is gone.",
    ("Check the address, or begin at the start page.",),
)
STORE_DOWN = Problem(
    "store_down",
    503,
    "We cannot look up who you are just now",
    "The place where this site remembers who is connected does not answer. Nobody was signed out.",
    (TRY_AGAIN,),
    cause=("The store (STORE_URL) cannot be reached, or does not take what is written.",),
    retry_after=10,
)
SATURATED = Problem(
    "saturated",
    503,
    "Very busy right now",
    "Many people are waiting for Vinli at this moment.",
    ("Try again in a few seconds.",),
    retry_after=5,
)
OUR_FAULT = Problem(
    "our_fault",
    500,
    "Something broke on our side",
    "An error that we did not foresee ended this request.",
    (TELL_OPERATOR,),
)

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
# The first matching class counts, so special classes come before general ones.
PROVIDER_PROBLEMS: tuple[tuple[type[errors.ProviderError], Problem], ...] = (
    (errors.TimedOut, UPSTREAM_SLOW),
    (errors.Unreachable, UPSTREAM_UNREACHABLE),
    (errors.Throttled, UPSTREAM_BUSY),
    (errors.ServerFailed, UPSTREAM_FAILED),
    # Views handle a driver's refused token themselves. Here only the app client's credentials are left.
    (errors.Unauthorized, UPSTREAM_REFUSED_APP),
    (errors.NotFound, NOT_FOUND),
    (errors.Incomplete, INCOMPLETE),
    (errors.InvalidResponse, UPSTREAM_INVALID_RESPONSE),
    # Partners' pages describe their missing tokens themselves. Here only the tokens of drivers are left.
    (errors.NoToken, CONNECTION_NOT_RENEWED),
    (errors.ProviderError, UPSTREAM_REFUSED),
)


def problem_for(error: BaseException) -> Problem:
    """Return the problem for an error; OUR_FAULT for an unexpected one."""
    match error:
        case ProblemError():
            return error.problem
        case errors.ProviderError():
            return _provider_problem(error)
        case StoreUnavailable():
            return STORE_DOWN
        case Saturated():
            return SATURATED
        case _:
            return OUR_FAULT


def for_operator(problem: Problem) -> Problem:
    """Return a problem in words for the operator, whose pages show no reference."""
    words = {
        TRY_AGAIN: "Try again in a minute. The log has the cause.",
        TELL_OPERATOR: "The log has the cause.",
    }
    return replace(problem, todo=tuple(words.get(text, text) for text in problem.todo))


def shown_code(code: str | None) -> str | None:
    """Return an OAuth error code if it is a registered one, which may be shown and logged; else None.

    An unregistered code may be any text, even a secret of the request.
    """
    return code if code in ERROR_CODES else None


def _provider_problem(error: errors.ProviderError) -> Problem:
    problem = next(problem for kind, problem in PROVIDER_PROBLEMS if isinstance(error, kind))
    if isinstance(error.__cause__, (errors.TimedOut, TimeoutError)):
        problem = replace(problem, status=504)
    retry_after = round(error.retry_after) if error.retry_after is not None else problem.retry_after
    cause = _technical(error)
    return replace(problem, cause=cause, error_code=shown_code(error.error), retry_after=retry_after)


def _technical(error: errors.ProviderError) -> tuple[str, ...]:
    if isinstance(error, errors.InvalidResponse):
        return (f"What was wrong: {error.reason}.",)
    if error.cause is not None:
        return (f"The connection failed: {error.cause.replace('_', ' ')}.",)
    return (f"The answer had status {error.status}.",) if error.status is not None else ()
