"""The authorization-code flow: /connect, /connect/callback, /disconnect (RFC 6749 section 4.1, RFC 7636)."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, g, make_response, redirect, render_template, request, session, url_for
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from blueprints.connect.attempts import (
    CheckedState,
    bind_to_browser,
    check_state,
    last_pending_attempt,
    sessions_begun_here,
    state_for,
)
from blueprints.web.identity import connect_driver, current_driver, end_session, forget_driver
from blueprints.web.logs import reference
from blueprints.web.policies import policy
from blueprints.web.requests import (
    came_from_another_site,
    local_path,
    refuse_other_methods,
    refuse_prefetch,
)
from blueprints.web.services import services
from blueprints.web.traces import trace_recorder
from blueprints.web.visitors.limits import connect_rate, limiter
from domain.events import log_event
from domain.oauth_runs import problems as flow_problems
from domain.oauth_runs.states import StateCheck
from domain.oauth_runs.steps import Step, shown_parameters, shown_token
from domain.oauth_runs.trace import Trace, conclude
from domain.problems import GARAGE, STORE_DOWN, Problem, ProblemError
from providers.errors import ProviderError
from providers.vinli.oauth.auth import new_code_verifier
from providers.vinli.oauth.callback import BadCallback, CallbackQuery
from store.attempts import Attempt
from store.base import StoreUnavailable

bp = Blueprint("connect", __name__)

# Together these bound a driver's wait. The exchange gets more, because the code is lost if we stop waiting for it.
EXCHANGE_SECONDS = 7.0
USER_SECONDS = 3.0
# Seconds that an identical callback waits for the first one: the time for the upstream calls and a little more.
WAIT_FOR_OTHER_CALLBACK = 12.0
POLL = 0.05
# Seconds after the end of an attempt in which a repeated callback gets its session again. A double click or a
# broken connection may have lost the first response and its cookie.
REISSUE_SECONDS = 30.0


@bp.get("/connect")
@limiter.limit(connect_rate)
def start() -> Response | str:
    """Start an attempt and send the browser to the authorization endpoint."""
    refuse_other_methods("GET")
    refuse_prefetch()
    next_path = local_path(request.args.get("next"), url_for("garage.index"))
    if came_from_another_site():
        # Another site may link here, but the person must confirm, so that no site can force a login.
        return render_template("connect/confirm.html", **_confirmation(next_path))
    settings = services().settings
    _warm_auth_connection()
    code_verifier = new_code_verifier() if settings.vinli_pkce else None
    attempt, browser_secret = services().attempts.start(
        next_path, code_verifier or "", trace_id=trace_recorder().fresh_id()
    )
    trace_recorder().of_attempt(attempt).keep("open")
    authorization_request = services().auth.authorization_request(
        settings.redirect_uri, state_for(attempt), code_verifier
    )
    response = make_response(redirect(authorization_request.url))
    bind_to_browser(response, attempt, browser_secret)
    log_event("connect started")
    return response


@bp.route("/connect/callback", methods=["GET"], provide_automatic_options=False)
@policy(hides_address=True)
@limiter.limit(connect_rate, deduct_when=lambda response: response.status_code >= 400)
def callback() -> Response:
    """Check the callback, exchange the code, start a session and redirect to the page that the driver wanted."""
    refuse_other_methods("GET")
    refuse_prefetch()
    g.trace = trace_recorder().begin("connect")
    arrival = g.trace.came_back(request.path, shown_parameters(_pairs()))
    query = _read_query(arrival)
    checked = check_state(query.state)
    attempt = checked.attempt
    _trace_attempt(checked, arrival)
    if attempt is None or checked.check not in {StateCheck.GOOD, StateCheck.USED}:
        raise _with_way_out(flow_problems.for_state(checked.check))
    if checked.check is StateCheck.USED:
        return _answer_used(attempt)
    # Take the slot first. If none is free, the code is not used up and the driver may try again.
    with services().bulkhead.slot():
        if services().attempts.take(attempt.id):
            return _conclude(attempt, query)
    return _answer_used(attempt)


@bp.post("/disconnect")
def disconnect() -> Response:
    """Delete the driver's tokens and end the session."""
    if current_driver() is not None:
        log_event("driver disconnected")
    forget_driver()
    for session_id in sessions_begun_here():
        end_session(session_id)
    return redirect(url_for("home.index", left=1), code=303)


@bp.after_request
def keep_trace(response: FlaskResponse) -> FlaskResponse:
    """Store the result of a callback in its trace, with the reference id that its page shows."""
    trace: Trace | None = g.pop("trace", None)
    problem: Problem | None = g.get("problem")
    # If the store has just failed, writing would only wait for it again.
    if trace is not None and problem is not STORE_DOWN:
        conclude(trace, response.status_code, problem, reference())
    return response


def _pairs() -> list[tuple[str, str]]:
    # Do not use request.args: it keeps bytes that are not UTF-8 as escapes, so that "%FF" would pass as a code.
    return parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True)


def _trace_attempt(checked: CheckedState, arrival: Step) -> None:
    """Put the callback into the trace of its attempt, unless another browser sent it."""
    if checked.attempt is not None and checked.check is not StateCheck.FOREIGN:
        g.trace = trace_recorder().of_attempt(checked.attempt)
        g.trace.steps.append(arrival)


