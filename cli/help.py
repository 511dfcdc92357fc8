"""Help of the command line, which needs no settings."""

from __future__ import annotations

import sys

import click


def is_help_asked_for() -> bool:
    """Tell if this process is a command line that only prints help."""
    words = sys.argv[1:]
    return click.get_current_context(silent=True) is not None and (
        "--help" in words or not [word for word in words if not word.startswith("-")][1:]
    )
