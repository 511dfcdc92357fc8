"""The connected driver of the current browser, kept in the session."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import session

from blueprints.web.services import services
from providers.http.auth import BearerAuth
from providers.vinli.auth import TokenResponse, User


@dataclass(frozen=True)
class Driver:
    """The connected driver. ``connected_since`` is an aware UTC datetime. The browser never gets the token."""

    user_id: str
    name: str
    email: str
    connected_since: datetime
    access_token: str = field(repr=False)

    @property
    def auth(self) -> BearerAuth:
        """Return the auth object that adds the driver's token to a request."""
        return BearerAuth(self.access_token)


def current_driver() -> Driver | None:
    """Return the connected driver; None if nobody is connected or the token has expired."""
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
    """Start a new session for a driver: with a new id and without data of an earlier driver; the old one ends.

    The new session keeps the operator's sign-in. Raises StoreUnavailable if the session cannot be stored.
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
    # A driver stays connected after the browser is closed. An operator without a driver does not stay signed in.
    session.permanent = True
    renew_session()


def forget_expired_driver() -> bool:
    """Delete a driver whose token has expired; return False if there is none."""
    if "driver" not in session or current_driver() is not None:
        return False
    forget_driver()
    return True


def forget_driver() -> None:
    """Delete the driver's tokens and data. The session ends too, unless an operator is signed in."""
    session.pop("driver", None)
    session.pop("_permanent", None)
    end_or_renew_session()


def renew_session() -> None:
    """Store the session under a new id. The old id is invalid at once. Raises StoreUnavailable."""
    interface = services().sessions
    interface.regenerate(session)  # type: ignore[arg-type]
    interface.commit(session)  # type: ignore[arg-type]


def end_or_renew_session() -> None:
    """End the session, or renew it if it still holds a sign-in. Raises StoreUnavailable."""
    if session:
        renew_session()
    else:
        services().sessions.destroy(session)  # type: ignore[arg-type]
