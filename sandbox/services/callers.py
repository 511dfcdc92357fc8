"""Who calls a resource service: the app with Basic, or a driver's access token with Bearer.

Every service accepts both; vinli-node sends one or the other. With Basic the caller sees the devices of all of the
app's drivers, with Bearer those of one driver (docs general/authentication, platform-services/device-service).
"""

from dataclasses import dataclass

from flask import g, request

from sandbox.api.errors import ApiError
from sandbox.oauth.tokens import Token
from sandbox.personas.magic_drivers import behaviour_of
from sandbox.services.current import current_vinli
from sandbox.world.devices import Device
from sandbox.world.people import Driver

REALM = 'realm="Vinli sandbox"'


@dataclass(frozen=True)
class Caller:
    """The caller of a request: ``driver`` is a driver's number, None for an app.

    ``is_empty`` tells that it is an app which was made at run time: it has no devices and no clients.
    """

    driver: int | None
    is_empty: bool = False

    def may_see(self, device: Device) -> bool:
        """Tell whether the caller may see a device: a driver their own, the app all but private ones."""
        if self.is_empty:
            return False
        return not device.is_private if self.driver is None else device.owner == self.driver


def authenticated_caller() -> Caller:
    """Return the caller of the current request, and keep it in ``g.caller`` for the record of transactions.

    Raises ApiError 401 with a challenge (RFC 7235 section 3.1, RFC 6750 section 3) when the credentials are missing or
    wrong.
    """
    authorization = request.authorization
    scheme = authorization.type if authorization else ""
    if scheme == "basic":
        g.caller = _app_caller()
    elif scheme == "bearer":
        g.caller = Caller(token_of_request().driver)
    else:
        raise ApiError(
            401,
            "Authenticate with the app's credentials or an access token",
            f"Basic {REALM}, Bearer {REALM}",
        )
    return g.caller  # type: ignore[no-any-return]


def app_caller() -> Caller:
    """Return the app as caller; raises ApiError 401 without valid credentials, 403 for a driver's token."""
    caller = authenticated_caller()
    if caller.driver is not None:
        raise ApiError(403, "Only the app itself may do this, with its App ID and App Secret")
    return caller


def first_app_caller() -> Caller:
    """Return the app of the sandbox's devices as caller; raises ApiError 403 for another app, and as ``app_caller``."""
    caller = app_caller()
    if caller.is_empty:
        raise ApiError(403, "The sandbox's devices belong to the app that it names at its start")
    return caller


def token_of_request(in_query: bool = False) -> Token:
    """Return the valid access token of the current request.

    ``in_query`` also takes it from ``?access_token=``, as vinli-node's lib/client.js sends it to the auth service.
    Raises ApiError 401 for a missing or invalid token, and 500 for a path in the driver's ``broken_paths``.
    """
    authorization = request.authorization
    value = authorization.token if authorization and authorization.type == "bearer" else None
    if value is None and in_query:
        value = request.args.get("access_token")
    return _valid_token(value)


def _valid_token(value: str | None) -> Token:
    if not value:
        raise ApiError(401, "Send an access token", f"Bearer {REALM}")
    token = current_vinli().tokens.find(value)
    if token is None or behaviour_of(token.driver).refuses_token:
        message = "The access token is unknown, expired or revoked"
        raise ApiError(401, message, f'Bearer {REALM}, error="invalid_token", error_description="{message}"')
    if request.path in behaviour_of(token.driver).broken_paths:
        raise ApiError(500, "An internal server error occurred")
    return token


def stream_caller() -> tuple[Caller, Token | None]:
    """Return who opens a stream, with the access token if there is one; raises ApiError 401.

    vinli-cli sends the app's credentials, the mobile SDKs send an access token as ``?token=``.
    """
    if request.authorization:
        caller = authenticated_caller()
        return caller, None if caller.driver is None else token_of_request()
    token = _valid_token(request.args.get("token"))
    return Caller(token.driver), token


def driver_of_token() -> Driver:
    """Return the driver of the access token in header or query; raises ApiError 401."""
    return current_vinli().people.driver(token_of_request(in_query=True).driver)


def _app_caller() -> Caller:
    authorization, registry = request.authorization, current_vinli().registry
    app = registry.app_with_id(authorization.username or "") if authorization else None
    if app is None or authorization is None or not app.check_secret(authorization.password or ""):
        raise ApiError(401, "Unknown App ID or wrong App Secret", f"Basic {REALM}")
    return Caller(None, is_empty=app is not registry.app)
