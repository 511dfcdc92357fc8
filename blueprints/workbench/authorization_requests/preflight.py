"""Preflight: send an authorization request like a driver's browser, and explain the result.

It can also try the common variants of the redirect URI, a few at a time, within the time limit of one page. Then it
sends a control too: a redirect URI that nobody can have registered. If the server accepts the control, it has not
checked the variants either.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from blueprints.web.services import services
from blueprints.workbench.authorization_requests.form import RequestForm
from blueprints.workbench.authorization_requests.preflight_words import (
    Advice,
    Summary,
    Tried,
    advice_for,
    conclusion_of,
    summary_of,
)
from domain.budget import Budget
from domain.events import log_event
from domain.problems import Problem, for_operator, problem_for
from domain.redirect_uris.variants import Variant, control, variants
from domain.text.hiding import hide
from providers.errors import ProviderError
from providers.vinli.oauth.preflight import PreflightResult, made_up_challenge, made_up_state, preflight
from wiring.services import Services

# Seconds for all requests of one page, and for one of them.
PREFLIGHT_SECONDS = 8.0
REQUEST_SECONDS = 5.0
AT_ONCE = 4


@dataclass(frozen=True)
class AskedRequest:
    """One request and its result: an `outcome`, or a `problem` if no answer came. `is_judged` is as in `Tried`."""

    variant: Variant
    outcome: PreflightResult | None
    problem: Problem | None
    is_judged: bool | None = None

    @property
    def is_accepted(self) -> bool:
        """Tell if the redirect URI was accepted; False if the server does not check redirect URIs at this step."""
        return self.outcome is not None and self.outcome.accepts_redirect_uri and self.is_judged is not False

    @property
    def is_refused(self) -> bool:
        return self.outcome is not None and self.outcome.refuses_request

    @property
    def title(self) -> str:
        """Return in a few words what would happen to a driver."""
        return self.problem.title if self.problem else self._summary.title if self._summary else ""

    @property
    def words(self) -> str:
        """Return the same in a sentence or two."""
        return self._summary.words if self._summary else ""

    @property
    def notice_kind(self) -> str:
        return self._summary.kind if self._summary else "problem"

    @property
    def status(self) -> int | None:
        return self.outcome.status if self.outcome else None

    @property
    def milliseconds(self) -> int:
        return round(self.outcome.elapsed * 1000) if self.outcome else 0

    @property
    def _summary(self) -> Summary | None:
        return summary_of(self.outcome, is_judged=self.is_judged) if self.outcome else None


@dataclass(frozen=True)
class Report:
    """The content of a preflight page. `rows` holds the variants and then the control; empty if they were not tried."""

    asked: AskedRequest
    advice: tuple[Advice, ...]
    rows: tuple[AskedRequest, ...] = ()
    conclusion: str = ""

    @property
    def table(self) -> tuple[AskedRequest, ...]:
        """Return the original request and its variants for one table."""
        return (self.asked, *self.rows)

    @property
    def status(self) -> int:
        """Return the status of the page: that of the problem if the server does not answer, else 200."""
        return self.asked.problem.status if self.asked.problem else 200


def run_preflight(form: RequestForm, *, with_variants: bool) -> Report:
    """Send the request of a form that has no errors. Raises Saturated if too many requests wait for Vinli."""
    budget, sent = Budget(PREFLIGHT_SECONDS), Variant("as_is", "As it is", form.redirect_uri)
    with services().bulkhead.slot():
        asked = _ask(form, sent, budget)
        others = variants(form.redirect_uri) if with_variants and not asked.problem else ()
        # Send the control first, because the other results mean little without it.
        answers = _ask_all(form, (control(), *others), budget) if others else ()
    log_event(
        "workbench preflight",
        kind=asked.outcome.kind if asked.outcome else None,
        upstream_status=asked.outcome.status if asked.outcome else None,
        variants=len(answers[1:]),
    )
    return _report(form, asked, answers)


def _report(form: RequestForm, asked: AskedRequest, answers: tuple[AskedRequest, ...]) -> Report:
    settings = services().settings
    advice = advice_for(form, asked.outcome, settings) if asked.outcome else ()
    if not answers:
        return Report(asked, advice)
    is_judged = False if answers[0].is_accepted else True if answers[0].is_refused else None
    asked, checked, *rows = (replace(one, is_judged=is_judged) for one in (asked, *answers))
    tried = Tried(
        len(rows),
        asked.is_accepted,
        tuple(row.variant for row in rows if row.is_accepted),
        sum(not row.is_accepted and not row.is_refused for row in rows),
        is_judged,
        any(one.is_refused for one in (asked, checked, *rows)),
    )
    return Report(asked, advice, (*rows, checked), conclusion_of(form, settings, tried))


def _ask_all(form: RequestForm, others: tuple[Variant, ...], budget: Budget) -> tuple[AskedRequest, ...]:
    application = services()
    with ThreadPoolExecutor(AT_ONCE, "preflight") as threads:
        return tuple(threads.map(lambda variant: _ask(form, variant, budget, application), others))


def _ask(
    form: RequestForm, variant: Variant, budget: Budget, application: Services | None = None
) -> AskedRequest:
    """Send one request. A worker thread has no Flask context and must pass the `application`."""
    application = application or services()
    state = made_up_state()
    code_challenge = made_up_challenge() if form.uses_pkce else None
    changed = replace(form, redirect_uri=variant.redirect_uri)
    url = changed.url(application.settings, form.state or state, code_challenge)
    try:
        outcome = preflight(application.transport, url, deadline=budget.share(REQUEST_SECONDS))
    except ProviderError as error:
        return AskedRequest(variant, None, for_operator(problem_for(error)))
    return AskedRequest(variant, _without(outcome, [form.state or state, code_challenge or ""]), None)


def _without(outcome: PreflightResult, secrets: list[str]) -> PreflightResult:
    """Return an outcome with these secrets hidden in its texts."""
    return replace(
        outcome,
        title=hide(outcome.title, secrets),
        text=hide(outcome.text, secrets),
        location=hide(outcome.location, secrets),
    )
