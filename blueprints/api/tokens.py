"""Short-lived tokens between our own pages and ``/api/v1``, as seed 000 recommends.

A token is signed (itsdangerous). It is valid for one purpose, for five minutes and for one session: it holds only a
digest of the session's id. It is sent as ``Authorization: Bearer`` (RFC 6750 section 2.1). No other site can make a
browser send that header, so these addresses need no CSRF token.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flask import request, session

from blueprints.web.operators import is_operator
from blueprints.web.services import services
from domain.problems import Problem, ProblemError

P = ParamSpec("P")
R = TypeVar("R")

VALID_SECONDS = 300
TIRE_SIDEWALL = "tire-sidewall"
PURPOSES = frozenset({TIRE_SIDEWALL})
# The clocks of two processes may differ a little. A token from further in the future is refused.
CLOCK_SKEW_SECONDS = 5
MAX_TOKEN = 512

SIGN_IN_FIRST = Problem(
    "operator_sign_in_needed",
    401,
    "Sign in first",
    "The operator’s sign-in of this browser has ended.",
    ("Sign in again in another tab, then repeat what you did.",),
    error_code="invalid_token",
)
BAD_TOKEN = Problem(
    "bad_frontend_token",
    401,
    "This page’s token is not accepted",
    "It is missing, older than five minutes, or was made for something else.",
    ("Load the page again and repeat what you did.",),
    error_code="invalid_token",
)


def issue_token(purpose: str) -> str:
    """Return a token for one purpose, bound to this request's session. Raises KeyError for an unknown purpose."""
    if purpose not in PURPOSES:
        raise KeyError(purpose)
    return services().signer.sign(_binding(), _signing_purpose(purpose))


def token_required(purpose: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Allow only requests of the signed-in operator with a token for ``purpose`` that was made for this session."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not _is_valid(_bearer_token(), purpose):
                raise ProblemError(BAD_TOKEN)
            if not is_operator():
                raise ProblemError(SIGN_IN_FIRST)
            return view(*args, **kwargs)

        return guarded

    return decorate


def _bearer_token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and len(token) <= MAX_TOKEN else ""


def _is_valid(token: str, purpose: str) -> bool:
    read = services().signer.read(token, _signing_purpose(purpose))
    if read is None or not session:
        return False
    binding, signed_at = read
    age = services().clock() - signed_at
    return -CLOCK_SKEW_SECONDS <= age <= VALID_SECONDS and hmac.compare_digest(binding, _binding())


def _binding() -> str:
    sid: str = session.sid  # type: ignore[attr-defined]
    return hashlib.sha256(f"frontend-token:{sid}".encode()).hexdigest()


def _signing_purpose(purpose: str) -> str:
    return f"frontend-token.{purpose}"
