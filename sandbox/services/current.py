"""The way from a view to the collaborators of Vinli's services."""

from typing import cast

from flask import Flask, current_app

from sandbox.services.container import Vinli

KEY = "sandbox.vinli"


def attach_vinli(app: Flask, vinli: Vinli) -> None:
    """Let the views of ``app`` use ``vinli``."""
    app.extensions[KEY] = vinli


def current_vinli() -> Vinli:
    """Return what was attached to the application that answers the current request."""
    return cast("Vinli", current_app.extensions[KEY])
