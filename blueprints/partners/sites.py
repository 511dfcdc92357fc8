"""Ayyeka's field sites."""

from __future__ import annotations

from blueprints.partners.asking import asked, page_of, partner_named
from blueprints.partners.blueprint import bp
from blueprints.web.operators import operator_required
from blueprints.web.services import services


@bp.get("/ayyeka/sites")
@operator_required
def sites() -> tuple[str, int]:
    """List the field sites."""
    client = services().partners.ayyeka
    listed, problem = asked("ayyeka", lambda seconds: client.sites(deadline=seconds) if client else [])
    return page_of("partners/sites.html", problem, partner=partner_named("ayyeka"), sites=listed)
