"""The one-click operator link: signed, valid once, for a day, until the password changes."""

from __future__ import annotations

import secrets
from hashlib import sha256

from blueprints.web.operators import password_marks
from blueprints.web.services import services

PURPOSE = "operator-link"
SIGN_IN_PATH = "/operator"
VALID_SECONDS = 24 * 3600


def make_link() -> str:
    """Return a new link that signs an operator in."""
    link = services().signer.sign(secrets.token_urlsafe(24), _purpose(password_marks()[0]))
    return f"{services().settings.public_url}{SIGN_IN_PATH}?link={link}"


def is_good(link: str) -> bool:
    """Tell if a link would sign in now, without using it up. Raises StoreUnavailable."""
    mark = _mark_of(link)
    return mark is not None and services().store.get(mark) is None


def redeem(link: str) -> bool:
    """Mark a link as used; return False if it is not ours, too old or used before. Raises StoreUnavailable."""
    mark = _mark_of(link)
    return mark is not None and services().store.add(mark, b"used", VALID_SECONDS)


def _mark_of(link: str) -> str | None:
    """Return the store's key for the use of a link; None if it is not ours or too old."""
    readings = (services().signer.read(link, _purpose(mark)) for mark in password_marks())
    read = next(filter(None, readings), None)
    if read is None or services().clock() - read[1] > VALID_SECONDS:
        return None
    return "operator-link:" + sha256(read[0].encode()).hexdigest()


def _purpose(password_mark: str) -> str:
    return f"{PURPOSE}.{password_mark}"
