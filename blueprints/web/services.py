"""Access to the application's services from views."""

from __future__ import annotations

from typing import cast

from flask import current_app

from wiring.services import Services

EXTENSION = "vinli_connect"


def services() -> Services:
    """Return the services of the application that handles this request."""
    return cast(Services, current_app.extensions[EXTENSION])
