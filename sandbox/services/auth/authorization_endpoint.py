"""Auth service: the authorization endpoint (docs general/authentication; RFC 6749 and 7636).

The steps are those that vinli-cli's ``auth authorize`` takes: a consent page with a hidden ``transaction_id`` and its
own cookie, then a decision posted to ``/oauth/authorization``. A client that was approved before gets the redirect at
once. Errors are shown as a page and never redirect, as documented.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, render_template, request
from werkzeug.datastructures import Headers

from sandbox.api.origins import is_from_our_page
from sandbox.oauth.authorization import PlainRequest, random_text
from sandbox.oauth.authorization_request import AuthorizationRefused, read_parameters, validate_request
from sandbox.oauth.registry import OAuthClient
from sandbox.oauth.sign_in_sessions import CONSENT_COOKIE, set_cookie
from sandbox.personas.magic_drivers import behaviour_of
from sandbox.services.auth.pages import error_page, foreign_form_page, sign_in_page, signed_in_driver
from sandbox.services.auth.token_endpoint import json_object
from sandbox.services.current import current_vinli
from sandbox.world.people import Driver

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

bp = Blueprint("authorize", __name__)

STRANGE_STATE_LENGTH = 43
DESCRIPTIONS = {
    "access_denied": "The driver refused",
    "server_error": "The authorization server met an unexpected condition",
}


@bp.errorhandler(AuthorizationRefused)
def show_refusal(refused: AuthorizationRefused) -> tuple[str, int]:
    """Show why an authorization request was refused. Errors never redirect (docs general/authentication)."""
    title = "This request cannot go on"
    return error_page(400, title, str(refused), refused.error, refused.facts, stays_here=True), 400


@bp.errorhandler(OAuth2Error)
def show_late_refusal(error: OAuth2Error) -> tuple[str, int]:
    """Show an error of Authlib. It occurs when the client's redirect URI changes during the request."""
    return show_refusal(AuthorizationRefused(error.error, error.get_error_description()))


@bp.get("/oauth/authorization/new")
def authorize() -> Response | str:
    """Show the sign-in page, then the consent page. Redirect at once for an approved client."""
    parameters = read_parameters(request.args)
    client = validate_request(parameters, current_vinli().oauth, request.headers)
    driver = signed_in_driver()
    if driver is None:
        return sign_in_page(request.full_path)
    vinli = current_vinli()
    if vinli.options.remember_consent and vinli.tokens.has_consent(driver.number, client.id):
        return _grant(parameters, driver)
    return _consent_page(parameters, client, driver)


@bp.post("/oauth/authorization")
def decide() -> Response | tuple[str, int]:
    """Take the driver's decision, from the consent page's form or from vinli-cli's JSON.

    The field ``cancel`` refuses. It is a guess: Vinli's other field names are those of oauth2orize, which uses it.
    """
    if not is_from_our_page(request):
        return foreign_form_page()
    vinli, fields, driver = current_vinli(), _fields(), signed_in_driver()
    transaction_id, consent = str(fields.get("transaction_id", "")), request.cookies.get(CONSENT_COOKIE)
    parameters = (
        vinli.sign_in_sessions.decide(transaction_id, driver.number, consent, "cancel" not in fields)
        if driver
        else None
    )
    if driver is None or parameters is None:
        text = "It was answered already, is too old, or was for another driver. Go back to the app and start again."
        return error_page(400, "This question is no longer open", text, "invalid_request"), 400
    client = validate_request(parameters, current_vinli().oauth, request.headers)
    decision = behaviour_of(driver.number).decision
    if decision != "as pressed":
        return _fail(decision, parameters, driver)
    if "cancel" in fields:
        return _deny(parameters, driver)
    if vinli.options.remember_consent:
        vinli.tokens.remember_consent(driver.number, client.id)
    return _grant(parameters, driver)


