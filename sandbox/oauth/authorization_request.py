"""Reads and validates authorization requests. An error carries a text for the page that shows it.

Requests are validated here before Authlib sees them. Authlib puts what was sent into its error texts and raises
ValueError for characters outside RFC 6749 appendix A.
"""

from collections.abc import Mapping, Sequence

from authlib.oauth2 import OAuth2Error
from werkzeug.datastructures import Headers, MultiDict

from sandbox.oauth.authorization import OAuthServer, PlainRequest
from sandbox.oauth.registry import OAuthClient

# None of these may be sent twice (RFC 6749 section 3.1). Unknown parameters are ignored: vinli_tornado_auth sends some.
SINGLE = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)


class AuthorizationRefused(Exception):
    """An authorization request that is wrong.

    ``error`` is the OAuth error code; ``facts`` are pairs of label and value that help the developer.
    """

    def __init__(self, error: str, reason: str, facts: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(reason)
        self.error = error
        self.facts = facts


def read_parameters(args: MultiDict[str, str]) -> dict[str, str]:
    """Return the parameters; raises AuthorizationRefused when one of SINGLE was sent more than once."""
    repeated = next((name for name in SINGLE if len(args.getlist(name)) > 1), None)
    if repeated:
        raise AuthorizationRefused("invalid_request", f"The parameter {repeated} was sent more than once.")
    return args.to_dict()


def validate_request(parameters: Mapping[str, str], server: OAuthServer, headers: Headers) -> OAuthClient:
    """Validate an authorization request and return its client; raises AuthorizationRefused."""
    client = _client(parameters.get("client_id"), server)
    _compare_redirect_uri(parameters.get("redirect_uri"), client.redirect_uri)
    if parameters.get("response_type") not in ("code", "token"):
        text = "The response_type has to be code or token."
        raise AuthorizationRefused("unsupported_response_type", text)
    try:
        server.get_consent_grant(PlainRequest("GET", parameters, headers))
    except OAuth2Error as error:
        raise AuthorizationRefused(error.error, error.get_error_description()) from error
    return client


def _client(client_id: str | None, server: OAuthServer) -> OAuthClient:
    if not client_id:
        raise AuthorizationRefused("invalid_request", "The parameter client_id is missing.")
    client = server.query_client(client_id)
    if client is None:
        text = "No client with this client_id is registered. It takes the OAuth client's id, not the App ID."
        raise AuthorizationRefused("invalid_client", text, [("Sent", client_id)])
    return client


def _compare_redirect_uri(sent: str | None, registered: str) -> None:
    """Compare character by character (RFC 9700 section 2.1). Vinli does not document how it compares."""
    if not sent:
        raise AuthorizationRefused("invalid_request", "The parameter redirect_uri is missing.")
    if sent != registered:
        text = "The redirect_uri differs from the one registered for this client. Every character counts."
        raise AuthorizationRefused("invalid_request", text, [("Sent", sent), ("Registered", registered)])
