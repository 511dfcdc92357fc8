"""Access to the garage, and the problems that everybody else sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from werkzeug.wrappers import Response

from blueprints.web.identity import Driver, current_driver, forget_driver, forget_expired_driver
from blueprints.web.requests import path_as_asked
from blueprints.web.services import services
from domain.events import log_event
from domain.problems import HOME, Action, Problem, ProblemError
from providers.errors import Unauthorized

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


def for_driver(page: Callable[[Driver], Response | str]) -> Response | str:
    """Render a page for the connected driver. Ask anybody else to connect, also if the token has ended."""
    driver = current_driver()
    if driver is None:
        raise _ask_to_connect(CONNECTION_ENDED if forget_expired_driver() else NOT_CONNECTED)
    try:
        with services().bulkhead.slot():
            return page(driver)
    except Unauthorized as error:
        # Only this token is invalid. The rest of the session stays valid.
        forget_driver()
        log_event("driver token refused")
        raise _ask_to_connect(CONNECTION_ENDED) from error


def _ask_to_connect(problem: Problem) -> ProblemError:
    connect = Action("Connect", "/connect", primary=True, next_path=path_as_asked())
    return ProblemError(replace(problem, actions=(connect, HOME)))
