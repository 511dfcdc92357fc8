"""The sandbox's magic drivers: one account for each failure."""

from __future__ import annotations

from flask import abort, render_template

from blueprints.web.operators import operator_required
from blueprints.web.services import services
from blueprints.web.visitors.limits import limiter, workbench_rate
from blueprints.workbench.blueprint import bp
from blueprints.workbench.expected_pages import with_expected_page
from domain.problems import for_operator, problem_for
from providers.errors import ProviderError, Refused
from providers.vinli.sandbox_drivers import magic_drivers

DRIVERS_SECONDS = 4.0


@bp.get("/drivers")
@limiter.limit(workbench_rate)
@operator_required
def drivers() -> str | tuple[str, int]:
    """List the sandbox's accounts, one for each failure, and the page that each leads to."""
    origin = services().settings.sandbox_origin
    if origin is None:
        abort(404)
    try:
        with services().bulkhead.slot():
            listed = magic_drivers(services().transport, origin, deadline=DRIVERS_SECONDS)
    except Refused:
        # A tunnel or another emulator may be at a loopback address. It has no list of magic drivers.
        return render_template("workbench/drivers.html", drivers=(), password="", problem=None)
    except ProviderError as error:
        problem = for_operator(problem_for(error))
        return render_template(
            "workbench/drivers.html", drivers=(), password="", problem=problem
        ), problem.status
    rows = [with_expected_page(driver) for driver in listed.drivers]
    return render_template("workbench/drivers.html", drivers=rows, password=listed.password, problem=None)
