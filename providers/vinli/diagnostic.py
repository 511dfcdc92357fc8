"""Vinli's diagnostic service: trouble codes and the battery (docs diagnostic-services)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from requests.auth import AuthBase

from providers.http.transport import Transport
from providers.paging.time_parts import TimeListing, TimePage
from providers.vinli.service import item, item_or_none
from providers.vinli.time_lists import DEFAULT_LIMIT, TimeLists
from providers.vinli.values import Fields

PROVIDER = "vinli diagnostic"
State = Literal["all", "active", "inactive"]


@dataclass(frozen=True, slots=True)
class TroubleCode:
    """A code that was on for a while; `stop` is None while it is on. `number` is as in SAE J2012. Times are UTC."""

    id: str
    number: str
    description: str | None
    start: datetime
    stop: datetime | None
    device_id: str | None
    vehicle_id: str | None

    @property
    def is_active(self) -> bool:
        """Tell if the code is on."""
        return self.stop is None


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """What a code means. `make` is `generic` or a maker's name."""

    id: str
    number: str
    description: str | None
    make: str | None
    system: str | None
    sub_system: str | None


@dataclass(frozen=True, slots=True)
class Battery:
    """The state of a battery: `green`, `yellow` or `red`, None if undecided. `at` is UTC."""

    status: str | None
    at: datetime | None


class DiagnosticClient(TimeLists):
    """The diagnostic service."""

    def __init__(self, transport: Transport, origin: str, concurrency: int) -> None:
        super().__init__(PROVIDER, transport, origin, concurrency)

    def codes(
        self,
        auth: AuthBase,
        vehicle_id: str,
        state: State = "all",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> TimeListing[TroubleCode]:
        """Return all codes of a vehicle by their beginning, newest first. Raises the ProviderErrors."""
        path = f"/vehicles/{self.path_id(vehicle_id)}/codes"
        params: dict[str, str | int] = {"state": state}
        return self.all_by_time(auth, path, "codes", _code, _start, since=since, until=until, params=params)

    def codes_page(
        self,
        auth: AuthBase,
        vehicle_id: str,
        state: State = "all",
        *,
        limit: int = DEFAULT_LIMIT,
        deadline: float | None = None,
    ) -> TimePage[TroubleCode]:
        """Return the newest codes of a vehicle. Raises the ProviderErrors."""
        path = f"/vehicles/{self.path_id(vehicle_id)}/codes"
        params: dict[str, str | int] = {"state": state}
        return self.page_by_time(
            auth, path, "codes", _code, _start, limit=limit, params=params, deadline=deadline
        )

    def catalogue_entry(
        self, auth: AuthBase, code_id: str, *, deadline: float | None = None
    ) -> CatalogueEntry:
        """Return what a code means. Raises NotFound, and the other ProviderErrors."""
        return item(self.get(auth, f"/codes/{self.path_id(code_id)}", deadline), "code", _entry)

    def search(self, auth: AuthBase, number: str, *, deadline: float | None = None) -> list[CatalogueEntry]:
        """Return the entries of the catalogue for a number, such as P0301. Raises the ProviderErrors."""
        answer = self.get(auth, "/codes", deadline, {"number": number, "limit": 100, "offset": 0})
        return item(answer, "codes", _entries)

    def battery(self, auth: AuthBase, vehicle_id: str, *, deadline: float | None = None) -> Battery | None:
        """Return the state of a vehicle's battery; None if nothing is known. Raises the ProviderErrors."""
        path = f"/vehicles/{self.path_id(vehicle_id)}/battery_statuses/_current"
        return item_or_none(self.get(auth, path, deadline), "batteryStatus", _battery)


def _code(value: Any) -> TroubleCode:
    fields = Fields(value)
    return TroubleCode(
        id=fields.needed(fields.text("id"), "id"),
        number=fields.needed(fields.text("number"), "number"),
        description=fields.text("description"),
        start=fields.needed(fields.moment("start"), "start"),
        stop=fields.moment("stop"),
        device_id=fields.text("deviceId"),
        vehicle_id=fields.text("vehicleId"),
    )


def _entry(value: Any) -> CatalogueEntry:
    fields = Fields(value)
    return CatalogueEntry(
        id=fields.needed(fields.text("id"), "id"),
        number=fields.needed(fields.text("number"), "number"),
        description=fields.text("description"),
        make=fields.text("make"),
        system=fields.text("system"),
        sub_system=fields.text("subSystem") or fields.text("subsystem"),
    )


def _entries(value: Any) -> list[CatalogueEntry]:
    """Return the entries that can be read. Raises ValueError if there is no list."""
    if not isinstance(value, list):
        raise ValueError("a list is missing")
    found = []
    for one in value:
        try:
            found.append(_entry(one))
        except ValueError:
            continue
    return found


def _battery(value: Any) -> Battery:
    fields = Fields(value)
    return Battery(fields.text("status"), fields.moment("timestamp"))


def _start(code: TroubleCode) -> datetime:
    return code.start
