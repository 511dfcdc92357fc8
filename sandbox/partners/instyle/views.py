"""instyle.ai: images in three roles (seed 004, instyle.ai "Notes for Superusers").

The document shows no errors. Those here look like the errors of Amazon API Gateway, which such an API uses:
``{"message": ...}`` with 403 for the key and 401 for the token.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from sandbox.partners.current import current_partners
from sandbox.partners.instyle.cognito import OPENID, role_of
from sandbox.partners.instyle.pictures import SEEDED, TooManyImages, draw
from sandbox.partners.jwts import BadToken, Expired
from sandbox.partners.responses import RequestRefused, json_response, json_value

bp = Blueprint("instyle", __name__, url_prefix="/instyle")

LONGEST_URL = 2048
LARGEST_ID = 2**53 - 1


@dataclass(frozen=True)
class Caller:
    """Who calls: the role (``service``, ``admin`` or ``superuser``), and the customer whose data is meant."""

    role: str
    customer: str


@bp.get("/images")
def list_images() -> Response:
    """Return the customer's images. The document shows no response; a list as POST takes it is a guess."""
    return json_response(_as_json(current_partners().pictures.of(_caller().customer)))


@bp.post("/images")
def add_images() -> Response:
    """Add images by URL: a list of ``{"id": 1, "file": {"url": ...}}``, as in the document. Not for the service role.

    Two guesses: the response is 200 with the list, and an image with an existing id is replaced. The call in the
    document names no content type, so any is accepted.
    """
    caller = _caller()
    if caller.role == "service":
        raise _refusal(403, "The service role is read only")
    images = _images()
    try:
        current_partners().pictures.put(caller.customer, images)
    except TooManyImages:
        raise _refusal(413, "More images than the sandbox keeps") from None
    return json_response(_as_json(images))


@bp.get("/pictures/<int:number>.png")
def show_picture(number: int) -> Response:
    """Return the picture of one of the first images. No key is needed, as for those in the document's example."""
    if not 1 <= number <= SEEDED:
        raise NotFound
    return Response(draw(number), mimetype="image/png", headers={"Cache-Control": "public, max-age=3600"})


def _caller() -> Caller:
    """Return the caller, from the three headers in the document's section "Roles".

    Raises RequestRefused: 403 for a missing or unknown key, 401 for a missing, wrong or expired Authorization header,
    403 for a token whose user has another role than the key.
    """
    role = _role_of_key()
    authorization = request.headers.get("Authorization", "")
    if authorization == "None" and role == "admin":
        role = "service"
    elif role_of(_username(authorization)) != role:
        raise _refusal(403, "The user and the API key belong to different roles")
    return Caller(role, _customer(role))


def _role_of_key() -> str:
    credentials, key = current_partners().credentials, request.headers.get("x-api-key", "")
    if credentials.matches("INSTYLE_API_KEY", key):
        return "admin"
    if credentials.matches("INSTYLE_SUPERUSER_API_KEY", key):
        return "superuser"
    raise _refusal(403, "Forbidden")


def _username(authorization: str) -> str:
    """Return the user of an id token without scheme, or of an access token after ``Bearer`` with the scope openid."""
    scheme, _, token = authorization.rpartition(" ")
    partners = current_partners()
    try:
        claims = partners.jwts.claims("instyle", token)
    except Expired:
        raise _refusal(401, "The incoming token has expired") from None
    except BadToken:
        raise _refusal(401, "Unauthorized") from None
    client_id = partners.credentials["INSTYLE_CLIENT_ID"]
    way = (scheme.lower(), claims["token_use"])
    if way == ("", "id") and claims["aud"] == client_id:
        return str(claims["cognito:username"])
    if way == ("bearer", "access") and claims["client_id"] == client_id and OPENID in claims["scope"].split():
        return str(claims["username"])
    raise _refusal(401, "Unauthorized")


def _customer(role: str) -> str:
    selected = request.headers.get("x-selected-customer")
    if role != "superuser":
        if selected is not None:
            raise _refusal(403, "Only a superuser selects a customer")
        return current_partners().credentials["INSTYLE_CUSTOMER"]
    if not selected:
        raise _refusal(400, "x-selected-customer is missing")
    if not current_partners().pictures.has_customer(selected):
        raise _refusal(404, "No such customer")
    return selected


def _images() -> list[tuple[int, str]]:
    try:
        value = json_value()
    except ValueError:
        value = None
    if not isinstance(value, list) or not value:
        raise _refusal(400, "Send a JSON list of images")
    return [_image(entry) for entry in value]


def _image(entry: Any) -> tuple[int, str]:
    number = entry.get("id") if isinstance(entry, dict) else None
    file = entry.get("file") if isinstance(entry, dict) else None
    url = file.get("url") if isinstance(file, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= LARGEST_ID:
        raise _refusal(400, "id is not a whole number")
    if not isinstance(url, str) or not _is_web_address(url):
        raise _refusal(400, "file.url is not an http or https address")
    return number, url


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return len(url) <= LONGEST_URL and parts.scheme in ("http", "https") and bool(parts.netloc)


def _as_json(images: list[tuple[int, str]]) -> list[dict[str, object]]:
    return [{"id": number, "file": {"url": url}} for number, url in images]


def _refusal(status: int, message: str) -> RequestRefused:
    return RequestRefused(json_response({"message": message}, status))
