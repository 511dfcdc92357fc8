"""The connected driver of the current browser, kept in the session."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from flask import session

from blueprints.web.services import services
from domain.drivers.tokens import DriverTokenSource
from providers.tokens.auth import TokenAuth
from providers.vinli.oauth.auth import TokenResponse, User


@dataclass(frozen=True)
class Driver:
    """The connected driver. ``connected_since`` is an aware UTC datetime. The browser never gets the token."""

    user_id: str
    name: str
    email: str | None
    connected_since: datetime
    grant_id: str = field(repr=False)

    @cached_property
    def auth(self) -> TokenAuth:
        """Return the auth object that adds the driver's token to a request, and renews it if need be."""
        return TokenAuth(DriverTokenSource(services().driver_tokens, self.grant_id))


def current_driver() -> Driver | None:
    """Return the connected driver; None if nobody is connected or the connection has ended."""
    record = session.get("driver")
    if not isinstance(record, dict) or "grant_id" not in record:
        return None
    ends_at = record.get("ends_at")
    if ends_at is not None and ends_at <= services().clock():
        return None
    return Driver(
        user_id=record["user_id"],
        name=record["name"],
        email=record["email"],
        connected_since=datetime.fromtimestamp(record["connected_at"], UTC),
        grant_id=record["grant_id"],
    )


def connect_driver(user: User, token: TokenResponse) -> None:
    """Start a new session for a driver: with a new id and without data of an earlier driver; the old one ends.

    The new session keeps the operator's sign-in. Raises StoreUnavailable if the session cannot be stored.
    """
    now = services().clock()
    operator, before = session.get("operator"), session.get("driver")
    # A token that cannot be renewed ends the connection with it.
    can_end = token.expires_in is not None and token.refresh_token is None
    grant_id = services().driver_tokens.begin(user.id, token)
    session.clear()
    session["driver"] = {
        "user_id": user.id,
        "name": user.name,
        "email": user.email,
        "connected_at": now,
        "grant_id": grant_id,
        "ends_at": now + (token.expires_in or 0) if can_end else None,
    }
    if operator is not None:
        session["operator"] = operator
    # A driver stays connected after the browser is closed. An operator without a driver does not stay signed in.
    session.permanent = True
    renew_session()
    _end_grant(before)


def forget_expired_driver() -> bool:
    """Delete a driver whose connection has ended by itself; return False if there is none."""
    if "driver" not in session or current_driver() is not None:
        return False
    forget_driver()
    return True


def forget_driver() -> None:
    """Delete the driver's tokens and data. The session ends too, unless an operator is signed in."""
    record = session.pop("driver", None)
    session.pop("_permanent", None)
    end_or_renew_session()
    _end_grant(record)


def end_session(session_id: str) -> None:
    """End another session of this browser, and delete the tokens of its driver. Raises StoreUnavailable."""
    values = services().sessions.end(session_id)
    _end_grant(values.get("driver"))


def _end_grant(record: Any) -> None:
    """Delete the tokens of a driver's record in a session."""
    if isinstance(record, dict) and "grant_id" in record:
        services().driver_tokens.end(record["grant_id"])


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
