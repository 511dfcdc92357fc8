"""Texts for developers about a failed step of a trace: what the failure means, and where to look."""

from __future__ import annotations

from domain.oauth_runs import problems as flow_problems
from domain.oauth_runs.states import StateCheck
from domain.problems import Problem, shown_code
from providers import errors

CREDENTIALS = (
    "Compare VINLI_CLIENT_ID and VINLI_CLIENT_SECRET with the OAuth client in the Developer Portal. They are not the "
    "App ID and App Secret. The doctor tests both."
)
GRANT = (
    "One of these: the code was older than the server allows, it was used before, it was given to another client, the "
    "redirect URI here is not the one of the authorization request, or the code_verifier does not fit the challenge."
)
CLIENT_TYPE = (
    "Look at the client’s type in the Developer Portal: the code flow needs one that has a secret (server)."
)
BARE_REFUSAL = (
    "The server gave no error code. Vinli’s developers have seen this when a code was exchanged with the credentials "
    "of another client of the same app; a wrong secret is the next thing to look at. The doctor tests it."
)
RUNS_LATE = "We stopped waiting. Check if the server is slow for everybody, or if a proxy delays the answer."
NO_CONNECTION = "Check the host name, the network, TLS (CA_BUNDLE) and the proxy (HTTPS_PROXY)."
THEIR_FAULT = "The fault is on the server’s side. Nothing in this installation’s settings causes it."
NOT_THEIR_FORMAT = (
    "An answer came that RFC 6749 does not describe. Something between here and the server may have answered in its "
    "place (a proxy, a login page), or VINLI_AUTH_URL names another server."
)
FRESH_REFUSED = (
    "A token that was issued a moment ago is not accepted: the authorization server and the API do not agree, or the "
    "driver withdrew access in between."
)
BY_CODE = {
    "invalid_client": CREDENTIALS,
    "invalid_grant": GRANT,
    "unauthorized_client": CLIENT_TYPE,
    "unsupported_grant_type": CLIENT_TYPE,
    "invalid_token": FRESH_REFUSED,
}
# The driver's page says what happened; this tells a developer what to do about it. The key is the problem's code.
BY_PAGE = {
    flow_problems.DENIED.code: "Nothing is wrong with the installation: the driver pressed refuse, or the server "
    "refused for them.",
    flow_problems.NO_STATE.code: "The authorization server did not echo state. Without it nobody can tell who began "
    "this; look in Preflight at what it answers, and at whether something rewrites the redirect.",
    flow_problems.BAD_QUERY.code: "Parameters are repeated, too long, empty, or both code and error came. Look at "
    "whether a proxy rewrites the query, or the registered redirect URI has a query of its own.",
    flow_problems.WRONG_ISSUER.code: "iss is not VINLI_ISSUER. Unset it if the server has another issuer.",
    flow_problems.STATE_PROBLEMS[
        StateCheck.UNKNOWN
    ].code: "The state was not signed with this installation’s "
    "SECRET_KEY, or its attempt is gone: another installation is registered at this address, the store was emptied, or "
    "the state was made in the workbench, whose states are good at /workbench/catch alone.",
    flow_problems.STATE_PROBLEMS[
        StateCheck.FOREIGN
    ].code: "The browser that came back does not hold the cookie of the "
    "one that began: another browser, another host name than PUBLIC_URL’s, or cookies that are blocked.",
    flow_problems.STATE_PROBLEMS[StateCheck.EXPIRED].code: (
        "More than ten minutes lay between the authorization request and this."
    ),
    flow_problems.STATE_PROBLEMS[
        StateCheck.USED
    ].code: "A callback with this state came before: a reload, the back "
    "button, or a browser that sends requests twice.",
}
# Error codes of the authorization endpoint (RFC 6749 section 4.1.2.1). The token endpoint has others.
REDIRECT_CODES = frozenset(
    {
        "invalid_request",
        "unauthorized_client",
        "access_denied",
        "unsupported_response_type",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
    }
)
BY_REDIRECT = (
    "The browser brought this code. It probably comes from the authorization server, but anybody can write such an "
    "address. Preflight asks the server itself."
)
NOT_BY_REDIRECT = (
    "This code belongs to the token endpoint and cannot come with a redirect (RFC 6749 section 4.1.2.1): the server "
    "breaks the RFC, or somebody wrote the address by hand. It says nothing about this installation’s secret."
)


def advice_for_page(problem: Problem) -> str:
    """Return the advice for a callback that ended on this problem's page; "" if there is none."""
    code = problem.error_code
    if code == "unauthorized_client":
        return f"{BY_REDIRECT} {CLIENT_TYPE}"
    if code and code != "access_denied":
        return BY_REDIRECT if code in REDIRECT_CODES else NOT_BY_REDIRECT
    return BY_PAGE.get(problem.code, "")


def reason_of(error: errors.ProviderError) -> str:
    """Return the reason why a call failed, as one sentence."""
    code = shown_code(error.error)
    status = f"status {error.status}" if error.status is not None else ""
    match error:
        case errors.TimedOut():
            return "No answer came in time."
        case errors.Unreachable():
            return "No connection could be made, or it broke off before an answer."
        case errors.Throttled():
            return "The server asks to slow down (status 429)."
        case errors.ServerFailed():
            return f"The server failed ({status})."
        case errors.InvalidResponse():
            return f"The answer is not what it should be: {_without_quotes(error.reason)}."
        case _:
            return f"The server refused ({', '.join(part for part in (status, code) if part)})."


def _without_quotes(reason: str) -> str:
    """Return the reason without quotes from the answer, because they may hold secrets."""
    head = reason.partition(":")[0]
    return "a field is missing or of another kind" if head.endswith("Error") else head


def advice_for(error: errors.ProviderError) -> str:
    """Return the advice for a call that failed."""
    code = shown_code(error.error)
    if code in BY_CODE:
        return BY_CODE[code]
    match error:
        case errors.TimedOut():
            return RUNS_LATE
        case errors.Unreachable():
            return NO_CONNECTION
        case errors.Throttled() | errors.ServerFailed():
            return THEIR_FAULT
        case errors.InvalidResponse():
            return NOT_THEIR_FORMAT
        case errors.Unauthorized():
            return FRESH_REFUSED
        case _:
            return CREDENTIALS if error.status == 401 else BARE_REFUSAL
