"""All devices of the app, read with the BasicAuth app client.

The app client sees the devices of all drivers, so all pages here need the operator's sign-in.
"""

from __future__ import annotations

from flask import (
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response

from blueprints.operator.blueprint import bp
from blueprints.web.operators import (
    app_auth,
    operator_required,
)
from blueprints.web.paging import NumberedPage, page_number
from blueprints.web.services import services
from blueprints.web.streams import streamed_file, streamed_page
from domain.budget import Budget
from domain.cars.cards import CALL_SECONDS, load_card
from domain.cars.exports.devices import spreadsheet_rows
from domain.cars.search import matcher
from domain.list_stream import ListStream
from providers.vinli.platform import Device

DEVICES_PER_PAGE = 100
MAX_QUERY = 100
# Characters per piece when the whole list is sent.
PIECE_SIZE = 4000


@bp.get("/devices")
@operator_required
def devices() -> Response | str:
    """Show a page of the list; stream the whole list for a search (``q``) or on request (``all``)."""
    query = request.args.get("q", "").strip()[:MAX_QUERY]
    if query or "all" in request.args:
        return _stream_page(query)
    number = page_number()
    with services().bulkhead.slot():
        page = services().platform.devices_page(app_auth(), (number - 1) * DEVICES_PER_PAGE, DEVICES_PER_PAGE)
    listed = NumberedPage(
        page.items, number, DEVICES_PER_PAGE, page.total, lambda n: url_for("operator.devices", page=n)
    )
    return render_template("operator/devices.html", page=listed, query="", **_list_links())


@bp.get("/devices/<device_id>")
@operator_required
def device(device_id: str) -> str:
    """Show one device of the app with its latest vehicle."""
    platform, budget = services().platform, Budget()
    with services().bulkhead.slot():
        found = platform.device(app_auth(), device_id, deadline=budget.share(CALL_SECONDS))
        card = load_card(platform, app_auth(), found, budget, shows_vin=request.args.get("vin") == "show")
    return render_template("operator/device.html", device=found, card=card)


@bp.get("/devices.csv")
@operator_required
def devices_csv() -> Response:
    """Stream the whole list as CSV."""
    stream = _open_stream()
    return streamed_file(stream, spreadsheet_rows(stream.rows()), "text/csv", "devices.csv")


def _stream_page(query: str) -> Response:
    stream = _open_stream()
    context = {"rows": stream.matching(matcher(query)), "query": query, **_list_links()}
    # Matches may be rare, so each one is sent at once. A whole list is sent in larger pieces.
    return streamed_page(
        stream, "operator/devices_stream.html", context, piece_size=0 if query else PIECE_SIZE
    )


def _open_stream() -> ListStream[Device]:
    """Fetch the first page now, so that a failure still gets an error page."""
    return ListStream(lambda: services().platform.devices(app_auth()), services().bulkhead)


def _list_links() -> dict[str, str]:
    return {"csv_url": url_for("operator.devices_csv"), "all_url": url_for("operator.devices", all=1)}
