"""The command line of the operator's access: ``flask --app app operator link``."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from blueprints.web.operator_link import make_link
from blueprints.web.operators import operator_enabled
from cli.output import fails_in_words, say

operator = AppGroup("operator", help="The operator's access to this site.")


@operator.command("link")
@fails_in_words
def operator_link() -> None:
    """Print a link that signs the operator in, once, within a day."""
    if not operator_enabled():
        raise click.ClickException("The operator pages are off: OPERATOR_PASSWORD is not set.")
    say(make_link())
