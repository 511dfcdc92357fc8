"""The Developer Portal's API, as vinli-cli calls it: the catalogue of parameters, accounts, apps (vinli-cli lib).

Whoever has signed in as a driver sees the sandbox's app, and can make more of them, which have no devices. Accounts of
developers can be made, and stay unverified, because no mail is sent.
"""

import json

from flask import Blueprint, Response, jsonify, request

from sandbox.api.dates import iso
from sandbox.api.errors import ApiError
from sandbox.oauth.registry import App, TooManyApps
from sandbox.services.auth.accounts import refuse_other_sites
from sandbox.services.auth.pages import signed_in_driver
from sandbox.services.current import current_vinli
from sandbox.services.sources import json_item
from sandbox.services.subjects import body_of_request, text_in
from sandbox.world.developers import Taken
from sandbox.world.devices import NEWEST_MS
from sandbox.world.parameters import PARAMETERS

bp = Blueprint("developer_portal", __name__)

LONGEST = 200
STATUSES = ("dev", "prod")
TYPES = ("consumer", "admin", "enterprise")


@bp.get("/parameters.json")
def show_parameters() -> Response:
    """Return the catalogue of telemetry parameters (docs telemetry-services/pids). Nobody has to sign in."""
    return Response(json.dumps(PARAMETERS, indent=1), mimetype="application/json")


@bp.post("/api/v1/users")
def sign_up() -> Response:
    """Make a developer's account. The docs do not show the answer; 409 for one that exists is a guess."""
    body = body_of_request("user")
    names = {name: text_in(body, name, LONGEST) for name in ("firstName", "lastName", "email")}
    text_in(body, "password", LONGEST)
    try:
        current_vinli().developers.sign_up(names["email"])
    except Taken:
        raise ApiError(409, "There is an account with this e-mail address") from None
    return json_item("user", {"id": current_vinli().seed.uuid(f"developer {names['email']}"), **names}, 201)


@bp.get("/api/v1/apps")
def list_apps() -> Response:
    """Return the apps with their secrets, as Vinli does. It takes the session cookie of a driver."""
    _signed_in()
    return jsonify(apps=[_app(app) for app in current_vinli().registry.apps])


@bp.post("/api/v1/apps")
def create_app() -> Response:
    """Make an app from a form (vinli-cli). It has neither devices nor OAuth clients: those are the first app's.

    The docs show neither the status nor what is checked. Here it is 201, and 409 after MOST_APPS apps.
    """
    _signed_in()
    vinli = current_vinli()
    name, description = _field("name", needed=True), _field("description")
    status, kind = _one_of("status", STATUSES), _one_of("type", TYPES)
    try:
        made = vinli.registry.add_app(name, description, kind, status, vinli.clock.now_ms())
    except TooManyApps:
        raise ApiError(409, "The sandbox keeps no more apps") from None
    return json_item("app", _app(made), 201)


def _app(app: App) -> dict[str, object]:
    at = iso(app.created_ms or NEWEST_MS)
    return {
        "id": app.id,
        "name": app.name,
        "description": app.description,
        "secret": app.secret,
        "icon": None,
        "type": app.type,
        "status": app.status,
        "isDeleted": False,
        "createdAt": at,
        "updatedAt": at,
    }


def _field(name: str, *, needed: bool = False) -> str:
    value = request.form.get(f"app[{name}]", "").strip()
    if len(value) > LONGEST or (needed and not value):
        raise ApiError(400, f'"app[{name}]" must be a text of at most {LONGEST} characters')
    return value


def _one_of(name: str, choices: tuple[str, ...]) -> str:
    """Return a field that is one of some words. The first one is taken if it is left out, as vinli-cli may do."""
    value = _field(name) or choices[0]
    if value not in choices:
        raise ApiError(400, f'"app[{name}]" must be one of {", ".join(choices)}')
    return value


def _signed_in() -> None:
    refuse_other_sites()
    if signed_in_driver() is None:
        raise ApiError(401, "Sign in first: POST /api/v1/sessions")
