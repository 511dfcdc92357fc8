"""The error pages, rendered without a real request, because some of their causes are hard to produce in a test."""

from __future__ import annotations

from types import ModuleType

from playwright.sync_api import Page, Route

import settings
from app import create_app
from blueprints.garage import entry as garage
from blueprints.operator import sign_in as operator
from blueprints.web import error_pages as problems
from blueprints.web import requests
from blueprints.web.error_pages import render_problem
from blueprints.workbench import problems as workbench_problems
from domain import problems as domain_problems
from domain.oauth_runs import problems as flow_problems
from domain.problems import Problem
from tests.support.chromium.sites import Site

MODULES = (domain_problems, problems, flow_problems, requests, garage, operator, workbench_problems)


def all_problems() -> dict[str, Problem]:
    """Return every problem page of the application, by name."""
    return {
        name: problem
        for module in MODULES
        for name, problem in _problems_in(module)
        if isinstance(problem, Problem)
    }


def one_of_each_shape() -> dict[str, Problem]:
    """Return one problem page for each layout: the one with the most text."""
    chosen: dict[object, str] = {}
    found = all_problems()
    for name in sorted(found, key=lambda name: len(str(found[name]))):
        problem = found[name]
        chosen[bool(problem.todo), problem.actions, bool(problem.error_code)] = name
    return {name: found[name] for name in chosen.values()}


def show(page: Page, site: Site, problem: Problem) -> None:
    """Show the page of a problem in the browser as the application of ``site`` would send it."""
    app = create_app(settings.from_environ(site.app.variables))
    with app.test_request_context("/problem", base_url=site.origin):
        html = render_problem(problem).get_data(as_text=True)

    def answer(route: Route) -> None:
        route.fulfill(body=html, content_type="text/html; charset=utf-8", status=problem.status)

    page.route("**/problem", answer)
    page.goto(site.url("/problem"))


def _problems_in(module: ModuleType) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name, value in vars(module).items():
        if isinstance(value, dict):
            found += [(f"{name}-{key}", inner) for key, inner in value.items()]
        else:
            found.append((name, value))
    return found
