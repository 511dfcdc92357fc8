"""The header of every page: who is connected, which areas exist, and the sandbox banner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask

from blueprints.web.identity import Driver, current_driver
from blueprints.web.operators import is_operator, operator_enabled
from blueprints.web.requests import path_as_asked
from blueprints.web.services import services
from store.base import StoreUnavailable


@dataclass(frozen=True)
class Navigation:
    """The state of the header; ``driver`` is None for anonymous visitors."""

    driver: Driver | None
    operator: bool
    operator_enabled: bool
    implicit_enabled: bool


def register_navigation(app: Flask) -> None:
    """Pass ``nav``, ``sandbox_origin`` and ``path_as_asked`` to every template."""
    app.add_template_global(path_as_asked)

    @app.context_processor
    def navigation() -> dict[str, Any]:
        settings = services().settings
        try:
            driver, operator = current_driver(), is_operator()
        except StoreUnavailable:
            # The page itself says that the store is down, or does not need the store.
            driver, operator = None, False
        return {
            "nav": Navigation(driver, operator, operator_enabled(), settings.vinli_web_client_id is not None),
            "sandbox_origin": settings.sandbox_origin,
        }
