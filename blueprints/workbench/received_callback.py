"""A callback that the workbench received: its parameters with their meaning, and the check of its state."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from blueprints.web.services import services
from blueprints.workbench.authorization_requests.runs import find_run
from domain.oauth_runs.states import CONNECT_STATE, WORKBENCH_STATE
from domain.text.visible import jwt_parts, shortened, visible
from store.workbench_runs import Run

Pairs = Sequence[tuple[str, str]]

MOST_PARAMETERS = 60
SECRETS = frozenset({"code", "access_token", "refresh_token", "id_token", "client_secret", "code_verifier"})
MEANINGS: Mapping[str, str] = {
    "code": "The authorization code. It is good once, for minutes, and for the client that asked (RFC 6749 section "
    "4.1.2).",
    "state": "What the request carried, handed back as it was (RFC 6749 section 4.1.2). Vinli’s documents do not "
    "mention it.",
    "error": "Why there is no code (RFC 6749 section 4.1.2.1). Vinli shows most errors in its own page instead.",
    "error_description": "Words for a developer, from the server.",
    "error_uri": "A page about the error, by the server. It is not made a link here.",
    "iss": "Who answers (RFC 9207). It is compared when VINLI_ISSUER is set.",
    "scope": "What was granted. Vinli documents no scopes.",
    "session_state": "OpenID Connect’s session; this application ignores it.",
    "access_token": "The access token. In the query or in a form it has passed through this server: it belongs in the "
    "fragment (RFC 6749 section 4.2.2).",
    "token_type": "How the token is to be sent; compared without regard to case.",
    "expires_in": "For how many seconds the token is good. Vinli does not say it.",
    "refresh_token": "A token for new tokens. It must never come through a browser.",
    "id_token": "OpenID Connect’s token about the person. This application ignores it.",
}
UNKNOWN = "Not among the parameters of OAuth 2; clients ignore it (RFC 6749 section 4.1.2)."
REPEATED = (
    "It comes more than once, which is not allowed (RFC 6749 section 3.1): the connect flow refuses it."
)


@dataclass(frozen=True)
class Parameter:
    """One parameter as a page shows it; ``is_wrong`` tells if a client would refuse it."""

    name: str
    value: str
    meaning: str
    is_wrong: bool = False
    jwt: tuple[str, str] | None = None


@dataclass(frozen=True)
class StateSummary:
    """The check of a state; ``run`` is set if the state belongs to a run of the workbench."""

    is_good: bool
    title: str
    words: str
    run: Run | None = None


@dataclass(frozen=True)
class ReceivedCallback:
    """A received callback. ``place`` is "in the query", "in a form post" or "in the address that was pasted"."""

    place: str
    parameters: tuple[Parameter, ...]
    state_check: StateSummary
    seconds: int | None
    left_out: int
    code: str | None = field(repr=False)
    state: str = field(repr=False)
    pairs: Pairs = field(repr=False)

    @property
    def can_exchange(self) -> bool:
        run = self.state_check.run
        return bool(self.code and run and run.response_type == "code" and run.exchanged_at is None)

    @property
    def error(self) -> bool:
        return any(parameter.name == "error" for parameter in self.parameters)


def read_pairs(text: str) -> list[tuple[str, str]]:
    """Return the (name, value) pairs of a query, a form or a fragment. Bytes that are not UTF-8 are replaced."""
    return parse_qsl(text, keep_blank_values=True)


def pairs_of_address(text: str) -> list[tuple[str, str]]:
    """Return the pairs of a pasted address, from its query and its fragment, or of a pasted list of pairs."""
    text = re.sub(r"[\t\r\n]", "", text).strip()
    try:
        parts = urlsplit(text)
    except ValueError:  # the host has invalid brackets
        return read_pairs(text.partition("?")[2] or text)
    if not parts.query and not parts.fragment:
        return read_pairs(text) if "=" in text else []
    return read_pairs(parts.query) + read_pairs(parts.fragment)


def read_callback(pairs: Pairs, place: str) -> ReceivedCallback:
    """Return the pairs with their meaning and the check of the state. Changes nothing. Raises StoreUnavailable."""
    names = [name for name, _ in pairs]
    shown = tuple(_parameter(name, value, names.count(name) > 1) for name, value in pairs[:MOST_PARAMETERS])
    states = [value for name, value in pairs if name == "state"]
    codes = [value for name, value in pairs if name == "code" and value]
    state = states[0] if len(states) == 1 else ""
    state_check = check_state(state) if len(states) < 2 else TWICE
    run = state_check.run
    return ReceivedCallback(
        place,
        shown,
        state_check,
        None if run is None else max(0, round(services().clock() - run.created_at)),
        max(0, len(pairs) - MOST_PARAMETERS),
        codes[0] if len(codes) == 1 else None,
        state,
        pairs,
    )


TWICE = StateSummary(
    False, "Two states came back", "The parameter comes more than once: clients refuse that."
)
NONE = StateSummary(
    False,
    "No state came back",
    "Without it a client cannot tell whose answer this is, and the connect flow refuses it. Either none was sent, or "
    "the server does not echo it, or something on the way rewrites the address.",
)
CONNECT = StateSummary(
    False,
    "This state belongs to the connect flow",
    "It was made by /connect and is good at /connect/callback alone. If it came here by itself, the client that it was "
    "made for is registered with this page’s address.",
)
EXPIRED = StateSummary(
    False,
    "This state has expired",
    "It was made here, more than an hour ago, or in a store that was emptied since.",
)
STRANGE = StateSummary(
    False,
    "This state was not made here",
    "It was not composed in this workbench: another tool, another installation, or somebody who made it up.",
)


def check_state(state: str) -> StateSummary:
    """Check a state. Raises StoreUnavailable."""
    if not state:
        return NONE
    signer = services().signer
    if signer.read(state, CONNECT_STATE):
        return CONNECT
    run = find_run(state)
    if run is None:
        return EXPIRED if signer.read(state, WORKBENCH_STATE) else STRANGE
    if run.came_back_at is not None:
        words = "It was composed here and came back before: a reload, or the back button."
        return StateSummary(True, "The state is right, for the second time", words, run)
    return StateSummary(True, "The state is right", "It is that of a request that was composed here.", run)


def _parameter(name: str, value: str, is_repeated: bool) -> Parameter:
    is_secret = name in SECRETS
    return Parameter(
        visible(name, 80),
        shortened(value) if is_secret else visible(value),
        REPEATED if is_repeated else MEANINGS.get(name, UNKNOWN),
        is_repeated or name in {"access_token", "refresh_token"},
        jwt_parts(value) if is_secret and name != "code" else None,
    )
