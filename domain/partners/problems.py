"""Texts for the operator about failures of partners, for the console, ``/api/v1`` and the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.events import log_event
from domain.problems import Problem, shown_code
from providers import errors
from providers.partners.partner import Partner
from providers.tokens.remedies import PROVIDER, SETTINGS
from settings import Settings

ASK_AGAIN = "Try again in a minute."
# The reason that `providers.http.failures` gives for any other status than success. The status itself says more.
NO_SUCCESS = "no success"

# Error names of Cognito (API reference, InitiateAuth). The OAuth error codes are in `domain/problems.py`.
COGNITO_ERRORS = frozenset(
    {
        "ForbiddenException",
        "InternalErrorException",
        "InvalidParameterException",
        "NotAuthorizedException",
        "PasswordResetRequiredException",
        "ResourceNotFoundException",
        "TooManyRequestsException",
        "UserNotConfirmedException",
        "UserNotFoundException",
    }
)

# The first matching class counts. The cause follows after a colon. {partner} becomes the partner's title.
WORDS: tuple[tuple[type[errors.ProviderError], str, int, str, str, str], ...] = (
    (
        errors.TimedOut,
        "partner_slow",
        504,
        "{partner} is taking too long",
        "We asked {partner} and stopped waiting for the answer",
        ASK_AGAIN,
    ),
    (
        errors.Unreachable,
        "partner_unreachable",
        502,
        "{partner} cannot be reached",
        "No connection to {partner} could be made just now",
        ASK_AGAIN,
    ),
    (
        errors.Throttled,
        "partner_busy",
        503,
        "{partner} asks us to slow down",
        "Too many requests reached {partner} in a short time",
        ASK_AGAIN,
    ),
    (
        errors.ServerFailed,
        "partner_failed",
        502,
        "{partner} has a problem",
        "{partner} answered that something broke on its side",
        ASK_AGAIN,
    ),
    (
        errors.Unauthorized,
        "partner_credentials_refused",
        502,
        "{partner} did not accept our credentials",
        "The request was refused as unauthorized, with a fresh token too",
        "Check the partner’s settings, and that its credentials are meant for this.",
    ),
    (
        errors.Forbidden,
        "partner_forbids",
        502,
        "{partner} does not allow this",
        "The credentials are known to {partner} and not enough for this request",
        "Choose another role, or ask {partner} for permission.",
    ),
    (
        errors.NotFound,
        "partner_has_none",
        502,
        "{partner} did not find this",
        "Nothing is at this address of {partner}, or nothing these credentials may see",
        "Check the path.",
    ),
    (
        errors.Refused,
        "partner_refused",
        502,
        "{partner} refused the request",
        "{partner} understood the request and refused it",
        "Compare the request with the partner’s documentation.",
    ),
    (
        errors.ProviderError,
        "partner_invalid_response",
        502,
        "We cannot use {partner}’s answer",
        "An answer came, but it is not what {partner}’s documents describe, so we did not act on it",
        ASK_AGAIN,
    ),
)


@dataclass(frozen=True)
class PartnerProblems:
    """Turn failures of partners into problems. ``clock`` returns Unix seconds."""

    settings: Settings
    clock: Callable[[], float]

    def of(self, partner: Partner, error: errors.ProviderError) -> Problem:
        """Return the problem for an error of a partner."""
        if isinstance(error, errors.NoToken):
            return self._no_token(partner, error)
        _, code, status, title, what, todo = next(row for row in WORDS if isinstance(error, row[0]))
        return Problem(
            code,
            status,
            title.format(partner=partner.title),
            f"{what.format(partner=partner.title)}: {cause_of(error)}.",
            (todo.format(partner=partner.title), *self._wait(error.retry_after, "Wait until")),
            error_code=shown_code(error.error),
            retry_after=_whole(error.retry_after),
        )

    def logged(self, partner: Partner, error: errors.ProviderError) -> Problem:
        """Return the problem, and log the failure under the request's reference."""
        log_event(
            "partner failed",
            partner=partner.name,
            kind=type(error).__name__,
            reason=error.reason,
            upstream_status=error.status,
            error=shown_code(error.error),
        )
        return self.of(partner, error)

    def remedy(self, partner: Partner, error: errors.NoToken) -> tuple[str, ...]:
        """Return the advice for a missing token, one text per step."""
        if error.remedy == SETTINGS:
            missing = tuple(
                name for name in error.settings if getattr(self.settings, name.lower(), None) is None
            )
            first = f"Fix {_listed(error.settings or ('its settings',))}: what is set there was refused."
            if missing:
                first = f"Set {_listed(missing)}, then start the application anew."
        elif error.remedy == PROVIDER:
            first = f"Ask {partner.title}: its token endpoint does not do what its documents describe."
            if isinstance(error.__cause__, errors.ChallengePending) or "challenge" in error.reason:
                first = f"Ask {partner.title} to finish setting up the user: it wants more than a password."
        else:
            first = "Wait: this passes by itself, and a token is asked for again when it is needed."
        return (first, *self._wait(error.retry_after, "No token is asked for before"))

    def _no_token(self, partner: Partner, error: errors.NoToken) -> Problem:
        return Problem(
            "no_partner_token",
            503 if error.remedy not in {SETTINGS, PROVIDER} else 502,
            f"{partner.title} gave no token",
            f"The token endpoint did not give one: {cause_of(error)}.",
            self.remedy(partner, error),
            error_code=shown_code(error.error),
            retry_after=_whole(error.retry_after),
        )

    def _wait(self, retry_after: float | None, lead: str) -> tuple[str, ...]:
        if not retry_after or retry_after < 1:
            return ()
        seconds = round(retry_after)
        at = datetime.fromtimestamp(self.clock(), UTC) + timedelta(seconds=retry_after)
        return (f"{lead} {at:%H:%M:%S} UTC, {seconds:,} {'second' if seconds == 1 else 'seconds'} from now.",)


def cause_of(error: errors.ProviderError) -> str:
    """Return the cause in a few of our own words: reason, status, error code.

    Other texts from the partner are left out because they may repeat a secret.
    """
    parts = [] if error.reason == NO_SUCCESS else [error.reason]
    parts += [f"status {error.status}"] if error.status is not None else []
    code = error.error if error.error in COGNITO_ERRORS else shown_code(error.error)
    return ", ".join([*parts, *([code] if code else [])]) or error.reason


def not_configured(partner: Partner) -> Problem:
    """Return the problem for a partner whose settings are missing."""
    return Problem(
        "partner_not_set_up",
        404,
        f"{partner.title} is not set up here",
        f"Settings are missing, so nothing was sent to {partner.title}.",
        (f"Set {_listed(partner.missing)}, then start the application anew.",),
    )


def _whole(retry_after: float | None) -> int | None:
    return None if retry_after is None else round(retry_after)


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
