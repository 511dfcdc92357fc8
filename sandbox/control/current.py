"""The way from a view to the collaborators of the control interface."""

from typing import cast

from flask import Flask, current_app

from sandbox.control.container import Control

KEY = "sandbox.control"


def attach_control(app: Flask, control: Control) -> None:
    """Let the views of ``app`` use ``control``."""
    app.extensions[KEY] = control


def current_control() -> Control:
    """Return what was attached to the application that answers the current request."""
    return cast("Control", current_app.extensions[KEY])
