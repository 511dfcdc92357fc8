"""The traces of OAuth runs, recorded for the visitor whose request this is."""

from __future__ import annotations

from blueprints.web.limits import client_address
from blueprints.web.services import services
from domain.oauth_runs.trace import TraceRecorder


def trace_recorder() -> TraceRecorder:
    """Return what begins and finds traces in this request."""
    about = services()
    return TraceRecorder(about.settings, about.traces, about.clock, client_address)
