"""The browser's side of one run of the authorization-code flow: its ``state`` and its cookie.

``state`` is the signed id of an attempt in the store. Each attempt has its own cookie, which binds it to the
browser that started it (RFC 9700 section 4.7.1). So ten tabs may run ten attempts at the same time. The cookie
lives longer than the attempt, so that a late or repeated callback still gets a correct explanation.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request

from blueprints.web.cookies import cookie_name, delete_cookie, set_cookie
from blueprints.web.services import services
from domain.oauth_runs.states import CONNECT_STATE, StateCheck
from store.attempts import RETENTION, VALID, Attempt

MAX_PER_BROWSER = 10
COOKIE_PREFIX = "attempt_"


@dataclass(frozen=True)
class CheckedState:
    """The check of a state, and its attempt: None for UNKNOWN, and for EXPIRED if the attempt is already deleted."""

    check: StateCheck
    attempt: Attempt | None = None


def state_for(attempt: Attempt) -> str:
    """Return the ``state`` parameter of an attempt."""
    return services().signer.sign(attempt.id, CONNECT_STATE)


def check_state(state: str) -> CheckedState:
    """Find the attempt of a ``state`` and check it: known, of this browser, not used, not expired.

    Reads the store and changes nothing. Raises StoreUnavailable.
    """
    read = services().signer.read(state, CONNECT_STATE)
    if read is None:
        return CheckedState(StateCheck.UNKNOWN)
    attempt_id, signed_at = read
    attempt = services().attempts.find(attempt_id)
    now = services().clock()
    if attempt is None:
        return CheckedState(StateCheck.EXPIRED if now - signed_at > VALID else StateCheck.UNKNOWN)
    if not attempt.belongs_to(_browser_secret(attempt.id)):
        return CheckedState(StateCheck.FOREIGN, attempt)
    if attempt.status != "pending":
        return CheckedState(StateCheck.USED, attempt)
    return CheckedState(StateCheck.EXPIRED if attempt.is_expired(now) else StateCheck.GOOD, attempt)


def bind_to_browser(response: Response, attempt: Attempt, browser_secret: str) -> None:
    """Set the attempt's cookie. If there are more than ten such cookies, delete the oldest."""
    for attempt_id in _attempt_ids()[: -(MAX_PER_BROWSER - 1)]:
        delete_cookie(response, cookie_name(COOKIE_PREFIX + attempt_id))
    # The value begins with the start time so that values sort by age. Only the part after the dot is secret.
    seconds, fraction = divmod(attempt.created_at, 1)
    value = f"{int(seconds):08x}{int(fraction * 1_000_000):05x}.{browser_secret}"
    set_cookie(response, COOKIE_PREFIX + attempt.id, value, max_age=int(RETENTION))


def last_pending_attempt() -> Attempt | None:
    """Return the attempt that this browser began last, if its callback has not come. Raises StoreUnavailable."""
    for attempt_id in reversed(_attempt_ids()):
        attempt = services().attempts.find(attempt_id)
        if attempt is not None and attempt.belongs_to(_browser_secret(attempt.id)):
            return attempt if attempt.status == "pending" else None
    return None


def sessions_begun_here() -> list[str]:
    """Return the ids of the sessions that this browser's attempts of the last hour have started.

    If several tabs connect at the same time, each starts a session, and the browser keeps only one session cookie.
    """
    found = (services().attempts.find(attempt_id) for attempt_id in _attempt_ids())
    mine = (attempt for attempt in found if attempt and attempt.belongs_to(_browser_secret(attempt.id)))
    return [attempt.session_id for attempt in mine if attempt.session_id]


def _attempt_ids() -> list[str]:
    """Return the ids from the names of the attempt cookies, oldest first; the values begin with the start time."""
    prefix = cookie_name(COOKIE_PREFIX)
    mine = sorted((value, name) for name, value in request.cookies.items() if name.startswith(prefix))
    return [name.removeprefix(prefix) for _value, name in mine]


def _browser_secret(attempt_id: str) -> str:
    value = request.cookies.get(cookie_name(COOKIE_PREFIX + attempt_id), "")
    return value.partition(".")[2]
