"""The report on a vehicle, which Aspose converts to Word or PDF."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from blueprints.partners.asking import asked, page_of, partner_named
from blueprints.partners.blueprint import bp
from blueprints.partners.vehicle_report import FORMATS, Format, VehicleReport, vehicle_report
from blueprints.web.operators import operator_required
from blueprints.web.services import services
from domain.budget import Budget

# Seconds for the report. A conversion of a document takes longer than other calls.
REPORT_SECONDS = 25.0


@bp.post("/aspose/report")
@operator_required
def report() -> Response | tuple[str, int]:
    """Make a document about a device and its vehicle, and download it or store it at Aspose."""
    kind = FORMATS.get(request.form.get("format", ""), FORMATS["pdf"])
    budget = Budget(REPORT_SECONDS)
    device_id, shows_vin = request.form.get("device_id", "").strip(), request.form.get("vin") == "show"
    with services().bulkhead.slot():
        made = vehicle_report(device_id, budget, shows_vin=shows_vin)
    path = f"/{made.file_name}.{kind.suffix}"
    stores = request.form.get("to") == "storage"
    document, problem = asked("aspose", lambda _: _document(made, kind, budget, path if stores else None))
    if document is None or stores:
        about = {"report": made, "kind": kind, "path": path}
        return page_of("partners/report.html", problem, partner=partner_named("aspose"), **about)
    response = Response(document, mimetype=kind.mimetype)
    response.headers["Content-Disposition"] = f"attachment; filename={made.file_name}.{kind.suffix}"
    return response


def _document(made: VehicleReport, kind: Format, budget: Budget, path: str | None) -> bytes | None:
    """Return the report as a document, and store it at Aspose if ``path`` is given; None if Aspose is not set up."""
    client = services().partners.aspose
    if client is None:
        return None
    document = client.convert(made.html.encode(), kind.suffix, deadline=budget.left)
    if path is not None:
        client.store(path, document, deadline=budget.left)
    return document