def _read_query(arrival: Step) -> CallbackQuery:
    try:
        return CallbackQuery.from_pairs(_pairs(), issuer=services().settings.vinli_issuer)
    except BadCallback as error:
        _trace_bad_query(arrival)
        raise _with_way_out(flow_problems.for_bad_callback(error)) from error


def _trace_bad_query(arrival: Step) -> None:
    """Put a callback with an unreadable query into the trace of its attempt if it has exactly one state.

    Without any parameter it belongs to the sign-in that this browser began last.
    """
    if not _pairs():
        with suppress(StoreUnavailable):
            if attempt := last_pending_attempt():
                g.trace = trace_recorder().of_attempt(attempt)
                g.trace.steps.append(arrival)
        return
    states = [value for name, value in _pairs() if name == "state"]
    if len(states) == 1:
        # The error page about the query does not need the store.
        with suppress(StoreUnavailable):
            _trace_attempt(check_state(states[0]), arrival)


def _conclude(attempt: Attempt, query: CallbackQuery) -> Response:
    """Finish an attempt that this request has taken: exchange the code and redirect, or raise the problem."""
    try:
        if query.error is not None:
            raise _with_way_out(flow_problems.for_error_code(query.error))
        _exchange(attempt, query.code or "")
    except StoreUnavailable:
        # Calling the store again would only make the driver wait. The attempt expires by itself.
        raise
    except Exception:
        _finish(attempt, None)
        raise
    _finish(attempt, session.sid)  # type: ignore[attr-defined]
    return redirect(attempt.next_path)


def _exchange(attempt: Attempt, code: str) -> None:
    auth = services().auth
    try:
        redirect_uri, code_verifier = services().settings.redirect_uri, attempt.code_verifier or None
        # Token and user must belong together. No other request's response can arrive on this connection in between.
        with services().transport.one_connection():
            with g.trace.asking_for_token(redirect_uri, code, has_verifier=code_verifier is not None) as step:
                token = auth.exchange(code, redirect_uri, code_verifier, deadline=EXCHANGE_SECONDS)
                step.received = shown_token(token)
            with g.trace.asking_for_user():
                user = auth.current_user(token.access_token, deadline=USER_SECONDS)
    except ProviderError as error:
        raise ProblemError(flow_problems.for_exchange(error)) from error
    connect_driver(user, token)
    log_event("driver connected")


def _finish(attempt: Attempt, session_id: str | None) -> None:
    try:
        services().attempts.finish(attempt.id, session_id)
    except StoreUnavailable as error:
        # The attempt stays taken and expires by itself. The driver's page must not change because of that.
        log_event("attempt not finished", logging.WARNING, cause=str(error))


def _answer_used(attempt: Attempt) -> Response:
    """Answer a repeated callback: the first one may still be running, or the driver may be connected already."""
    outcome = services().attempts.find(attempt.id)
    if outcome is not None and outcome.status == "exchanging":
        with services().bulkhead.slot():
            outcome = _wait_for_other_callback(outcome)
    if outcome is not None and _ended_just_now(outcome):
        response = make_response(redirect(attempt.next_path))
        if services().sessions.reissue(outcome.session_id or "", response):
            return response
    if current_driver() is not None:
        return redirect(url_for("garage.index"))
    raise _with_way_out(flow_problems.for_state(StateCheck.USED))


def _ended_just_now(attempt: Attempt) -> bool:
    if attempt.status != "done" or attempt.finished_at is None:
        return False
    return services().clock() - attempt.finished_at < REISSUE_SECONDS


def _wait_for_other_callback(attempt: Attempt) -> Attempt | None:
    """Wait until the attempt has ended, at most as long as any exchange may take; return it as it is then."""
    under_way = services().clock() - (attempt.taken_at or 0)
    deadline = time.monotonic() + min(WAIT_FOR_OTHER_CALLBACK - under_way, WAIT_FOR_OTHER_CALLBACK)
    outcome: Attempt | None = attempt
    while outcome is not None and outcome.status == "exchanging" and time.monotonic() < deadline:
        time.sleep(POLL)
        outcome = services().attempts.find(attempt.id)
    return outcome


def _with_way_out(problem: Problem) -> ProblemError:
    """Return the error, with a link to the garage if the driver is still connected by an earlier attempt."""
    try:
        is_connected = current_driver() is not None
    except StoreUnavailable:
        is_connected = False
    if not is_connected:
        return ProblemError(problem)
    others = (replace(action, primary=False) for action in problem.actions)
    return ProblemError(replace(problem, actions=(GARAGE, *others)))


def _warm_auth_connection() -> None:
    """Open a connection to the authorization server while the driver signs in there."""
    transport, origin = services().transport, services().settings.vinli_auth_url
    threading.Thread(target=transport.warm, args=(origin,), daemon=True).start()


def _confirmation(next_path: str) -> dict[str, Any]:
    """Return the template context of the page that asks a visitor from another site to confirm."""
    return {
        "next_path": next_path,
        "provider_host": services().settings.vinli_auth_url.split("://", 1)[1],
        "start_url": url_for("connect.start", next=next_path),
    }
