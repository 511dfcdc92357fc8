"""Magic drivers: one account for each thing that can go wrong. A developer signs in as one of them to see it happen.

They always exist, beside the drivers of ``sandbox.world.people``, and have the same password. Their numbers and the
ranks of their devices are higher than those of all other drivers.
"""

from dataclasses import dataclass

from sandbox.api.disruptions import Disruption
from sandbox.personas.behaviour import DEFAULT_BEHAVIOUR, Behaviour, TokenShape
from sandbox.world.special_accounts import FIRST_SPECIAL_NUMBER, SpecialAccount, SpecialAccounts

DOMAIN = "@magic.example.com"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class MagicDriver:
    """One account. ``title`` names it in a few words; ``what`` says in one sentence what the sandbox does."""

    name: str
    title: str
    what: str
    behaviour: Behaviour

    @property
    def email(self) -> str:
        """The address to sign in with."""
        return self.name + DOMAIN


MAGIC_DRIVERS = (
    MagicDriver(
        "denies",
        "Refuses at the consent page",
        "Whatever is pressed on the consent page, the redirect carries error=access_denied.",
        Behaviour(decision="access_denied"),
    ),
    MagicDriver(
        "error-in-body",
        "An error in the page’s own body",
        "After approval the authorization endpoint answers 400 with a page of its own and never redirects.",
        Behaviour(decision="error page"),
    ),
    MagicDriver(
        "server-error",
        "server_error by redirect",
        "After approval the redirect carries error=server_error and no code.",
        Behaviour(decision="server_error"),
    ),
    MagicDriver(
        "no-state",
        "state is missing",
        "The redirect carries a code, but not the state that was sent.",
        Behaviour(state="left out"),
    ),
    MagicDriver(
        "wrong-state",
        "Another state",
        "The redirect carries a code, and a state that nobody sent.",
        Behaviour(state="changed"),
    ),
    MagicDriver(
        "expired-code",
        "The code has expired",
        "The code has expired when it is issued, so the token endpoint answers invalid_grant.",
        Behaviour(code="expired"),
    ),
    MagicDriver(
        "used-code",
        "The code was used before",
        "The code is already used when it is issued, so the token endpoint answers invalid_grant.",
        Behaviour(code="used"),
    ),
    MagicDriver(
        "wrong-verifier",
        "code_verifier does not fit",
        "The token endpoint finds that code_verifier does not fit code_challenge and answers invalid_grant.",
        Behaviour(token_refusal="code_verifier"),  # noqa: S106 (no secret)
    ),
    MagicDriver(
        "invalid-client",
        "Client id or secret are wrong",
        "The token endpoint answers 401 with invalid_client, as it does for a wrong client_secret.",
        Behaviour(token_refusal="client"),  # noqa: S106 (no secret)
    ),
    MagicDriver(
        "slow-token",
        "A slow token endpoint",
        "The token endpoint answers after 20 seconds.",
        Behaviour(token_disruption=Disruption(delay_ms=20_000)),
    ),
    MagicDriver(
        "token-500",
        "The token endpoint breaks down",
        "The token endpoint answers 500 with an HTML page.",
        Behaviour(
            token_disruption=Disruption(
                status=500, body="<!doctype html><h1>Internal Server Error</h1>\n", content_type=HTML
            )
        ),
    ),
    MagicDriver(
        "token-empty",
        "Refused with an empty body",
        "The token endpoint answers 403 with an empty body and no Content-Type.",
        Behaviour(token_disruption=Disruption(status=403)),
    ),
    MagicDriver(
        "token-html",
        "A page in place of a token",
        "The token endpoint answers 200 with an HTML page.",
        Behaviour(
            token_disruption=Disruption(
                status=200, body="<!doctype html><h1>Welcome back</h1>\n", content_type=HTML
            )
        ),
    ),
    MagicDriver(
        "token-no-type",
        "No token_type",
        "The token response has access_token and no other field.",
        Behaviour(token_shape=TokenShape(token_type=None)),
    ),
    MagicDriver(
        "token-type-jwt",
        "token_type JWT",
        "The token response says token_type JWT, which is not a token type of OAuth.",
        Behaviour(token_shape=TokenShape("JWT")),
    ),
    MagicDriver(
        "token-expired",
        "expires_in 0",
        "The token response says expires_in 0: the access token has expired when it arrives.",
        Behaviour(token_shape=TokenShape(expires_in=0)),
    ),
    MagicDriver(
        "short-token",
        "A token for a minute",
        "The token response says expires_in 60, and the access token expires after 60 seconds.",
        Behaviour(token_shape=TokenShape(expires_in=60)),
    ),
    MagicDriver(
        "refresh-rotating",
        "Refresh tokens that rotate",
        "The token response says expires_in 60 and has a refresh_token, which can be used once.",
        Behaviour(token_shape=TokenShape(expires_in=60, refresh="rotated")),
    ),
    MagicDriver(
        "drops-token",
        "The connection is cut",
        "The token endpoint closes the connection without an answer.",
        Behaviour(token_disruption=Disruption(close=True)),
    ),
    MagicDriver(
        "user-401",
        "A token that every call refuses",
        "The access token comes as usual, and every call with it is answered 401 invalid_token.",
        Behaviour(refuses_token=True),
    ),
    MagicDriver(
        "user-500",
        "The user cannot be read",
        "The access token is good, but users/_current answers 500.",
        Behaviour(broken_paths=("/api/v1/users/_current", "/user")),
    ),
    MagicDriver(
        "devices-500",
        "The devices cannot be read",
        "The user can be read, but the list of devices answers 500.",
        Behaviour(broken_paths=("/api/v1/devices", "/user/devices")),
    ),
    MagicDriver(
        "no-devices",
        "No device",
        "The account has no device.",
        Behaviour(devices=0),
    ),
    MagicDriver(
        "many-devices",
        "2,000 devices",
        "The account has 2,000 devices, listed on 20 pages of 100.",
        Behaviour(devices=2_000),
    ),
    MagicDriver(
        "hostile-names",
        "Hostile names",
        "Names of the user, devices and vehicles contain markup, quotes and control characters, or are null or empty.",
        Behaviour(devices=16, has_hostile_names=True),
    ),
)
ACCOUNTS = SpecialAccounts(
    [
        SpecialAccount(driver.email, driver.behaviour.devices, driver.behaviour.has_hostile_names)
        for driver in MAGIC_DRIVERS
    ]
)


def magic_driver(number: int) -> MagicDriver | None:
    """Return the magic driver with this number, or None when the number is another driver's."""
    place = number - FIRST_SPECIAL_NUMBER
    return MAGIC_DRIVERS[place] if 0 <= place < len(MAGIC_DRIVERS) else None


def behaviour_of(number: int) -> Behaviour:
    """Return how requests of the driver with this number are answered."""
    driver = magic_driver(number)
    return driver.behaviour if driver else DEFAULT_BEHAVIOUR