def _consent_page(parameters: Mapping[str, str], client: OAuthClient, driver: Driver) -> Response:
    vinli = current_vinli()
    page = render_template(
        "auth/consent.html",
        app=vinli.registry.app,
        client=client,
        driver=driver,
        cars_text=_count_in_words(len(vinli.fleet.of_driver(driver.number))),
        return_to=urlsplit(client.redirect_uri).netloc or client.redirect_uri,
        this_request=request.full_path,
        echoes_state=vinli.options.echo_state,
        transaction_id=vinli.sign_in_sessions.ask(driver.number, parameters),
    )
    response = Response(page)
    # vinli-cli needs a cookie on this page and sends it back with the session cookie.
    set_cookie(
        response,
        CONSENT_COOKIE,
        vinli.sign_in_sessions.consent_value(driver.number),
        vinli.addresses.is_secure,
    )
    return response


def _count_in_words(devices: int) -> str:
    words = {0: "the devices you add", 1: "your device", 2: "your two devices", 3: "your three devices"}
    return words.get(devices, f"your {devices} devices")


def _grant(parameters: Mapping[str, str], driver: Driver) -> Response:
    """Send the browser back with a code in the query or a token in the fragment."""
    plain = PlainRequest("POST", _with_state_as_returned(parameters, driver), request.headers)
    grant = current_vinli().oauth.get_consent_grant(plain)
    # Authlib would rewrite the redirect URI. For an empty one it returns only what to append.
    headers = dict(grant.create_authorization_response("", driver)[2])
    return _send_back(parameters["redirect_uri"], headers["Location"])


def _deny(parameters: Mapping[str, str], driver: Driver) -> Response | tuple[str, int]:
    """Redirect with access_denied (RFC 6749 sections 4.1.2.1 and 4.2.2.1), or show a page. Vinli documents neither."""
    if current_vinli().options.denial == "body":
        text = "You refused, so nothing was shared. You can close this page."
        return error_page(403, "Not connected", text, "access_denied"), 403
    return _send_error_back("access_denied", parameters, driver)


def _fail(error: str, parameters: Mapping[str, str], driver: Driver) -> Response:
    """End a correct request with an error: by redirect, or with the page that wrong requests get."""
    if error == "error page":
        text = "For this magic driver every request ends with this page, even a correct one."
        raise AuthorizationRefused("invalid_request", text, [("Driver", driver.email)])
    return _send_error_back(error, parameters, driver)


def _send_error_back(error: str, parameters: Mapping[str, str], driver: Driver) -> Response:
    answer = {"error": error, "error_description": DESCRIPTIONS[error]}
    state = _with_state_as_returned(parameters, driver).get("state")
    mark = "?" if parameters["response_type"] == "code" else "#"
    appendix = mark + urlencode(answer | ({"state": state} if state else {}))
    return _send_back(parameters["redirect_uri"], appendix)


class VerbatimRedirect(Response):
    """A redirect whose Location is sent as it is.

    Werkzeug would change ``myApp://?code=x`` to ``myapp:?code=x``, but a mobile app expects the URI that it registered.
    """

    def __init__(self, location: str) -> None:
        super().__init__(status=302)
        self._location = location

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:
        headers = super().get_wsgi_headers(environ)
        headers["Location"] = self._location
        return headers


def _send_back(redirect_uri: str, appendix: str) -> Response:
    """Redirect to the registered URI with ``?...`` or ``#...`` appended. Its own query stays as it is."""
    if appendix.startswith("?") and "?" in redirect_uri:
        appendix = "&" + appendix[1:]
    return VerbatimRedirect(redirect_uri + appendix)


def _with_state_as_returned(parameters: Mapping[str, str], driver: Driver) -> dict[str, str]:
    """Return the parameters with the state to send back: the one that was sent, another one, or none."""
    fate = behaviour_of(driver.number).state
    if fate == "changed":
        return {**parameters, "state": random_text(STRANGE_STATE_LENGTH)}
    keeps = current_vinli().options.echo_state and fate != "left out"
    return {name: value for name, value in parameters.items() if keeps or name != "state"}


def _fields() -> Mapping[str, object]:
    return json_object() if request.mimetype == "application/json" else request.form.to_dict()
