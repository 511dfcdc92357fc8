"""What the pages of all partners share: the requested partner, and one call of it for a page's content.

A page calls a partner only for its own content. Failures of partners are shown on the page that met them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import abort, render_template

from blueprints.partners.blueprint import bp
from blueprints.web.services import services
from domain.budget import Budget
from domain.partners.problems import not_configured
from domain.problems import Problem
from providers.errors import ProviderError
from providers.partners.partner import Partner

R = TypeVar("R")

# Seconds for one call of a partner.
PARTNER_SECONDS = 8.0


@bp.app_template_global()
def partner_is_configured(name: str) -> bool:
    """Tell if this partner is set up, so that pages may offer its functions."""
    return partner_named(name).is_configured


def partner_named(name: str) -> Partner:
    """Return a partner, or end the request with 404."""
    found = services().partners.by_name.get(name)
    if found is None:
        abort(404)
    return found


def asked(name: str, ask: Callable[[float], R]) -> tuple[R | None, Problem | None]:
    """Return a partner's answer, or the problem. ``ask`` gets the number of seconds that it may take."""
    found = partner_named(name)
    if not found.is_configured:
        return None, not_configured(found)
    try:
        with services().bulkhead.slot():
            return ask(Budget().share(PARTNER_SECONDS)), None
    except ProviderError as error:
        return None, services().partner_problems.logged(found, error)


def page_of(template: str, problem: Problem | None, **about: Any) -> tuple[str, int]:
    """Return a page with its status, which is the problem's if there is one."""
    return render_template(template, problem=problem, **about), problem.status if problem else 200
