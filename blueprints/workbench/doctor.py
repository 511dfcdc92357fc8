"""The doctor's page: the problems of this installation and how to fix them."""

from __future__ import annotations

from flask import render_template, request

from blueprints.web.arrival import arrival
from blueprints.web.operators import operator_required
from blueprints.web.requests import came_from_another_site, refuse_prefetch
from blueprints.web.services import services
from blueprints.web.visitors.limits import limiter, workbench_rate
from blueprints.workbench.blueprint import bp
from domain.budget import Budget
from domain.doctor.address import BrowserRequest
from domain.doctor.diagnosis import Typed, diagnose

MAX_URI = 2048


@bp.get("")
@limiter.limit(workbench_rate)
@operator_required
def index() -> str:
    """Show the doctor's findings. Registered redirect URIs may be typed in if Vinli does not list them.

    The checks send our secrets to Vinli. A link from another site must not start them, so it shows a button first.
    """
    refuse_prefetch()
    typed = Typed(_typed("registered"), _typed("registered_implicit"))
    settings = services().settings
    diagnosis = None
    if not came_from_another_site():
        with services().bulkhead.slot():
            diagnosis = diagnose(
                services().installation, _browser_request(), typed, Budget(), services().recent_probes
            )
    return render_template("workbench/doctor.html", diagnosis=diagnosis, typed=typed, settings=settings)


def _browser_request() -> BrowserRequest:
    """Return the address by which the browser reached this site with this request."""
    arrived = arrival()
    return BrowserRequest(request.scheme, arrived.host or "", arrived.forwarded, request.remote_addr or "")


def _typed(name: str) -> str | None:
    return request.args.get(name, "").strip()[:MAX_URI] or None
