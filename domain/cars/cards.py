"""The cards of the garage: each device with its latest vehicle, fetched concurrently.

If one device fails, only its card says so. Only a refused token ends the whole page.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from domain.budget import Budget
from domain.events import log_event
from providers.errors import ProviderError, Unauthorized
from providers.http.auth import BasicAuth
from providers.tokens.auth import TokenAuth
from providers.vinli.platform import Device, PlatformClient, Vehicle

CALL_SECONDS = 5.0


@dataclass(frozen=True)
class Card:
    """One device as the garage shows it. ``vehicle`` is None if Vinli knows no car or the call failed."""

    device: Device
    vehicle: Vehicle | None = None
    problem: str | None = None
    shows_vin: bool = False

    @property
    def device_id(self) -> str:
        return self.device.id

    @property
    def name(self) -> str:
        return self.device.name or "Unnamed device"

    @property
    def vehicle_title(self) -> str | None:
        """Return the known ones of year, make and model; None if only the VIN is known."""
        if self.vehicle is None:
            return None
        known = (self.vehicle.year, self.vehicle.make, self.vehicle.model)
        return " ".join(part for part in known if part) or None

    @property
    def trim(self) -> str | None:
        return self.vehicle.trim if self.vehicle else None

    @property
    def last_startup(self) -> datetime | None:
        return self.vehicle.last_startup if self.vehicle else None

    @property
    def vin(self) -> str | None:
        """Return the whole VIN if the driver has asked for it, else None."""
        return self.vehicle.vin if self.vehicle and self.shows_vin else None

    @property
    def vin_masked(self) -> str | None:
        """Return the VIN with all but its last four characters hidden."""
        if self.vehicle is None or not self.vehicle.vin:
            return None
        vin = self.vehicle.vin
        return "•" * max(len(vin) - 4, 0) + vin[-4:]

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Return the known facts about the vehicle as pairs of label and text."""
        if self.vehicle is None:
            return []
        vehicle = self.vehicle
        known = (
            ("Year", vehicle.year),
            ("Make", vehicle.make),
            ("Model", vehicle.model),
            ("Trim", vehicle.trim),
        )
        return [(label, text) for label, text in known if text]


def load_cards(
    platform: PlatformClient,
    auth: BasicAuth | TokenAuth,
    devices: list[Device],
    concurrency: int,
    budget: Budget,
) -> list[Card]:
    """Return a card for each device, in order, after fetching the latest vehicles concurrently.

    Raises Unauthorized if the token is refused. Any other failure only marks its card.
    """
    if not devices:
        return []
    with ThreadPoolExecutor(max_workers=min(concurrency, len(devices))) as pool:
        return list(pool.map(lambda device: load_card(platform, auth, device, budget), devices))


def load_card(
    platform: PlatformClient,
    auth: BasicAuth | TokenAuth,
    device: Device,
    budget: Budget,
    *,
    shows_vin: bool = False,
) -> Card:
    """Return one device's card. Raises Unauthorized if the token is refused."""
    if not device.id:
        return Card(device, problem="Vinli’s record of this device has no usable ID, so it cannot be opened.")
    try:
        vehicle = platform.latest_vehicle(auth, device.id, deadline=budget.share(CALL_SECONDS))
        return Card(device, vehicle, shows_vin=shows_vin)
    except Unauthorized:
        raise
    except ProviderError as error:
        log_event("card degraded", kind=type(error).__name__, upstream_status=error.status)
        return Card(device, problem="Vinli did not tell us which car this is just now.")
