"""The overview of the partners. It reads the tokens' states from the store and calls no partner."""

from __future__ import annotations

from flask import render_template

from blueprints.partners.blueprint import bp
from blueprints.partners.status import PartnerView
from blueprints.web.operators import operator_required
from blueprints.web.services import services


@bp.get("")
@operator_required
def index() -> str:
    """Show all partners and the states of their tokens."""
    views = [PartnerView.of(partner) for partner in services().partners.by_name.values()]
    return render_template("partners/index.html", partners=views)
