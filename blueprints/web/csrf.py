"""Protect every POST against forgery from other sites (CSRF).

A request that changes something needs a token that this browser received. If the browser reports the request's
origin (``Sec-Fetch-Site``, else ``Origin``), it must be this site. The token is bound to the session, so that a
page that one driver left open cannot act after another driver has connected. For visitors without a session
nothing is stored: their token is bound to a random cookie. (Flask-WTF keeps its token in the session, which
would store a session for every anonymous visitor of a form.)
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
    """The form belongs to another session, was open too long, or came from another site."""


def csrf_token() -> str:
    """Return the token for the hidden field ``csrf_token`` of a form on this page."""
    return services().signer.sign(_binding(create=True), PURPOSE)


def register_csrf(app: Flask) -> None:
    """Check every changing request of the application, and set the anonymous cookie if a page needed it."""
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
    """Return the token from the header that our scripts send, or from the form."""
    try:
        return request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    except OSError as error:
        # The server's reader raises OSError if a body is not valid chunked encoding.
        raise BadRequest from error


def _is_same_origin() -> bool:
    """Tell if the browser reports no other site as the origin of this request.

    A form on a page with "Referrer-Policy: no-referrer" is sent with "Origin: null", and so are forms of sandboxed
    pages of other sites. Only Sec-Fetch-Site tells them apart. Without it the token decides, which no other site knows.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    return request.headers.get("Origin") in {None, "null", services().settings.public_url}


def _binding(*, create: bool) -> str:
    """Return the value that a token is bound to: a digest of session or anonymous cookie; "" if there is neither."""
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
