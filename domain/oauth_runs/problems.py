"""The problems of the connect flow: one page for each cause."""

from __future__ import annotations

from dataclasses import replace

from domain.oauth_runs.states import StateCheck
from domain.problems import CONNECT, HOME, Problem, problem_for, shown_code
from providers import errors
from providers.vinli.callback import BadCallback

START_AGAIN = "Press “Connect again”: it takes a few seconds."
WAYS_OUT = (CONNECT, HOME)

DENIED = Problem(
    "access_denied",
    403,
    "You did not allow access",
    "Vinli says that access to your cars was refused, so nothing was connected.",
    ("If that was a slip, connect again and choose to approve.",),
    WAYS_OUT,
    error_code="access_denied",
)
NO_STATE = Problem(
    "no_state",
    400,
    "No state came back",
    "Vinli sent you here without the state value that we had sent along, so we cannot tell that you started this.",
    (
        START_AGAIN,
        "If it happens every time, the platform does not echo state; tell the operator of this site.",
    ),
    WAYS_OUT,
)
BAD_QUERY = Problem(
    "bad_callback",
    400,
    "This address is damaged",
    "What came back has parameters that are missing, repeated, damaged or contradict each other.",
    (START_AGAIN,),
    WAYS_OUT,
)
CALLBACK_TOO_LONG = Problem(
    "callback_too_long",
    400,
    "This address is too long",
    "What came back is longer than any answer to a sign-in, so it was not read.",
    (START_AGAIN, "If it happens every time, tell the operator of this site the reference below."),
    WAYS_OUT,
)
ESCAPED = Problem(
    "callback_escaped",
    400,
    "This address was changed on its way",
    "Each & in it was replaced by &amp;, as in the source of a web page. So the state that belongs to your sign-in "
    "cannot be found in it.",
    (START_AGAIN, "If it happens every time, something between Vinli and this site rewrites addresses."),
    WAYS_OUT,
)
RENAMED = Problem(
    "callback_renamed",
    400,
    "This address was changed on its way",
    "The names in it came in capitals. They have to arrive as Vinli writes them: state and code.",
    (START_AGAIN, "If it happens every time, something between Vinli and this site rewrites addresses."),
    WAYS_OUT,
)
WRONG_ISSUER = replace(
    BAD_QUERY,
    code="wrong_issuer",
    title="The answer came from somebody else",
    what="The answer names another authorization server than the one this site asked (RFC 9207).",
)
NO_QUERY = Problem(
    "callback_without_query",
    400,
    "Nothing came back with you",
    "You reached the page to which Vinli sends people back, but without an answer of Vinli. Your car is not connected.",
    (
        START_AGAIN,
        "If it happens every time, tell the operator of this site: a proxy in front may drop what follows the ? in "
        "addresses, or the client may be of the type Web, whose answer stands behind a # and never reaches a server.",
    ),
    WAYS_OUT,
)
CALLBACK_PROBLEMS = {
    "no_query": NO_QUERY,
    "no_state": NO_STATE,
    "issuer": WRONG_ISSUER,
    "escaped": ESCAPED,
    "renamed": RENAMED,
}
STATE_PROBLEMS = {
    StateCheck.UNKNOWN: Problem(
        "state_unknown",
        400,
        "We do not know this sign-in",
        "The state value that came back was not made by this site, or was forgotten since.",
        (START_AGAIN,),
        WAYS_OUT,
    ),
    StateCheck.FOREIGN: Problem(
        "state_of_another_browser",
        400,
        "This sign-in began in another browser",
        "Its state value is good, but this browser does not hold the cookie that goes with it.",
        (
            "Finish in the browser and window in which you began, or connect again here.",
            "If you did not begin it yourself, somebody may have sent you this link: close the page.",
        ),
        WAYS_OUT,
    ),
    StateCheck.EXPIRED: Problem(
        "state_expired",
        400,
        "This sign-in took too long",
        "More than ten minutes passed between the start and the return.",
        (START_AGAIN,),
        WAYS_OUT,
    ),
    StateCheck.USED: Problem(
        "state_used",
        400,
        "This sign-in was used already",
        "Each sign-in works once, and this one was already used, here or in another tab.",
        (START_AGAIN,),
        WAYS_OUT,
    ),
}
# RFC 6749 sections 4.1.2.1 and 5.2, in our own words.
ERROR_WORDS = {
    "invalid_request": "The request was not as Vinli wants it.",
    "unauthorized_client": "This client may not use this flow; its type in the Developer Portal is likely wrong.",
    "unsupported_response_type": "The authorization server does not give codes to this client.",
    "unsupported_grant_type": "The token endpoint does not exchange codes for this client.",
    "invalid_scope": "The authorization server does not know what was asked for.",
    "server_error": "The authorization server had an internal error.",
    "temporarily_unavailable": "The authorization server is too busy just now.",
    "invalid_client": (
        "The client id or secret of this site is not accepted. "
        "They are the OAuth client’s, not the App ID and App Secret."
    ),
    "invalid_grant": "The code was not accepted: it was too old, used before, or given for another redirect URI.",
}
REFUSED = Problem(
    "sign_in_refused",
    502,
    "Vinli refused the sign-in",
    "Vinli ended the sign-in with an error.",
    (START_AGAIN, "If it stays like this, tell the operator of this site the reference below."),
    WAYS_OUT,
)


def for_state(check: StateCheck) -> Problem:
    """Return the problem for a ``state`` that is not good. Raises KeyError for a good one."""
    return STATE_PROBLEMS[check]


def for_bad_callback(error: BadCallback) -> Problem:
    """Return the problem for a callback that cannot be read."""
    if error.reason == "too_long":
        what = (
            f"{CALLBACK_TOO_LONG.what} The longest part is {error.longest}, with {error.length:,} characters."
        )
        return replace(CALLBACK_TOO_LONG, what=what)
    return CALLBACK_PROBLEMS.get(error.reason, BAD_QUERY)


def for_error_code(code: str) -> Problem:
    """Return the problem for ``error`` of an authorization response: status 403 for a denial, else 502."""
    return DENIED if code == "access_denied" else _refusal(code)


def for_exchange(error: errors.ProviderError) -> Problem:
    """Return the problem for a failed token exchange or a failed call for the driver's name."""
    if isinstance(error, errors.Refused | errors.Unauthorized | errors.Forbidden):
        return _refusal(error.error or "")
    problem = replace(problem_for(error), actions=WAYS_OUT)
    if not isinstance(error, errors.InvalidResponse):
        return problem
    return replace(problem, what=f"{problem.what} What was wrong: {error.reason}.")


def _refusal(code: str) -> Problem:
    return replace(REFUSED, what=ERROR_WORDS.get(code, REFUSED.what), error_code=shown_code(code))
