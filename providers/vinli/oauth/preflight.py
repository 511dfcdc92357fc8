"""Find out what the authorization endpoint would do with a request: send it, and follow no redirect.

Vinli shows authorization errors in the body of its own page and does not redirect back (docs general/authentication).
So the body is the only source of information.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from providers.errors import InvalidResponse
from providers.http.origins import origin_of
from providers.http.page_text import PageText, page_text, plain
from providers.http.transport import Transport
from providers.vinli.oauth.auth import new_code_verifier

PROVIDER = "vinli auth"
MAX_BYTES = 256 * 1024
HIDDEN = "[hidden]"
_MAX_LOCATION = 2_000
_MAX_ERROR = 100
# RFC 6749, sections 4.1.2.1 and 4.2.2.1: parameters that give the reason and are not secret.
_TELLING = frozenset({"error", "error_description", "error_uri"})
# One parameter after ? or #, not decoded, with its separator.
_PARAMETER = re.compile(r"([^?#&;=]*)(=?)([^?#&;]*)([?#&;]?)")


@dataclass(frozen=True, slots=True)
class PreflightResult:
    """The result of a preflight: what would happen to a driver's browser.

    `kind` is "consent" (a page that asks for sign-in or approval), "redirect_back" (to the given redirect URI),
    "redirect_elsewhere", "error" (an error page), "unclear" (a page that is neither), or "unreadable". `title`, `text`
    and `location` are from the response, as plain and shortened text. In `location` the values of all parameters are
    hidden except those that give the reason. `error` is an error code, "" if none is named. `status` is None if it
    could not be read. `elapsed` is in seconds.
    """

    kind: str
    status: int | None
    title: str = ""
    text: str = field(default="", repr=False)
    location: str = field(default="", repr=False)
    elapsed: float = 0.0
    error: str = ""

    @property
    def accepts_redirect_uri(self) -> bool:
        """Whether the redirect URI was accepted. Even a refusal is sent only to an accepted one."""
        return self.kind in ("consent", "redirect_back")

    @property
    def accepts_request(self) -> bool:
        """Whether a driver would be asked to sign in or to approve, or be sent back without an error."""
        return self.accepts_redirect_uri and not self.error

    @property
    def refuses_request(self) -> bool:
        """Whether the server refused the request. A server that fails or is too busy has not decided."""
        status = self.status or 0
        return self.kind == "error" and status < 500 and status != HTTPStatus.TOO_MANY_REQUESTS


def preflight(transport: Transport, request_url: str, *, deadline: float | None = None) -> PreflightResult:
    """Send exactly this authorization request within `deadline` seconds, like a browser without cookies.

    Raises the ProviderErrors if no response comes, ValueError for an origin that `transport` does not allow.
    """
    try:
        seen = transport.fetch_raw(PROVIDER, request_url, max_bytes=MAX_BYTES, deadline=deadline)
    except InvalidResponse as error:
        return PreflightResult("unreadable", error.status)
    if 300 <= seen.status < 400:
        return _redirected(request_url, seen.status, seen.headers.get("Location", ""), seen.elapsed)
    page = page_text(seen.body, seen.headers.get("Content-Type"))
    kind = _kind_of_page(seen.status, page)
    return PreflightResult(kind, seen.status, page.title, page.text, "", seen.elapsed, page.error)


def authorization_url(
    origin: str, *, client_id: str, redirect_uri: str, response_type: str, has_pkce: bool
) -> str:
    """Return the address of an authorization request (RFC 6749, section 4.1.1) that will not be completed."""
    pairs = {
        "response_type": response_type,
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "state": made_up_state(),
    }
    if has_pkce:
        pairs |= {"code_challenge": made_up_challenge(), "code_challenge_method": "S256"}
    return f"{origin}/oauth/authorization/new?{urlencode(pairs)}"


def made_up_challenge() -> str:
    """Return a PKCE challenge whose verifier is not kept, for requests that will not be completed."""
    challenge: str = create_s256_code_challenge(new_code_verifier())
    return challenge


def made_up_state() -> str:
    """Return a random state that belongs to no attempt."""
    return secrets.token_urlsafe(24)


def _kind_of_page(status: int, page: PageText) -> str:
    if status >= 400:
        return "error"
    asks = any(kind == "password" or name == "transaction_id" for kind, name in page.inputs)
    return "consent" if page.is_html and asks else "unclear"


def _redirected(request_url: str, status: int, location: str, elapsed: float) -> PreflightResult:
    redirect_uri = dict(_pairs(urlsplit(request_url).query)).get("redirect_uri", "")
    answered = _answer_in(location)
    error = plain(answered.get("error", ""), _MAX_ERROR)
    kind = _kind_of_redirect(request_url, redirect_uri, location, has_error=bool(error))
    return PreflightResult(kind, status, location=shown_location(location), elapsed=elapsed, error=error)


def _kind_of_redirect(request_url: str, redirect_uri: str, location: str, *, has_error: bool) -> str:
    if not location:
        return "unclear"
    if redirect_uri and _place(location) == _place(redirect_uri):
        return "redirect_back"
    try:
        target = urljoin(request_url, location)
        if origin_of(target) != origin_of(request_url):
            return "redirect_elsewhere"
    except ValueError:
        return "redirect_elsewhere"
    return "error" if has_error else "consent"


def _place(uri: str) -> tuple[str, str]:
    """Return the part of a URI before query and fragment, for comparing two URIs.

    Frameworks write scheme and host of a Location in lower case, and an empty path as a slash. So this does too.
    """
    head = re.split(r"[?#]", uri, maxsplit=1)[0]
    scheme, colon, rest = head.partition(":")
    if not rest.startswith("//"):
        return scheme.lower() + colon, rest
    host, _, path = rest[2:].partition("/")
    return f"{scheme.lower()}://{host.lower()}", f"/{path}"


def _answer_in(location: str) -> dict[str, str]:
    """Return the parameters of a Location's query and fragment. The first value of a name counts."""
    found: dict[str, str] = {}
    _, _, tail = location.partition("?") if "?" in location else location.partition("#")
    for part in re.split(r"[?#]", tail[:_MAX_LOCATION]):
        for name, value in _pairs(part):
            found.setdefault(name, value)
    return found


def _pairs(query: str) -> Iterable[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, errors="replace")
    except ValueError:
        return []


def shown_location(location: str) -> str:
    """Return a Location for display. Names of parameters are shown; values such as a code or a token are hidden."""
    location = plain(location, _MAX_LOCATION)
    at = re.search(r"[?#]", location)
    if not at:
        return location
    head, tail = location[: at.end()], location[at.end() :]
    return head + _PARAMETER.sub(_shown_parameter, tail)


def _shown_parameter(found: re.Match[str]) -> str:
    name, equals, value, mark = found.groups()
    if not equals:
        # Without "=" the text may be a secret value.
        return (HIDDEN if name else "") + mark
    return name + equals + (value if name in _TELLING or not value else HIDDEN) + mark
