"""The report on a device and its latest vehicle, as HTML that Aspose converts to Word or PDF."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from flask import render_template

from blueprints.web.operators import app_auth
from blueprints.web.services import services
from domain.budget import Budget
from domain.cars.cards import CALL_SECONDS, Card, load_card


@dataclass(frozen=True)
class Format:
    """A kind of document; `suffix` is also Aspose's name for it."""

    title: str
    suffix: Literal["pdf", "docx"]
    mimetype: str


FORMATS = {
    "pdf": Format("PDF", "pdf", "application/pdf"),
    "docx": Format("Word", "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}


@dataclass(frozen=True)
class VehicleReport:
    """A report: the device's card, the time, and the document as HTML."""

    card: Card
    made_at: datetime
    html: str

    @property
    def file_name(self) -> str:
        """Return the file's name without suffix, in characters that every file system accepts."""
        return f"vehicle-report-{self.card.device.id}-{self.made_at:%Y-%m-%d}"


def vehicle_report(device_id: str, budget: Budget, *, shows_vin: bool) -> VehicleReport:
    """Return a report on a device of the app. It holds the whole VIN only if ``shows_vin`` is set.

    Raises NotFound if the app has no device with this id, and other ProviderErrors if Vinli fails.
    """
    platform = services().platform
    device = platform.device(app_auth(), device_id, deadline=budget.share(CALL_SECONDS))
    card = load_card(platform, app_auth(), device, budget, shows_vin=shows_vin)
    made_at = datetime.fromtimestamp(services().clock(), UTC)
    return VehicleReport(
        card, made_at, render_template("partners/vehicle_report.html", card=card, made_at=made_at)
    )
