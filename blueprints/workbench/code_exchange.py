"""The workbench's exchange of a code for tokens. The page shows secrets shortened; nothing is stored."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from blueprints.web.services import services
from domain.budget import Budget
from domain.oauth_runs.advice import advice_for, reason_of
from domain.oauth_runs.steps import shown_token
from domain.oauth_runs.trace import Trace
from domain.text.hiding import hide
from domain.text.visible import jwt_parts, shortened, visible
from providers.errors import ProviderError
from providers.http.response import Response
from providers.tokens.answers import token_object
from providers.vinli.oauth.auth import AuthClient, TokenResponse
from store.workbench_runs import Run

EXCHANGE_SECONDS = 7.0
USER_SECONDS = 3.0
# Values of these fields are shortened. Names vary between servers (one of Vinli's clients expects refresh_Token).
SECRET_FIELD = re.compile(r"token|secret|password|code|key|assertion", re.I)
PLAIN_FIELDS = frozenset({"token_type", "error_code", "code_challenge_method"})
MOST_SHOWN = 8000


@dataclass(frozen=True)
class TokenField:
    """A field of the token response as a page shows it."""

    name: str
    value: str
    jwt: tuple[str, str] | None = None


@dataclass
class ExchangeResult:
    """The result of an exchange. ``expires_in`` is in seconds; ``reason`` and ``advice`` explain a failure, else ""."""

    fields: tuple[TokenField, ...] = ()
    expires_in: int | None = None
    user: str = ""
    status: int | None = None
    said: str = ""
    reason: str = ""
    advice: str = ""
    failed_step: str = ""
    secrets: list[str] = field(default_factory=list, repr=False)


def client_secret_of(run: Run) -> str | None:
    """Return the secret that this installation has for a run; None if there is none.

    A secret is used only for its own client and only for redirect URIs of this installation (RFC 9700 section 4.1).
    """
    settings = services().settings
    ours = {settings.redirect_uri, settings.workbench_redirect_uri}
    if run.redirect_uri not in ours:
        return None
    if run.client_id == settings.vinli_workbench_client_id:
        return settings.vinli_workbench_client_secret
    return settings.vinli_client_secret if run.client_id == settings.vinli_client_id else None


def client_of(run: Run, client_secret: str) -> AuthClient:
    """Return the run's client for the token endpoint.

    Raises ValueError if HTTP Basic cannot carry the id or the secret.
    """
    settings = services().settings
    return AuthClient(services().transport, settings.vinli_auth_url, run.client_id, client_secret)


def exchange_code(
    client: AuthClient, run: Run, code: str, client_secret: str, trace: Trace
) -> ExchangeResult:
    """Exchange a code, call the API once with the token, and add both steps to the trace. No token is stored.

    ``run`` must be read before it is taken for the exchange, because its verifier is needed. Raises StoreUnavailable.
    """
    budget = Budget(EXCHANGE_SECONDS + USER_SECONDS)
    verifier = run.code_verifier or None
    outcome = ExchangeResult(secrets=[code, client_secret, *([verifier] if verifier else [])])
    try:
        with services().transport.one_connection():
            with trace.asking_for_token(run.redirect_uri, code, has_verifier=verifier is not None) as step:
                answer = client.token_answer(
                    code, run.redirect_uri, verifier, deadline=budget.share(EXCHANGE_SECONDS)
                )
                step.status = outcome.status = answer.status
                _read_fields(answer, outcome)
                token = TokenResponse.from_answer(answer)
                step.received = shown_token(token)
            outcome.expires_in = token.expires_in
            with trace.asking_for_user():
                user = client.current_user(token.access_token, deadline=budget.share(USER_SECONDS))
                outcome.user = visible(user.name, 200)
    except ProviderError as error:
        _explain(error, trace, outcome)
    return outcome


def _read_fields(answer: Response, outcome: ExchangeResult) -> None:
    """Put each field of the response into ``outcome``. Raises InvalidResponse if it is not a JSON object."""
    body = token_object(answer)
    secrets = (value for name, value in body.items() if _is_secret(name))
    outcome.secrets += [value for value in secrets if isinstance(value, str) and value]
    outcome.fields = tuple(
        _shown_field(name, value, outcome.secrets) for name, value in list(body.items())[:60]
    )


def _is_secret(name: str) -> bool:
    return name.lower() not in PLAIN_FIELDS and bool(SECRET_FIELD.search(name))


def _shown_field(name: str, value: object, secrets: list[str]) -> TokenField:
    shown_name = visible(hide(name, secrets), 80)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if _is_secret(name):
        return TokenField(shown_name, shortened(text), jwt_parts(text))
    return TokenField(shown_name, visible(hide(text[:MOST_SHOWN], secrets)))


def _explain(error: ProviderError, trace: Trace, outcome: ExchangeResult) -> None:
    outcome.status = error.status
    outcome.failed_step = trace.steps[-1].title
    outcome.reason, outcome.advice = reason_of(error), advice_for(error)
    said = ": ".join(text for text in (error.error, error.error_description) if text)
    outcome.said = visible(hide(said, outcome.secrets))
