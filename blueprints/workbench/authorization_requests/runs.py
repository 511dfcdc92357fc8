"""The browser's side of workbench runs. Their ``state`` is not valid at /connect/callback."""

from __future__ import annotations

from dataclasses import dataclass, field

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from blueprints.web.services import services
from blueprints.web.traces import trace_recorder
from domain.oauth_runs.states import WORKBENCH_STATE
from providers.vinli.oauth.auth import new_code_verifier
from store.workbench_runs import Run


@dataclass(frozen=True)
class BegunRun:
    """A run and the values for its authorization request; ``code_challenge`` is None without PKCE."""

    run: Run
    state: str = field(repr=False)
    code_challenge: str | None


def begin_run(
    *, client_id: str, redirect_uri: str, response_type: str, uses_pkce: bool, state: str | None
) -> BegunRun:
    """Store a new run and begin its trace. ``state`` is the typed-in state; None makes a new one.

    Raises StoreUnavailable.
    """
    code_verifier = new_code_verifier() if uses_pkce and response_type == "code" else ""
    trace = trace_recorder().begin("workbench")
    trace.sent_to_authorize(
        client_id=client_id,
        redirect_uri=redirect_uri,
        response_type=response_type,
        has_pkce=bool(code_verifier),
    )
    run = services().workbench_runs.start(
        client_id=client_id,
        redirect_uri=redirect_uri,
        response_type=response_type,
        code_verifier=code_verifier,
        trace_id=trace.id,
        run_id=state,
    )
    trace.keep("open")
    return BegunRun(
        run,
        state or services().signer.sign(run.id, WORKBENCH_STATE),
        create_s256_code_challenge(code_verifier) if code_verifier else None,
    )


def find_run(state: str) -> Run | None:
    """Return the run of a ``state`` that was signed here or typed in; None if unknown. Raises StoreUnavailable."""
    read = services().signer.read(state, WORKBENCH_STATE)
    return services().workbench_runs.find(read[0] if read else state)
