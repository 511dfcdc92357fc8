"""What the sandbox does otherwise for one driver: the places that ask are named beside each field.

The defaults are what everybody gets, so a declaration says what goes wrong and nothing else.
"""

from dataclasses import dataclass, field
from typing import Literal

from sandbox.control.faults import Fault


@dataclass(frozen=True)
class TokenShape:
    """What a token response holds beside ``access_token``.

    ``token_type`` None leaves it out; ``expires_in`` are seconds, None for a token that lasts until it is revoked.
    ``refresh``: no refresh token, one that stays the same, or a new one with each renewal.
    """

    token_type: str | None = "Bearer"  # noqa: S105 (the word, not a secret)
    expires_in: int | None = None
    refresh: Literal["none", "kept", "rotated"] = "none"


@dataclass(frozen=True)
class Behaviour:
    """How one driver's requests are answered; it wins over the options of the command line.

    Authorization endpoint (``services.authorize``): ``decision`` is what comes of the consent page, whatever is
    pressed; ``state`` what comes back of it. Authorization codes (``authorization.CodeGrant``): ``code`` is how good
    they are. Token endpoint: ``token_fault`` spoils its answer (``services.token``), ``token_refusal`` says what it
    finds wrong with a request that is right, ``token_shape`` what it answers (``authorization``). Calls with the
    token (``callers``): ``refuses_token`` answers 401 to all, ``broken_paths`` answer 500. Data: how many devices
    there are, and whether names are an attack (``private_devices``, ``people``).
    """

    decision: Literal["as pressed", "access_denied", "server_error", "error page"] = "as pressed"
    state: Literal["echoed", "left out", "changed"] = "echoed"
    code: Literal["good", "expired", "used"] = "good"
    token_fault: Fault | None = field(default=None, hash=False)
    token_refusal: Literal["code_verifier", "client"] | None = None
    token_shape: TokenShape | None = None
    refuses_token: bool = False
    broken_paths: tuple[str, ...] = ()
    devices: int = 1
    has_hostile_names: bool = False


USUAL = Behaviour()
