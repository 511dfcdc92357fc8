"""Add the return of a workbench run to its trace, only once, for all ways in which it may come back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import request

from blueprints.web.logs import reference
from blueprints.web.services import services
from blueprints.web.traces import trace_recorder
from blueprints.workbench.received_callback import ReceivedCallback
from domain.oauth_runs.steps import KNOWN_PARAMETERS, shown_parameters
from store.workbench_runs import Run

IN_FRAGMENT = "[in the fragment, which this server does not see]"


def note_return(caught: ReceivedCallback) -> None:
    """Add a return in a query, a form or a pasted address to the trace of its run. Raises StoreUnavailable."""
    if caught.state_check.run is not None:
        _note(caught.state_check.run, shown_parameters(caught.pairs))


def note_fragment(run: Run, names: Iterable[str]) -> None:
    """Add a return in the fragment, of which only parameter names are known. Raises StoreUnavailable."""
    _note(run, dict.fromkeys((name for name in names if name in KNOWN_PARAMETERS), IN_FRAGMENT))


def _note(run: Run, parameters: Mapping[str, str]) -> None:
    if not services().workbench_runs.came_back(run.id):
        return
    trace = trace_recorder().find(run.trace_id)
    if trace is None:
        return
    step = trace.came_back(request.path, parameters, request.method)
    step.status, step.reference = 200, reference()
    if "error" in parameters:
        step.fail("The authorization server sent an error back.", "The catch page showed which one.")
        trace.keep("refused")
    else:
        # In the implicit flow the run ends with the token.
        trace.keep("good" if parameters.get("access_token") == IN_FRAGMENT else "open")
