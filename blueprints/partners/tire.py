"""Anyline's reading of a tyre."""

from __future__ import annotations

from flask import request

from blueprints.partners.asking import asked, page_of, partner_named
from blueprints.partners.blueprint import bp
from blueprints.web.operators import operator_required
from blueprints.web.policies import policy
from blueprints.web.services import services
from domain.partners.photographs import MAX_BODY_BYTES, checked_photograph
from domain.partners.tires import tire_readings
from domain.problems import ProblemError


@bp.post("/anyline/tire-sidewall")
@policy(max_body_bytes=MAX_BODY_BYTES)
@operator_required
def tire_sidewall() -> tuple[str, int]:
    """Read a tyre from a photograph in a form, for browsers without JavaScript. The photograph is not stored."""
    client = services().partners.anyline
    given = next((file for file in request.files.getlist("image") if file.filename), None)
    try:
        image = checked_photograph(given.read() if given else b"")
    except ProblemError as refusal:
        return page_of("partners/tire.html", refusal.problem, partner=partner_named("anyline"), readings=None)
    read, problem = asked(
        "anyline", lambda seconds: client.read_tire_sidewall(image, deadline=seconds) if client else None
    )
    return page_of(
        "partners/tire.html",
        problem,
        partner=partner_named("anyline"),
        readings=tire_readings(read) if read is not None else None,
    )
