"""Record traces of OAuth runs for the visitor who sent the current request."""

from __future__ import annotations

from blueprints.web.arrival import client_address
from blueprints.web.services import services
from domain.oauth_runs.trace import TraceRecorder


def trace_recorder() -> TraceRecorder:
    """Return the trace recorder for this request."""
    about = services()
    return TraceRecorder(about.settings, about.traces, about.clock, client_address)
