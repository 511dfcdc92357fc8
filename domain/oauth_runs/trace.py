"""Traces of OAuth runs: each run of the connect flow and of the workbench leaves its steps, for a day.

A trace is put together while a request is answered and written once at its end, beside what other requests of the same
run have written: steps are added and never replaced. Writing one must never harm the run that it is about: a store that
fails is logged and nothing more.
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
# Of a run with more steps, the first and the last are kept: what it was, and how it stands.
FIRST_STEPS, LAST_STEPS = 12, 12
OUTCOMES: Mapping[TraceBucket, str] = {
    "open": "nobody came back yet",
    "good": "worked",
    "refused": "failed",
    "failed": "failed",
    "stray": "no run of ours",
}


@dataclass
class Trace:
    """One run, as far as it has come. ``started_at`` is Unix seconds; ``bucket`` says how it stands."""

    recorder: TraceRecorder = field(repr=False, compare=False)
    id: str
    kind: Kind
    started_at: float
    bucket: TraceBucket = "stray"
    steps: list[Step] = field(default_factory=list)

    # --- what happens

    def sent_to_authorize(
        self, *, client_id: str, redirect_uri: str, response_type: str, has_pkce: bool
    ) -> None:
        """Note the authorization request, which the browser makes and this server does not see."""
        sent = {"response_type": response_type, "client_id": client_id, "redirect_uri": redirect_uri}
        sent["state"] = "[hidden]"
        if has_pkce:
            sent |= {"code_challenge": "[hidden]", "code_challenge_method": "S256"}
        endpoint = f"{self.recorder.settings.vinli_auth_url}/oauth/authorization/new"
        # Whoever puts it down, it is one step of the run.
        step = Step("authorization_request", self.started_at, url=endpoint, sent=sent, id="first")
        self.steps.append(step)

    def came_back(self, path: str, parameters: Mapping[str, str], method: str = "GET") -> Step:
        """Note the callback; ``parameters`` are as ``shown_parameters`` gives them."""
        url = f"{self.recorder.settings.public_url}{path}"
        step = Step("callback", self.recorder.clock(), method, url, sent=dict(parameters))
        self.steps.append(step)
        return step

    @contextmanager
    def asking(self, name: Name, method: str, url: str, sent: Mapping[str, str]) -> Iterator[Step]:
        """Note a call of ours and how it goes; a ProviderError passes through and marks the step as failed."""
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
        """Note the token request; the rest is as in ``asking``."""
        sent = {"grant_type": "authorization_code", "code": hidden(code), "redirect_uri": redirect_uri}
        if has_verifier:
            sent["code_verifier"] = "[hidden]"
        sent["Authorization"] = "Basic [hidden]"
        url = f"{self.recorder.settings.vinli_auth_url}/oauth/token"
        return self.asking("token_request", "POST", url, sent)

    def asking_for_user(self) -> Any:
        """Note the first call with the token; the rest is as in ``asking``."""
        url = f"{self.recorder.settings.vinli_auth_url}/api/v1/users/_current"
        return self.asking("api_call", "GET", url, {"Authorization": "Bearer [hidden]"})

    def keep(self, bucket: TraceBucket | None = None) -> None:
        """Write the steps down beside those that are kept already; a store that fails is logged.

        ``bucket`` is how the run stands now, None where that follows from the steps.
        """
        if bucket is not None:
            self.bucket = bucket
        try:
            self.recorder.traces.keep(self.id, self.started_at, self._beside)
        except StoreUnavailable as error:
            log_event("trace not kept", logging.WARNING, cause=str(error))

    def _beside(self, kept: Sequence[StoredTrace]) -> tuple[TraceBucket, dict[str, Any]]:
        """Return the bucket and the content of this trace together with what is kept of it."""
        others = [trace for trace in map(self.recorder.read, kept) if trace]
        known: dict[str, Step] = {}
        for trace in (*others, self):
            for step in trace.steps:
                known.setdefault(step.id, step)
        steps = sorted(known.values(), key=lambda step: step.at)
        if len(steps) > FIRST_STEPS + LAST_STEPS:
            steps = [*steps[:FIRST_STEPS], *steps[-LAST_STEPS:]]
        buckets = {self.bucket, *(trace.bucket for trace in others)}
        # What became of the run in the end counts: a reload after a good sign-in does not make it a bad one.
        bucket = next(name for name in ("good", "failed", "refused", "open", "stray") if name in buckets)
        return bucket, {"kind": self.kind, "steps": [step.to_json() for step in steps]}

    # --- what is to be seen of it

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
        """The start, as an aware UTC instant."""
        return datetime.fromtimestamp(self.started_at, UTC)

    @property
    def failed_step(self) -> Step | None:
        """The first step that failed, unless the run worked in the end: what came after it follows from it."""
        failed = (step for step in self.steps if step.standing == "failed")
        return None if self.bucket == "good" else next(failed, None)

    @property
    def references(self) -> tuple[str, ...]:
        """The reference ids of the answers that the browser got in this run."""
        return tuple(dict.fromkeys(step.reference for step in self.steps if step.reference))

    @property
    def not_reached(self) -> tuple[Name, ...]:
        """The steps of a whole run that did not happen, in order."""
        happened = {step.name for step in self.steps}
        return tuple(name for name in LADDER if name not in happened)

    def since_start(self, step: Step) -> float:
        """Seconds from the start of the run to a step."""
        return max(0.0, step.at - self.started_at)


@dataclass(frozen=True)
class TraceRecorder:
    """Begins and finds traces. ``clock`` returns Unix seconds, ``visitor`` the address that a request is from."""

    settings: Settings
    traces: Traces
    clock: Callable[[], float]
    visitor: Callable[[], str]

    def begin(self, kind: Kind) -> Trace:
        """Return a new trace with no step yet."""
        return Trace(self, self.fresh_id(), kind, self.clock())

    def of_attempt(self, attempt: Attempt) -> Trace:
        """Return the trace of an attempt as it stood when the browser was sent away."""
        trace = Trace(self, attempt.trace_id or self.fresh_id(), "connect", attempt.created_at, "open")
        trace.sent_to_authorize(
            client_id=self.settings.vinli_client_id,
            redirect_uri=self.settings.redirect_uri,
            response_type="code",
            has_pkce=bool(attempt.code_verifier),
        )
        return trace

    def of_run(self, trace_id: str, started_at: float) -> Trace:
        """Return the trace of a workbench's run, a new one where it is gone. Raises StoreUnavailable."""
        return self.find(trace_id) or Trace(self, trace_id, "workbench", started_at)

    def find(self, trace_id: str) -> Trace | None:
        """Return a trace that was kept, None when it is gone. Raises StoreUnavailable."""
        kept = self.traces.find(trace_id)
        return None if kept is None else self.read(kept)

    def find_by_reference(self, reference: str) -> list[Trace]:
        """Return the traces in which the browser got an answer with this reference id. Raises StoreUnavailable."""
        wanted = "".join(character for character in reference.upper() if character.isalnum())
        return [
            trace for trace in self.latest() if wanted in {name.replace("-", "") for name in trace.references}
        ]

    def latest(self) -> list[Trace]:
        """Return all traces that can be read, the newest first. Raises StoreUnavailable."""
        return [trace for kept in self.traces.latest() if (trace := self.read(kept))]

    def read(self, kept: StoredTrace) -> Trace | None:
        """Return a trace as it was kept, None when another version of this application wrote it."""
        try:
            steps = [Step.from_json(step) for step in kept.content["steps"]]
            return Trace(self, kept.id, kept.content["kind"], kept.started_at, kept.bucket, steps)
        except (KeyError, TypeError):
            return None

    def fresh_id(self) -> str:
        """Return an id for a trace of whoever sent the request at hand."""
        return new_trace_id(self.visitor())


def conclude(trace: Trace, status: int, problem: Problem | None, reference: str) -> None:
    """Write down how a callback of ours ended: with which status, and on which problem's page if on one.

    ``reference`` is the id that the answer shows.

    A repeated callback that leads a connected driver on adds nothing.
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
        # Not what failed: it came a second time, whatever became of the first.
        arrival.repeat(f"{problem.title}. {problem.what}", advice_for_page(problem))
        trace.keep()
        return
    if not any(step.standing == "failed" for step in trace.steps):
        arrival.fail(f"{problem.title}. {problem.what}", advice_for_page(problem))
    trace.keep("stray" if trace.bucket == "stray" else "failed" if "token_request" in names else "refused")
