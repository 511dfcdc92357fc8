"""Protection of every POST against forgery from other sites.

A request that changes something needs a token that this browser was given, and must not come from a page of
another site as far as the browser says (``Sec-Fetch-Site``, else ``Origin``). The token is bound to the
session, so that a page left open by one driver cannot act once another has connected. Visitors without a
session have nothing stored for them: their token is bound to a random cookie instead. (Flask-WTF keeps its
token in the session, which would store one for every anonymous visitor of a form.)
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from flask import Flask, Response, g, request, session
from werkzeug.exceptions import BadRequest

from blueprints.web.cookies import cookie_name, set_cookie
from blueprints.web.policies import current_policy
from blueprints.web.services import services

PURPOSE = "csrf"
VALID_SECONDS = 12 * 3600
CHANGING_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class StaleForm(Exception):
    """The form was made for another session, has been open too long, or came from another site."""


def csrf_token() -> str:
    """Return the token for the hidden field ``csrf_token`` of a form on this page."""
    return services().signer.sign(_binding(create=True), PURPOSE)


def register_csrf(app: Flask) -> None:
    """Check every changing request of the application, and hand the anonymous cookie out where it was needed."""
    app.before_request(_check)
    app.after_request(_give_anonymous_cookie)
    app.add_template_global(csrf_token)


def _check() -> None:
    if request.method not in CHANGING_METHODS or request.endpoint is None or current_policy().no_csrf_because:
        return
    if not _is_same_origin():
        raise StaleForm
    read = services().signer.read(_given_token(), PURPOSE)
    binding = _binding(create=False)
    if read is None or not binding or not hmac.compare_digest(read[0], binding):
        raise StaleForm
    if services().clock() - read[1] > VALID_SECONDS:
        raise StaleForm


def _given_token() -> str:
    """Return the token of the form, or the one that a script of ours sends in a header."""
    try:
        return request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    except OSError as error:
        # The server's reader gives up on a body that is not chunked as it says.
        raise BadRequest from error


def _is_same_origin() -> bool:
    # A page with "Referrer-Policy: no-referrer" posts with "Origin: null", so Sec-Fetch-Site is asked first.
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return origin is None or origin == services().settings.public_url


def _binding(*, create: bool) -> str:
    """Return what a token is bound to: the session, or the anonymous cookie; empty when there is neither."""
    if session:
        return _digest("session", session.sid)  # type: ignore[attr-defined]
    cookie = request.cookies.get(cookie_name("csrf"), "") or g.get("anonymous_csrf", "")
    if not cookie and create:
        cookie = g.anonymous_csrf = secrets.token_urlsafe(24)
    return _digest("anonymous", cookie) if cookie else ""


def _digest(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()


def _give_anonymous_cookie(response: Response) -> Response:
    if value := g.get("anonymous_csrf"):
        set_cookie(response, "csrf", value, max_age=VALID_SECONDS)
    return response
