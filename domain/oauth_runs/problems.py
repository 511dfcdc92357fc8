"""The problems of the connect flow: one page for each cause."""

from __future__ import annotations

from dataclasses import replace

from domain.oauth_runs.states import StateCheck
from domain.problems import CONNECT, HOME, Problem, problem_for, shown_code
from providers import errors
from providers.vinli.oauth.callback import BadCallback

START_AGAIN = "Press “Connect again”: it takes a few seconds."
IF_ALWAYS = "If it happens every time, tell the operator of this site the reference below."
WAYS_OUT = (CONNECT, HOME)
NOT_CONNECTED = "Your car is not connected."
REWRITTEN = "Something between Vinli and this site rewrites addresses: a proxy, a mail program, a page that links here."

DENIED = Problem(
    "access_denied",
    403,
    "You did not allow access",
    "Vinli says that access to your cars was refused, so nothing was connected.",
    ("If that was a slip, connect again and choose to approve.",),
    WAYS_OUT,
    cause=("The authorization server redirected back with this error code.",),
    error_code="access_denied",
)
NO_STATE = Problem(
    "no_state",
    400,
    "We cannot tell that you began this",
    f"A part of the address that brought you back from Vinli is missing. {NOT_CONNECTED}",
    (START_AGAIN, IF_ALWAYS),
    WAYS_OUT,
    cause=(
        "No state came back. Without it, an answer to this browser’s request cannot be told from a forged one "
        "(RFC 6749 section 10.12).",
        "If it happens every time, the platform does not echo state.",
    ),
)
BAD_QUERY = Problem(
    "bad_callback",
    400,
    "This address is damaged",
    f"The address that brought you back from Vinli is damaged, so we did not use it. {NOT_CONNECTED}",
    (START_AGAIN, IF_ALWAYS),
    WAYS_OUT,
    cause=("What came back has parameters that are missing, repeated, damaged or contradict each other.",),
)
CALLBACK_TOO_LONG = Problem(
    "callback_too_long",
    400,
    "This address is too long",
    f"The address that brought you back is longer than any answer to a sign-in, so it was not read. {NOT_CONNECTED}",
    (START_AGAIN, IF_ALWAYS),
    WAYS_OUT,
)
CHANGED = Problem(
    "callback_changed",
    400,
    "This address was changed on its way",
    f"Something changed the address that brought you back from Vinli, so we cannot use it. {NOT_CONNECTED}",
    (START_AGAIN, IF_ALWAYS),
    WAYS_OUT,
)
ESCAPED = replace(
    CHANGED,
    code="callback_escaped",
    cause=(
        "Each & in the address was replaced by &amp;, as in the source of a web page. So the state that belongs to "
        "the sign-in cannot be found in it.",
        REWRITTEN,
    ),
)
RENAMED = replace(
    CHANGED,
    code="callback_renamed",
    cause=(
        "The names in the address came in capitals, or with something before them. They have to arrive as Vinli writes "
        "them: state and code.",
        REWRITTEN,
    ),
)
WRONG_ISSUER = replace(
    BAD_QUERY,
    code="wrong_issuer",
    title="The answer came from somebody else",
    what=f"The answer says that somebody other than Vinli gave it, so we did not use it. {NOT_CONNECTED}",
    cause=("The parameter iss names another authorization server than VINLI_ISSUER (RFC 9207).",),
)
NO_QUERY = Problem(
    "callback_without_query",
    400,
    "Nothing came back with you",
    f"You reached the page to which Vinli sends people back, but without an answer of Vinli. {NOT_CONNECTED}",
    (START_AGAIN, IF_ALWAYS),
    WAYS_OUT,
    cause=(
        "If it happens every time, a proxy in front may drop what follows the ? in addresses.",
        "Or the client is of the type Web: its answer stands behind a # and never reaches a server.",
    ),
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
        f"It was not begun at this site, or so long ago that we have forgotten it. {NOT_CONNECTED}",
        (START_AGAIN,),
        WAYS_OUT,
        cause=("The state value that came back was not made by this site, or was forgotten since.",),
    ),
    StateCheck.FOREIGN: Problem(
        "state_of_another_browser",
        400,
        "This sign-in began in another browser",
        f"Only the browser that began a sign-in can finish it. {NOT_CONNECTED}",
        (
            "Finish in the browser and window in which you began, or connect again here.",
            "If you did not begin it yourself, somebody may have sent you this link: close the page.",
        ),
        WAYS_OUT,
        cause=("The state value is good, but this browser does not hold the cookie that goes with it.",),
    ),
    StateCheck.EXPIRED: Problem(
        "state_expired",
        400,
        "This sign-in took too long",
        f"More than ten minutes passed between the start and the return. {NOT_CONNECTED}",
        (START_AGAIN,),
        WAYS_OUT,
        cause=("The state value is older than ten minutes.",),
    ),
    StateCheck.USED: Problem(
        "state_used",
        400,
        "This sign-in was used already",
        "Each sign-in works once, and this one was already used, here or in another tab.",
        (START_AGAIN,),
        WAYS_OUT,
        cause=("A callback with this state value came before.",),
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
# What another try cannot mend: a setting of this site, or of its client at Vinli.
SETTINGS_AT_FAULT = frozenset(
    {
        "invalid_client",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
        "unsupported_response_type",
    }
)
PASSING = frozenset({"server_error", "temporarily_unavailable"})
REFUSED = Problem(
    "sign_in_refused",
    502,
    "Vinli refused the sign-in",
    f"Vinli ended the sign-in without letting this site in. {NOT_CONNECTED}",
    (START_AGAIN, IF_ALWAYS),
    WAYS_OUT,
    cause=("Vinli ended the sign-in with an error.",),
)
MISCONFIGURED = replace(
    REFUSED,
    what=f"Vinli does not know this site as it should. You did nothing wrong, and your cars are safe. {NOT_CONNECTED}",
    todo=(
        "Tell the operator of this site the reference below. Trying again does not help until the operator has "
        "corrected it.",
    ),
    actions=(HOME,),
)
TOO_BUSY = replace(
    REFUSED,
    what=f"Vinli could not finish the sign-in just now. {NOT_CONNECTED}",
    todo=("Wait a minute, then connect again.", IF_ALWAYS),
)
NOT_TAKEN = replace(
    REFUSED,
    what=f"Vinli did not accept what it gave you a moment ago: it was too old, or used before. {NOT_CONNECTED}",
)


def for_state(check: StateCheck) -> Problem:
    """Return the problem for a ``state`` that is not good. Raises KeyError for a good one."""
    return STATE_PROBLEMS[check]


def for_bad_callback(error: BadCallback) -> Problem:
    """Return the problem for a callback that cannot be read."""
    if error.reason == "too_long":
        longest = f"The longest part is {error.longest}, with {error.length:,} characters."
        return replace(CALLBACK_TOO_LONG, cause=(longest,))
    return CALLBACK_PROBLEMS.get(error.reason, BAD_QUERY)


def for_error_code(code: str) -> Problem:
    """Return the problem for ``error`` of an authorization response: status 403 for a denial, else 502."""
    return DENIED if code == "access_denied" else _refusal(code)


def for_exchange(error: errors.ProviderError) -> Problem:
    """Return the problem for a failed token exchange or a failed call for the driver's name."""
    if isinstance(error, errors.Refused | errors.Unauthorized | errors.Forbidden):
        return _refusal(error.error or "")
    problem = problem_for(error)
    return replace(problem, what=f"{problem.what} {NOT_CONNECTED}", actions=WAYS_OUT)


def _refusal(code: str) -> Problem:
    words = MISCONFIGURED if code in SETTINGS_AT_FAULT else TOO_BUSY if code in PASSING else REFUSED
    if code == "invalid_grant":
        words = NOT_TAKEN
    cause = (ERROR_WORDS[code],) if code in ERROR_WORDS else REFUSED.cause
    return replace(words, cause=cause, error_code=shown_code(code))
