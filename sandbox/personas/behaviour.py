"""How one driver's requests are answered differently from all others.

The defaults are the usual answers, so a declaration names only what goes wrong.
"""

from dataclasses import dataclass
from typing import Literal

from sandbox.api.disruptions import Disruption


@dataclass(frozen=True)
class TokenShape:
    """What a token response holds beside ``access_token``.

    ``token_type`` None leaves the field out. ``expires_in`` is in seconds; None means that the token is valid until it
    is revoked. ``refresh`` is "none" for no refresh token, "kept" for one that stays the same, "rotated" for a new one
    with each renewal.
    """

    token_type: str | None = "Bearer"  # noqa: S105 (the word, not a secret)
    expires_in: int | None = None
    refresh: Literal["none", "kept", "rotated"] = "none"


@dataclass(frozen=True)
class Behaviour:
    """How one driver's requests are answered. It has priority over the options of the command line.

    Used by the authorization endpoint (``services.auth.authorization_endpoint``):
    ``decision`` is the result of the consent page, whichever button was pressed;
    ``state`` is what the redirect carries.

    Used when a code is issued (``oauth.authorization``): ``code`` says whether it is good.

    Used by the token endpoint (``services.auth.token_endpoint`` and ``oauth.authorization``):
    ``token_disruption`` disrupts its response;
    ``token_refusal`` is what it finds wrong with a correct request;
    ``token_shape`` is what a token response holds.

    Used by calls with an access token (``services.callers``): ``refuses_token`` answers all with 401;
    the paths in ``broken_paths`` answer 500.

    Used for the account's data (``personas.magic_drivers``): the number of ``devices``;
    ``has_hostile_names`` fills names with markup and control characters.
    """

    decision: Literal["as pressed", "access_denied", "server_error", "error page"] = "as pressed"
    state: Literal["echoed", "left out", "changed"] = "echoed"
    code: Literal["good", "expired", "used"] = "good"
    token_disruption: Disruption | None = None
    token_refusal: Literal["code_verifier", "client"] | None = None
    token_shape: TokenShape | None = None
    refuses_token: bool = False
    broken_paths: tuple[str, ...] = ()
    devices: int = 1
    has_hostile_names: bool = False


DEFAULT_BEHAVIOUR = Behaviour()
