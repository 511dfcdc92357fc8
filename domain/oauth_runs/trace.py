"""Traces of OAuth runs: the steps of each run of the connect flow and the workbench, kept for a day.

Each request collects its steps and writes them once at its end. They are merged with the steps that other requests of
the same run have written: steps are added and never replaced. A store that fails must not disturb the run, so the
failure is only logged.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from domain.events import log_event
from domain.oauth_runs.advice import advice_for, advice_for_page, reason_of
from domain.oauth_runs.problems import STATE_PROBLEMS
from domain.oauth_runs.states import StateCheck
from domain.oauth_runs.steps import LADDER, Name, Step, hidden
from domain.problems import Problem
from providers.errors import ProviderError
from settings import Settings
from store.attempts import Attempt
from store.base import StoreUnavailable
from store.traces import StoredTrace, TraceBucket, Traces, new_trace_id

USED = STATE_PROBLEMS[StateCheck.USED]
Kind = Literal["connect", "workbench"]
# If a run has more steps, keep the first ones, which show its start, and the last ones, which show its result.
FIRST_STEPS, LAST_STEPS = 12, 12
FIRST_STEP = "first"
OUTCOMES: Mapping[TraceBucket, str] = {
    "open": "nobody came back yet",
    "good": "worked",
    "refused": "failed",
    "failed": "failed",
    "stray": "no run of ours",
}


@dataclass
class Trace:
    """The steps of one run so far. ``started_at`` is Unix seconds; ``bucket`` is the result so far."""

    recorder: TraceRecorder = field(repr=False, compare=False)
    id: str
    kind: Kind
    started_at: float
    bucket: TraceBucket = "stray"
    steps: list[Step] = field(default_factory=list)

    # --- recording

    def sent_to_authorize(
        self, *, client_id: str, redirect_uri: str, response_type: str, has_pkce: bool
    ) -> None:
        """Add the authorization request, which the browser sends and this server does not see."""
        sent = {"response_type": response_type, "client_id": client_id, "redirect_uri": redirect_uri}
        sent["state"] = "[hidden]"
        if has_pkce:
            sent |= {"code_challenge": "[hidden]", "code_challenge_method": "S256"}
        endpoint = f"{self.recorder.settings.vinli_auth_url}/oauth/authorization/new"
        # The fixed id makes this one step, even if several requests record it.
        step = Step("authorization_request", self.started_at, url=endpoint, sent=sent, id=FIRST_STEP)
        self.steps.append(step)

    def came_back(self, path: str, parameters: Mapping[str, str], method: str = "GET") -> Step:
        """Add the callback; ``parameters`` are the result of ``shown_parameters``."""
        url = f"{self.recorder.settings.public_url}{path}"
        step = Step("callback", self.recorder.clock(), method, url, sent=dict(parameters))
        self.steps.append(step)
        return step

    @contextmanager
    def asking(self, name: Name, method: str, url: str, sent: Mapping[str, str]) -> Iterator[Step]:
        """Add a step for a call of ours and its result. A ProviderError marks the step as failed and is raised on."""
        step = Step(name, self.recorder.clock(), method, url, sent=dict(sent))
        self.steps.append(step)
        started = time.perf_counter()
        try:
            yield step
        except ProviderError as error:
            step.status = error.status
            step.fail(reason_of(error), advice_for(error))
            raise
        else:
            step.status = step.status or 200
        finally:
            step.ms = round((time.perf_counter() - started) * 1000, 1)

    def asking_for_token(self, redirect_uri: str, code: str, *, has_verifier: bool) -> Any:
        """Add the token request; otherwise like ``asking``."""
        sent = {"grant_type": "authorization_code", "code": hidden(code), "redirect_uri": redirect_uri}
        if has_verifier:
            sent["code_verifier"] = "[hidden]"
        sent["Authorization"] = "Basic [hidden]"
        url = f"{self.recorder.settings.vinli_auth_url}/oauth/token"
        return self.asking("token_request", "POST", url, sent)

    def asking_for_user(self) -> Any:
        """Add the first call with the token; otherwise like ``asking``."""
        url = f"{self.recorder.settings.vinli_auth_url}/api/v1/users/_current"
        return self.asking("api_call", "GET", url, {"Authorization": "Bearer [hidden]"})

    def keep(self, bucket: TraceBucket | None = None) -> None:
        """Merge the steps with the stored ones and store them. If the store fails, the failure is only logged.

        ``bucket`` is the result of the run so far; None keeps the present one.
        """
        if bucket is not None:
            self.bucket = bucket
        try:
            self.recorder.traces.keep(self.id, self.started_at, self._merged)
        except StoreUnavailable as error:
            log_event("trace not kept", logging.WARNING, cause=str(error))

    def _merged(self, kept: Sequence[StoredTrace]) -> tuple[TraceBucket, dict[str, Any]]:
        """Return the bucket and the content of this trace, merged with its stored records."""
        others = [trace for trace in map(self.recorder.read, kept) if trace]
        known: dict[str, Step] = {}
        for trace in (*others, self):
            for step in trace.steps:
                known.setdefault(step.id, step)
        steps = sorted(known.values(), key=lambda step: step.at)
        if len(steps) > FIRST_STEPS + LAST_STEPS:
            steps = [*steps[:FIRST_STEPS], *steps[-LAST_STEPS:]]
        buckets = {self.bucket, *(trace.bucket for trace in others)}
        # The best result counts: a reload after a good sign-in does not make the run a failure.
        bucket = next(name for name in ("good", "failed", "refused", "open", "stray") if name in buckets)
        return bucket, {"kind": self.kind, "steps": [step.to_json() for step in steps]}

    # --- reading

    @property
    def outcome(self) -> str:
        came_back = any(step.name == "callback" for step in self.steps)
        return (
            "came back, and is not concluded"
            if self.bucket == "open" and came_back
            else OUTCOMES[self.bucket]
        )

    @property
    def began(self) -> datetime:
        """Return the start as an aware UTC datetime."""
        return datetime.fromtimestamp(self.started_at, UTC)

    @property
    def failed_step(self) -> Step | None:
        """Return the first failed step; None if no step failed or the run worked in the end.

        Later failures follow from the first one.
        """
        failed = (step for step in self.steps if step.standing == "failed")
        return None if self.bucket == "good" else next(failed, None)

    @property
    def references(self) -> tuple[str, ...]:
        """Return the reference ids of the responses that the browser got in this run."""
        return tuple(dict.fromkeys(step.reference for step in self.steps if step.reference))

    @property
    def not_reached(self) -> tuple[Name, ...]:
        """Return the names of the steps of a complete run that did not happen, in order."""
        happened = {step.name for step in self.steps}
        return tuple(name for name in LADDER if name not in happened)

    @property
    def seconds(self) -> float | None:
        """Return the seconds from the start of the run to the end of its last step; None if nobody came back."""
        ends = [step.at + (step.ms or 0.0) / 1000 for step in self.steps if step.id != FIRST_STEP]
        return max(0.0, max(ends) - self.started_at) if ends else None

    def since_start(self, step: Step) -> float:
        """Return the seconds from the start of the run to a step."""
        return max(0.0, step.at - self.started_at)


@dataclass(frozen=True)
class TraceRecorder:
    """Begin and find traces. ``clock`` returns Unix seconds, ``visitor`` the IP address of the current request."""

    settings: Settings
    traces: Traces
    clock: Callable[[], float]
    visitor: Callable[[], str]

    def begin(self, kind: Kind) -> Trace:
        """Return a new trace without steps."""
        return Trace(self, self.fresh_id(), kind, self.clock())

    def of_attempt(self, attempt: Attempt) -> Trace:
        """Return the trace of an attempt at the moment when the browser was sent to the authorization endpoint."""
        trace = Trace(self, attempt.trace_id or self.fresh_id(), "connect", attempt.created_at, "open")
        trace.sent_to_authorize(
            client_id=self.settings.vinli_client_id,
            redirect_uri=self.settings.redirect_uri,
            response_type="code",
            has_pkce=bool(attempt.code_verifier),
        )
        return trace

    def of_run(self, trace_id: str, started_at: float) -> Trace:
        """Return the trace of a workbench run, or a new one if it is gone. Raises StoreUnavailable."""
        return self.find(trace_id) or Trace(self, trace_id, "workbench", started_at)

    def find(self, trace_id: str) -> Trace | None:
        """Return a stored trace; None if it is gone. Raises StoreUnavailable."""
        kept = self.traces.find(trace_id)
        return None if kept is None else self.read(kept)

    def find_by_reference(self, reference: str) -> list[Trace]:
        """Return the traces in which the browser got a response with this reference id. Raises StoreUnavailable."""
        wanted = "".join(character for character in reference.upper() if character.isalnum())
        return [
            trace for trace in self.latest() if wanted in {name.replace("-", "") for name in trace.references}
        ]

    def latest(self) -> list[Trace]:
        """Return all readable traces, the newest first. Raises StoreUnavailable."""
        return [trace for kept in self.traces.latest() if (trace := self.read(kept))]

    def read(self, kept: StoredTrace) -> Trace | None:
        """Return a trace from its stored record; None if another version of this application wrote it."""
        try:
            steps = [Step.from_json(step) for step in kept.content["steps"]]
            return Trace(self, kept.id, kept.content["kind"], kept.started_at, kept.bucket, steps)
        except (KeyError, TypeError):
            return None

    def fresh_id(self) -> str:
        """Return an id for a new trace of the visitor who sent the current request."""
        return new_trace_id(self.visitor())


def conclude(trace: Trace, status: int, problem: Problem | None, reference: str) -> None:
    """Store how a callback ended: with which status, and on which problem's page if there is one.

    ``reference`` is the id that the response shows. A repeated callback that sends a connected driver on adds nothing.
    """
    names = {step.name for step in trace.steps}
    if problem is None and "token_request" not in names:
        return
    arrival = next(step for step in trace.steps if step.name == "callback")
    arrival.status, arrival.reference = status, reference
    # The clock may be set back in between.
    arrival.ms = max(0.0, round((trace.recorder.clock() - arrival.at) * 1000, 1))
    if problem is None:
        trace.keep("good")
        return
    if problem.code == USED.code:
        # A repeated callback is no failure, whatever the result of the first one was.
        arrival.repeat(f"{problem.title}. {problem.technical}", advice_for_page(problem))
        trace.keep()
        return
    if not any(step.standing == "failed" for step in trace.steps):
        arrival.fail(f"{problem.title}. {problem.technical}", advice_for_page(problem))
    trace.keep("stray" if trace.bucket == "stray" else "failed" if "token_request" in names else "refused")
