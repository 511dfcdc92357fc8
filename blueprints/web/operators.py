"""The operator, who may see the devices of all drivers. The session keeps the sign-in."""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from flask import render_template, request, session
from werkzeug.wrappers import Response

from blueprints.web.cookies import cookie_name, set_cookie
from blueprints.web.identity import end_or_renew_session, renew_session
from blueprints.web.services import services
from providers.http.auth import BasicAuth

P = ParamSpec("P")
R = TypeVar("R")

VALID_SECONDS = 12 * 3600
# For so long a browser in which the operator signed in is known. It gives no rights, only a place in the queue.
KNOWN_SECONDS = 90 * 86400
_KNOWN = "operator_browser"


def operator_enabled() -> bool:
    """Tell if this installation has operator pages."""
    return services().settings.operator_password is not None


def is_operator() -> bool:
    """Tell if an operator signed in with the current password in this session in the last twelve hours."""
    record = session.get("operator")
    if not operator_enabled() or not isinstance(record, dict):
        return False
    is_fresh = bool(services().clock() - record["since"] < VALID_SECONDS)
    return is_fresh and any(hmac.compare_digest(record["password_mark"], mark) for mark in password_marks())


def sign_in_operator() -> None:
    """Give this browser's session the operator's rights, under a new session id."""
    session["operator"] = {"since": services().clock(), "password_mark": password_marks()[0]}
    renew_session()


def sign_out_operator() -> None:
    """Remove the operator's rights from this browser's session."""
    session.pop("operator", None)
    end_or_renew_session()


def is_known_browser() -> bool:
    """Tell if the operator signed in with this browser before."""
    found = services().signer.read(request.cookies.get(cookie_name(_KNOWN), ""), _KNOWN)
    return found is not None and services().clock() - found[1] < KNOWN_SECONDS


def remember_browser(response: Response) -> None:
    """Let :func:`is_known_browser` know this browser from now on."""
    set_cookie(response, _KNOWN, services().signer.sign("known", _KNOWN), max_age=KNOWN_SECONDS)


def password_is_right(given: str) -> bool:
    """Compare with the operator's password in constant time, for any length."""
    expected = services().settings.operator_password or ""
    digests = [hashlib.sha256(text.encode()).digest() for text in (given, expected)]
    return hmac.compare_digest(*digests) and bool(expected)


def operator_required(view: Callable[P, R]) -> Callable[P, R]:
    """Allow only a signed-in operator. Anybody else gets the sign-in form with status 401."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
        if not is_operator():
            # Pass on only the path: a query may hold a code, which must not be in a form.
            next_path = request.path if request.method == "GET" else None
            return render_template("operator/sign_in.html", error=None, next=next_path), 401
        return view(*args, **kwargs)

    return guarded


def app_auth() -> BasicAuth:
    """Return the auth object of the app client. It sees all drivers' devices: use it only for signed-in operators."""
    return services().app_auth


def password_marks() -> list[str]:
    """Return the marks that bind a sign-in to the current password. A new password ends all sign-ins.

    There is one mark for each key, the newest first, so that a new SECRET_KEY signs nobody out.
    """
    settings = services().settings
    message = f"operator:{settings.operator_password}".encode()
    keys = (settings.secret_key, *settings.secret_key_fallbacks)
    return [hmac.new(key.encode(), message, hashlib.sha256).hexdigest() for key in keys]
