"""The way from a view to the collaborators of the partners."""

from typing import cast

from flask import Flask, current_app

from sandbox.partners.container import Partners

KEY = "sandbox.partners"


def attach_partners(app: Flask, partners: Partners) -> None:
    """Let the views of ``app`` use ``partners``."""
    app.extensions[KEY] = partners


def current_partners() -> Partners:
    """Return what was attached to the application that answers the current request."""
    return cast("Partners", current_app.extensions[KEY])
