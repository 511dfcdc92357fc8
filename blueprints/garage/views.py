"""The driver's own devices and vehicles, fetched with the driver's own token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from blueprints.web.identity import Driver, current_driver, forget_driver, forget_expired_driver
from blueprints.web.paging import NumberedPage, page_number
from blueprints.web.services import services
from domain.budget import Budget
from domain.cars.cards import CALL_SECONDS, load_card, load_cards
from domain.events import log_event
from domain.problems import HOME, Action, Problem, ProblemError, problem_for
from providers.errors import ProviderError, Unauthorized

bp = Blueprint("garage", __name__)

CARS_PER_PAGE = 24

NOT_CONNECTED = Problem(
    "not_connected",
    401,
    "Connect your car first",
    "This page shows the cars of the driver who is connected, and nobody is connected in this browser.",
)
CONNECTION_ENDED = Problem(
    "connection_ended",
    401,
    "Vinli asks you to connect again",
    "Your permission has ended or was withdrawn, so we have forgotten the key to your cars.",
    ("Connect again to bring your cars back. Nothing on Vinli’s side was changed.",),
)


@bp.get("/garage")
def index() -> Response | str:
    """List the driver's devices, each with its latest vehicle."""
    return _for_driver(_garage)


@bp.get("/garage/devices/<device_id>")
def device(device_id: str) -> Response | str:
    """Show one device of the driver; the whole VIN only on request (``?vin=show``)."""
    return _for_driver(lambda driver: _device(driver, device_id))


def _for_driver(page: Callable[[Driver], Response | str]) -> Response | str:
    """Render a page for the connected driver; ask everybody else, and those whose token ended, to connect."""
    driver = current_driver()
    if driver is None:
        raise _ask_to_connect(CONNECTION_ENDED if forget_expired_driver() else NOT_CONNECTED)
    try:
        with services().bulkhead.slot():
            return page(driver)
    except Unauthorized as error:
        # Exactly this token is dead; nothing else of the browser's session is.
        forget_driver()
        log_event("driver token refused")
        raise _ask_to_connect(CONNECTION_ENDED) from error


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


def _device(driver: Driver, device_id: str) -> str:
    platform, budget = services().platform, Budget()
    found = platform.device(driver.auth, device_id, deadline=budget.share(CALL_SECONDS))
    card = load_card(platform, driver.auth, found, budget, shows_vin=request.args.get("vin") == "show")
    return render_template("garage/device.html", driver=driver, card=card, device=found)


def _list_failed(driver: Driver, error: ProviderError) -> Response:
    """Keep the page and who is connected when the list itself cannot be had."""
    problem = problem_for(error)
    log_event("garage degraded", kind=type(error).__name__, upstream_status=error.status)
    page = render_template("garage/index.html", driver=driver, cards=[], page=None, problem=problem.what)
    return make_response(page, problem.status)


def _ask_to_connect(problem: Problem) -> ProblemError:
    next_path = request.full_path.rstrip("?")
    connect = Action("Connect", "/connect", primary=True, next_path=next_path)
    return ProblemError(replace(problem, actions=(connect, HOME)))
