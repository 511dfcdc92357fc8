"""The files at Aspose."""

from __future__ import annotations

from flask import request

from blueprints.partners.asking import asked, page_of, partner_named
from blueprints.partners.blueprint import bp
from blueprints.web.operators import operator_required
from blueprints.web.services import services

MAX_FOLDER = 2000


@bp.get("/aspose/files")
@operator_required
def files() -> tuple[str, int]:
    """List a folder of a storage (``storageName`` in Aspose's words)."""
    client = services().partners.aspose
    folder = request.args.get("folder", "/")[:MAX_FOLDER] or "/"
    storage = request.args.get("storage", "").strip()[:200] or None
    listed, problem = asked(
        "aspose", lambda seconds: client.files(folder, storage, deadline=seconds) if client else []
    )
    return page_of(
        "partners/files.html",
        problem,
        partner=partner_named("aspose"),
        files=listed,
        folder=folder,
        storage=storage or "",
    )
