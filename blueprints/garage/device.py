"""One car of the driver."""

from __future__ import annotations

from flask import render_template, request
from werkzeug.wrappers import Response

from blueprints.garage.blueprint import bp
from blueprints.garage.entry import for_driver
from blueprints.web.identity import Driver
from blueprints.web.services import services
from domain.budget import Budget
from domain.cars.cards import CALL_SECONDS, load_card


@bp.get("/garage/devices/<device_id>")
def device(device_id: str) -> Response | str:
    """Show one device of the driver. The whole VIN is shown only on request (``?vin=show``)."""
    return for_driver(lambda driver: _device(driver, device_id))


def _device(driver: Driver, device_id: str) -> str:
    platform, budget = services().platform, Budget()
    found = platform.device(driver.auth, device_id, deadline=budget.share(CALL_SECONDS))
    card = load_card(platform, driver.auth, found, budget, shows_vin=request.args.get("vin") == "show")
    return render_template("garage/device.html", driver=driver, card=card, device=found)
