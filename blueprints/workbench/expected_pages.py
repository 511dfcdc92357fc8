"""The page of this application that each of the sandbox's magic drivers leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain import problems
from domain.oauth_runs import problems as flow_problems
from domain.oauth_runs.states import StateCheck
from domain.problems import Problem
from providers.vinli.sandbox_drivers import MagicDriver


@dataclass(frozen=True)
class ExpectedPage:
    """The status and heading of a page; ``then`` tells what else to see on it or after it."""

    status: int
    heading: str
    then: str = ""


@dataclass(frozen=True)
class DriverAndPage:
    """A magic driver and its page; ``page`` is None if this application does not know the driver."""

    driver: MagicDriver
    page: ExpectedPage | None


GARAGE = ExpectedPage(200, "Your garage")
REFUSED = flow_problems.REFUSED


def _page(problem: Problem, then: str = "") -> ExpectedPage:
    return ExpectedPage(problem.status, problem.title, then)


EXPECTED_PAGES: Mapping[str, ExpectedPage] = {
    "denies": _page(flow_problems.DENIED),
    "error-in-body": ExpectedPage(400, "", "The browser stays at the sandbox and never comes back."),
    "server-error": _page(REFUSED, "with the error code server_error"),
    "no-state": _page(flow_problems.NO_STATE),
    "wrong-state": _page(flow_problems.STATE_PROBLEMS[StateCheck.UNKNOWN]),
    "expired-code": _page(REFUSED, "with the error code invalid_grant"),
    "used-code": _page(REFUSED, "with the error code invalid_grant"),
    "wrong-verifier": _page(REFUSED, "with the error code invalid_grant"),
    "invalid-client": _page(REFUSED, "with the error code invalid_client"),
    "slow-token": _page(problems.UPSTREAM_SLOW, "after seven seconds"),
    "token-500": _page(problems.UPSTREAM_FAILED),
    "token-empty": _page(REFUSED, "with no error code"),
    "token-html": _page(problems.UPSTREAM_INVALID_RESPONSE),
    "token-no-type": GARAGE,
    "token-type-jwt": _page(problems.UPSTREAM_INVALID_RESPONSE),
    "token-expired": _page(REFUSED),
    "short-token": ExpectedPage(200, "Your garage", "and after a minute the garage asks to connect again"),
    "refresh-rotating": GARAGE,
    "drops-token": _page(problems.UPSTREAM_UNREACHABLE),
    "user-401": _page(REFUSED),
    "user-500": _page(problems.UPSTREAM_FAILED),
    "devices-500": ExpectedPage(
        problems.UPSTREAM_FAILED.status,
        "Your garage",
        "where a notice says that the cars could not be loaded: the driver is connected all the same",
    ),
    "no-devices": ExpectedPage(200, "No car here yet"),
    "many-devices": ExpectedPage(200, "Your garage", "with 84 pages"),
    "hostile-names": ExpectedPage(200, "Your garage", "where every name is text and nothing more"),
}


def with_expected_page(driver: MagicDriver) -> DriverAndPage:
    """Return a magic driver with the page that it leads to."""
    return DriverAndPage(driver, EXPECTED_PAGES.get(driver.name))
