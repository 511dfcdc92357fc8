"""Authorization requests: read and judged, with a reason in words for the page that shows what is wrong.

They are looked at here before Authlib does, whose error texts cannot hold what a stranger may send (its errors take
the characters of RFC 6749 appendix A alone, and raise ValueError for others).
"""

from collections.abc import Mapping, Sequence

from authlib.oauth2 import OAuth2Error
from werkzeug.datastructures import Headers, MultiDict

from sandbox.oauth.authorization import PlainRequest, Server
from sandbox.oauth.registry import OAuthClient

# RFC 6749 section 3.1: none of these more than once. Unknown parameters are tolerated (vinli_tornado_auth sends any).
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
    """An authorization request that cannot be answered. ``facts`` help the developer: pairs of label and value."""

    def __init__(self, error: str, reason: str, facts: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(reason)
        self.error = error
        self.facts = facts


def read_parameters(args: MultiDict[str, str]) -> dict[str, str]:
    """Return the parameters, each once; raises AuthorizationRefused when one came twice."""
    repeated = next((name for name in SINGLE if len(args.getlist(name)) > 1), None)
    if repeated:
        raise AuthorizationRefused("invalid_request", f"The parameter {repeated} was sent more than once.")
    return args.to_dict()


def judge(parameters: Mapping[str, str], server: Server, headers: Headers) -> OAuthClient:
    """Return the client of an authorization request; raises AuthorizationRefused."""
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


def _client(client_id: str | None, server: Server) -> OAuthClient:
    if not client_id:
        raise AuthorizationRefused("invalid_request", "The parameter client_id is missing.")
    client = server.query_client(client_id)
    if client is None:
        text = "No client with this client_id is registered. It takes the OAuth client's id, not the App ID."
        raise AuthorizationRefused("invalid_client", text, [("Sent", client_id)])
    return client


def _compare_redirect_uri(sent: str | None, registered: str) -> None:
    """Compare character by character (RFC 9700 section 2.1; how strictly Vinli compares is not documented)."""
    if not sent:
        raise AuthorizationRefused("invalid_request", "The parameter redirect_uri is missing.")
    if sent != registered:
        text = "The redirect_uri differs from the one registered for this client. Every character counts."
        raise AuthorizationRefused("invalid_request", text, [("Sent", sent), ("Registered", registered)])
