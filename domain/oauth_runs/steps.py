"""The steps of a trace, and the filter for requests and responses that a step shows.

No secret passes this filter. Harmless values are shown: registered error codes, token_type and expires_in. All other
values are replaced by their length. Parameters with unknown names are only counted.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from domain.problems import shown_code
from providers.vinli.oauth.auth import TokenResponse

Name = Literal["authorization_request", "callback", "token_request", "api_call"]
StepStatus = Literal["good", "failed", "repeated"]

TITLES: Mapping[Name, str] = {
    "authorization_request": "Authorization request",
    "callback": "Callback",
    "token_request": "Token request",
    "api_call": "First API call",
}
LADDER: tuple[Name, ...] = ("authorization_request", "callback", "token_request", "api_call")

# Parameters of an authorization response (RFC 6749 sections 4.1.2, 4.1.2.1 and 4.2.2, RFC 9207, OpenID Connect).
KNOWN_PARAMETERS = (
    "state",
    "code",
    "error",
    "error_description",
    "error_uri",
    "iss",
    "scope",
    "session_state",
    "access_token",
    "token_type",
    "expires_in",
    "refresh_token",
    "id_token",
)


@dataclass
class Step:
    """One step of a run. ``at`` is Unix seconds, ``ms`` the duration if it is known; ``url`` has no query.

    ``sent`` and ``received`` hold only values that may be shown. ``status`` is the status of the response; None if
    this server did not see it, for example when the browser called another server. ``id`` identifies the step: several
    records of one step have the same id.
    """

    name: Name
    at: float
    method: str = "GET"
    url: str = ""
    ms: float | None = None
    status: int | None = None
    standing: StepStatus = "good"
    reason: str = ""
    advice: str = ""
    reference: str = ""
    sent: dict[str, str] = field(default_factory=dict)
    received: dict[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def title(self) -> str:
        return TITLES[self.name]

    def fail(self, reason: str, advice: str = "") -> None:
        """Mark this step as failed, with the reason."""
        self.standing, self.reason, self.advice = "failed", reason, advice

    def repeat(self, reason: str, advice: str = "") -> None:
        """Mark this step as a repetition of an earlier one."""
        self.standing, self.reason, self.advice = "repeated", reason, advice

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Step:
        """Read the result of ``to_json``. Raises TypeError if another version of this application wrote it."""
        return cls(**value)


def hidden(value: str) -> str:
    """Return the text that replaces a value and tells its length."""
    return f"[hidden, {len(value)} characters]" if value else "[empty]"


def shown_parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the parameters of an authorization response as a trace may show them."""
    shown: dict[str, str] = {}
    unknown = 0
    for name, value in pairs:
        if name not in KNOWN_PARAMETERS:
            unknown += 1
        elif name in shown:
            shown[name] = "[comes more than once]"
        else:
            shown[name] = _shown_value(name, value)
    if unknown:
        shown["others"] = f"[{unknown} more]"
    return shown


def shown_token(token: TokenResponse) -> dict[str, str]:
    """Return the fields of a token response as a trace may show them."""
    shown = {"access_token": hidden(token.access_token), "token_type": token.token_type}
    if token.expires_in is not None:
        shown["expires_in"] = str(token.expires_in)
    if token.refresh_token is not None:
        shown["refresh_token"] = hidden(token.refresh_token)
    if token.scope is not None:
        shown["scope"] = hidden(token.scope)
    return shown


def _shown_value(name: str, value: str) -> str:
    if name == "error":
        # A code that is not registered may be any text, even a secret of the request.
        return shown_code(value) or f"[not a registered code, {len(value)} characters]"
    return hidden(value)
