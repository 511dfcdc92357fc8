"""Help of the command line, which needs no settings."""

from __future__ import annotations

import sys

import click


def is_command_line() -> bool:
    """Tell if this process runs a command of ``flask``."""
    return click.get_current_context(silent=True) is not None


def is_help_asked_for() -> bool:
    """Tell if this process is a command line that only prints help."""
    words = sys.argv[1:]
    return is_command_line() and (
        "--help" in words or not [word for word in words if not word.startswith("-")][1:]
    )
