"""The driver's cars, fetched with the driver's own token."""

from __future__ import annotations

import logging

from flask import make_response, render_template, url_for
from werkzeug.wrappers import Response

from blueprints.garage.blueprint import bp
from blueprints.garage.entry import for_driver
from blueprints.web.identity import Driver
from blueprints.web.paging import NumberedPage, page_number
from blueprints.web.services import services
from domain.budget import Budget
from domain.cars.cards import CALL_SECONDS, load_cards
from domain.events import log_event
from domain.problems import problem_for
from providers.errors import ProviderError, Unauthorized

CARS_PER_PAGE = 24


@bp.get("/garage")
def index() -> Response | str:
    """List the driver's devices, each with its latest vehicle."""
    return for_driver(_garage)


def _garage(driver: Driver) -> Response | str:
    platform, settings = services().platform, services().settings
    number, budget = page_number(), Budget()
    try:
        page = platform.devices_page(
            driver.auth, (number - 1) * CARS_PER_PAGE, CARS_PER_PAGE, deadline=budget.share(CALL_SECONDS)
        )
    except Unauthorized:
        raise
    except ProviderError as error:
        return _list_failed(driver, error)
    cards = load_cards(platform, driver.auth, list(page.items), settings.vinli_concurrency, budget)
    cars = NumberedPage(cards, number, CARS_PER_PAGE, page.total, lambda n: url_for("garage.index", page=n))
    return render_template("garage/index.html", driver=driver, cards=cards, page=cars, problem=None)


def _list_failed(driver: Driver, error: ProviderError) -> Response:
    """Show the page without cars if the list cannot be loaded. The driver stays connected."""
    problem = problem_for(error)
    log_event(
        "garage degraded",
        logging.WARNING,
        cause=str(error),
        kind=type(error).__name__,
        upstream_status=error.status,
    )
    page = render_template(
        "garage/index.html",
        driver=driver,
        cards=[],
        page=None,
        problem=problem.what,
    )
    return make_response(page, problem.status)
