"""The one way by which views reach their collaborators."""

from __future__ import annotations

from typing import cast

from flask import current_app

from wiring.services import Services

EXTENSION = "vinli_connect"


def services() -> Services:
    """Return the collaborators of the application that handles this request."""
    return cast(Services, current_app.extensions[EXTENSION])
