"""Auth service: the calls of programs. None is documented; each follows the client that makes it."""

import json

from flask import Blueprint, Response, jsonify, request

from sandbox.api.dates import iso
from sandbox.api.errors import ApiError
from sandbox.api.origins import is_from_our_page
from sandbox.oauth.sign_in_sessions import SESSION_COOKIE, set_cookie
from sandbox.services.auth.pages import signed_in_driver
from sandbox.services.callers import app_caller, driver_of_token
from sandbox.services.current import current_vinli
from sandbox.world.fleet import CASE_ID, FleetFull
from sandbox.world.people import Driver
from sandbox.world.special_accounts import FIRST_SPECIAL_NUMBER

bp = Blueprint("auth", __name__)

ACCOUNTS_CREATED_MS = 1_700_000_000_000  # 2023-11-14T22:13:20Z


@bp.get("/api/v1/users/_current")
@bp.get("/user")
def current_user() -> Response:
    """Return the driver of a token, in the shape that android-net-v2 and ios-net read.

    The token comes as Bearer (vinli_tornado_auth, mobile SDKs) or ``?access_token=`` (vinli-node lib/user.js).
    ``/user`` is what old releases of the Node SDK called.
    """
    return jsonify(user=_user_json(driver_of_token()))


@bp.get("/user/devices")
def user_devices() -> Response:
    """Return the driver's devices, without paging (vinli-node lib/user.js)."""
    devices = current_vinli().fleet.of_driver(driver_of_token().number)
    return jsonify(devices=[{"id": device.id, "name": device.name, "icon": None} for device in devices])


@bp.get("/api/v1/clients")
def clients() -> Response:
    """Return the app's OAuth clients, with no secret (vinli-cli vinli-auth-authorize)."""
    found = () if app_caller().is_empty else current_vinli().registry.clients
    return jsonify(
        clients=[
            {"id": client.id, "type": client.type, "data": {"redirectUri": client.redirect_uri}}
            for client in found
        ]
    )


def create_session() -> Response:
    """Sign a driver in and set the session cookie. No other cookie is set, since vinli-cli reads only the first.

    ``sandbox.shared_paths`` has the route.
    """
    refuse_other_sites()
    credentials = _session_of(request.get_data())
    driver = current_vinli().people.sign_in(*credentials)
    if driver is None and current_vinli().developers.knows(credentials[0]):
        raise ApiError(403, "The account was not verified: the sandbox sends no mail")
    if driver is None:
        raise ApiError(401, "Invalid e-mail or password")
    response = jsonify(session={"userId": driver.id})
    response.status_code = 201
    vinli = current_vinli()
    set_cookie(
        response, SESSION_COOKIE, vinli.sign_in_sessions.sign_in(driver.number), vinli.addresses.is_secure
    )
    return response


def add_device() -> Response:
    """Add a device to the signed-in driver's account by its case number (vinli-cli auth add-device).

    ``sandbox.shared_paths`` has the route.
    """
    refuse_other_sites()
    driver = signed_in_driver()
    if driver is None:
        raise ApiError(401, "Sign in first")
    case_id = request.form.get("device[caseId]", "").strip().upper()
    name = request.form.get("device[name]", "").strip()[:100] or None
    if not CASE_ID.fullmatch(case_id):
        raise ApiError(400, '"device[caseId]" is the number on the case, such as VNL999')
    fleet = current_vinli().fleet
    try:
        device = fleet.add(fleet.id_for_case(case_id), name, driver.number)
    except FleetFull:
        raise ApiError(409, "The sandbox keeps no more devices") from None
    response = jsonify(device={"id": device.id, "name": device.name})
    response.status_code = 201
    return response


def refuse_other_sites() -> None:
    """Raise ApiError 403 for a page of another site, which could sign a driver in or use their session."""
    if not is_from_our_page(request):
        raise ApiError(403, "Not from a page of another site")


def _session_of(body: bytes) -> tuple[str, str]:
    try:
        session = json.loads(body)["session"]
        email, password = session["email"], session["password"]
    except (ValueError, KeyError, TypeError, RecursionError):
        email = password = None
    if not isinstance(email, str) or not isinstance(password, str):
        raise ApiError(400, 'Send {"session": {"email": ..., "password": ...}}')
    return email, password


def _user_json(driver: Driver) -> dict[str, object]:
    # Magic drivers have high numbers; the remainder gives their accounts the same age as others.
    created = iso(ACCOUNTS_CREATED_MS + driver.number % FIRST_SPECIAL_NUMBER * 3_600_000)
    return {
        "id": driver.id,
        "firstName": driver.first_name,
        "lastName": driver.last_name,
        "email": driver.email,
        "phone": driver.phone,
        "image": None,
        "createdAt": created,
        "updatedAt": created,
        "settings": {"unit": "imperial", "locale": "en-US", "country": "US"},
    }
