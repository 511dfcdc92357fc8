"""The Developer Portal's API, as vinli-cli calls it: the catalogue of parameters, accounts, apps (vinli-cli lib).

The sandbox has one app. Whoever has signed in as a driver sees it; accounts of developers can be made, and stay
unverified, because no mail is sent.
"""

import json

from flask import Blueprint, Response, jsonify

from sandbox.api.dates import iso
from sandbox.api.errors import ApiError
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
    """Return the sandbox's app with its secret, as Vinli does. It takes the session cookie of a driver."""
    _signed_in()
    vinli = current_vinli()
    app, at = vinli.registry.app, iso(NEWEST_MS)
    return jsonify(
        apps=[
            {
                "id": app.id,
                "name": app.name,
                "description": "The app of the sandbox",
                "secret": app.secret,
                "icon": None,
                "type": "consumer",
                "status": "dev",
                "isDeleted": False,
                "createdAt": at,
                "updatedAt": at,
            }
        ]
    )


@bp.post("/api/v1/apps")
def create_app() -> Response:
    """Refuse a second app: 403. The sandbox would know none of its devices."""
    _signed_in()
    raise ApiError(403, "The sandbox has one app; use it")


def _signed_in() -> None:
    refuse_other_sites()
    if signed_in_driver() is None:
        raise ApiError(401, "Sign in first: POST /api/v1/sessions")
