"""Who is using the site: the connected driver and the signed-in operator, both in the session."""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import abort, redirect, session, url_for

from blueprints.web.services import services
from providers.auth import BasicAuth, BearerAuth
from providers.vinli.auth import TokenResponse
from providers.vinli.models import User

P = ParamSpec("P")
R = TypeVar("R")

OPERATOR_SECONDS = 12 * 3600
MAX_NEXT_LENGTH = 512


@dataclass(frozen=True)
class Driver:
    """The driver whose browser this is. ``connected_since`` is aware UTC; the token never leaves the server."""

    user_id: str
    name: str
    email: str
    connected_since: datetime
    access_token: str = field(repr=False)

    @property
    def auth(self) -> BearerAuth:
        """What applies the driver's own token to a request."""
        return BearerAuth(self.access_token)


def current_driver() -> Driver | None:
    """Return the connected driver; None for everybody else and once the token has expired."""
    record = session.get("driver")
    if not isinstance(record, dict):
        return None
    expires_at = record.get("token_expires_at")
    if expires_at is not None and expires_at <= services().clock():
        return None
    return Driver(
        user_id=record["user_id"],
        name=record["name"],
        email=record["email"],
        connected_since=datetime.fromtimestamp(record["connected_at"], UTC),
        access_token=record["access_token"],
    )


def connect_driver(user: User, token: TokenResponse) -> None:
    """Begin a fresh session for a driver: new id, the old session dead, nothing of an earlier driver left.

    The operator's sign-in of the same browser is carried over. Raises StoreUnavailable if it cannot be stored.
    """
    now = services().clock()
    operator = session.get("operator")
    session.clear()
    session["driver"] = {
        "user_id": user.id,
        "name": " ".join(part for part in (user.first_name, user.last_name) if part) or user.email,
        "email": user.email,
        "connected_at": now,
        "access_token": token.access_token,
        "token_expires_at": now + token.expires_in if token.expires_in is not None else None,
    }
    if operator is not None:
        session["operator"] = operator
    _renew_session()


def forget_expired_driver() -> bool:
    """Drop a driver whose token has run out; False when there is none to drop."""
    if "driver" not in session or current_driver() is not None:
        return False
    forget_driver()
    return True


def forget_driver() -> None:
    """Drop the driver's tokens and data; the session ends with them unless an operator is signed in."""
    session.pop("driver", None)
    _end_or_renew_session()


def operator_enabled() -> bool:
    """Whether this installation has operator pages at all."""
    return services().settings.operator_password is not None


def is_operator() -> bool:
    """Whether an operator has signed in here, with the password of today, not too long ago."""
    record = session.get("operator")
    if not operator_enabled() or not isinstance(record, dict):
        return False
    is_fresh = bool(services().clock() - record["since"] < OPERATOR_SECONDS)
    return is_fresh and hmac.compare_digest(record["password_mark"], _password_mark())


def sign_in_operator() -> None:
    """Give this browser's session the operator's rights, under a new session id."""
    session["operator"] = {"since": services().clock(), "password_mark": _password_mark()}
    _renew_session()


def sign_out_operator() -> None:
    """Take the operator's rights from this browser's session."""
    session.pop("operator", None)
    _end_or_renew_session()


def password_is_right(given: str) -> bool:
    """Compare with the operator's password in constant time, whatever the lengths."""
    expected = services().settings.operator_password or ""
    digests = [hashlib.sha256(text.encode()).digest() for text in (given, expected)]
    return hmac.compare_digest(*digests) and bool(expected)


def operator_required(view: Callable[P, R]) -> Callable[P, R]:
    """Let only a signed-in operator in; without a configured password the page does not exist."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
        if not operator_enabled():
            abort(404)
        if not is_operator():
            return redirect(url_for("operator.sign_in"))
        return view(*args, **kwargs)

    return guarded


def app_auth() -> BasicAuth:
    """Return what authenticates the app client; it sees every driver's devices, so only operators get here."""
    settings = services().settings
    return BasicAuth(settings.vinli_app_id, settings.vinli_app_secret)


def local_path(text: str | None, default: str) -> str:
    """Return ``text`` if it is a path of this site, else ``default``. The only door for ``next`` values.

    Browsers drop tabs and line breaks and read a backslash as a slash (WHATWG URL), so all of these are
    refused, as is anything that could name another host.
    """
    if not text or len(text) > MAX_NEXT_LENGTH or not text.startswith("/") or text.startswith("//"):
        return default
    if "\\" in text or any(ord(character) <= 0x20 or ord(character) == 0x7F for character in text):
        return default
    try:
        parts = urlsplit(text)
    except ValueError:
        return default
    is_loop = parts.path == "/connect" or parts.path.startswith("/connect/")
    return default if parts.scheme or parts.netloc or is_loop else text


def _password_mark() -> str:
    """Bind a sign-in to the password it was made with, so that changing the password ends it."""
    settings = services().settings
    message = f"operator:{settings.operator_password}".encode()
    return hmac.new(settings.secret_key.encode(), message, hashlib.sha256).hexdigest()


def _renew_session() -> None:
    interface = services().sessions
    interface.regenerate(session)  # type: ignore[arg-type]
    interface.commit(session)  # type: ignore[arg-type]


def _end_or_renew_session() -> None:
    if session:
        _renew_session()
    else:
        services().sessions.destroy(session)  # type: ignore[arg-type]
