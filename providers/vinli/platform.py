"""Vinli's platform service: devices and the vehicles they were plugged into.

docs platform-services/device-service and platform-services/vehicle-service document it. Each call gets its
credentials: the app's BasicAuth sees all devices of the app, a BearerAuth sees those of one driver.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from msgspec.structs import force_setattr
from requests.auth import AuthBase

from providers.http.transport import Transport
from providers.paging.offset_listing import Listing, Outline, list_all, outline
from providers.paging.offset_ranges import fetch_range
from providers.paging.pages import Page
from providers.records import in_utc, readable_fields
from providers.vinli.service import PageReader, Service, item, item_or_none
from providers.vinli.values import (
    CANONICAL_UUID,
    MAX_TEXT,
    Value,
    canonical_uuid,
    is_uuid,
)

PROVIDER = "vinli platform"
# The largest page that Vinli's own clients ask for (vinli-node lib/stream, vinli-cli).
MAX_LIMIT = 100


class Device(
    Value,
    frozen=True,
    kw_only=True,
    rename={"chip_id": "chipId", "created_at": "createdAt", "is_virtual": "virtual"},
):
    """A Vinli device (docs platform-services/device-service). `created_at` is UTC. All but `id` may be missing.

    msgspec reads a page of a hundred from its JSON text in a tenth of the time that reading through dictionaries takes.
    It ignores undeclared fields, and takes the last value of a duplicate key. Times must be complete (RFC 3339); a
    date without a time cannot be read.
    """

    id: str
    name: str | None = None
    chip_id: str | None = None
    created_at: datetime | None = None
    is_virtual: bool | None = False

    def __post_init__(self) -> None:
        """Convert valid values to our form. Raises ValueError, which msgspec turns into ValidationError."""
        if not CANONICAL_UUID.fullmatch(self.id):
            force_setattr(self, "id", canonical_uuid(self.id))
        name, chip_id = self.name or "", self.chip_id or ""
        if "\0" in name or "\0" in chip_id:
            raise ValueError("a text holds NUL")
        if len(name) > MAX_TEXT or len(chip_id) > MAX_TEXT:
            force_setattr(self, "name", name[:MAX_TEXT] or None)
            force_setattr(self, "chip_id", chip_id[:MAX_TEXT] or None)
        if self.is_virtual is None:
            force_setattr(self, "is_virtual", False)
        if self.created_at is not None and self.created_at.tzinfo is not UTC:
            force_setattr(self, "created_at", in_utc(self.created_at, "createdAt"))

    @property
    def flaws(self) -> tuple[str, ...]:
        """The documented fields that are missing or cannot be read, by their names on the wire."""
        missing = (("chipId", self.chip_id), ("createdAt", self.created_at))
        return tuple(name for name, value in missing if value is None)


class OddDevice(Device, frozen=True, kw_only=True):
    """An entry of a list of devices that is not as documented. `id` is empty if it has no usable one.

    `odd` names the fields that cannot be read. `position` is the entry's place in the list.
    """

    odd: tuple[str, ...]
    position: int

    def __post_init__(self) -> None:
        if self.id:
            super().__post_init__()

    @property
    def flaws(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.odd, *super().flaws)))


def _odd_device(value: Any, position: int) -> OddDevice:
    """Return the entry for a record that is not as documented."""
    readable, odd = readable_fields(Device, value if isinstance(value, dict) else {})
    if not is_uuid(readable.get("id", "")):
        readable["id"], odd = "", (*odd, "id")
    try:
        return msgspec.convert({**readable, "odd": odd, "position": position}, OddDevice)
    except msgspec.ValidationError:  # a time that is out of range in UTC
        return OddDevice(id=readable["id"], odd=(*odd, "createdAt"), position=position)


class Vehicle(Value, frozen=True, rename={"created_at": "createdAt", "last_startup": "lastStartup"}):
    """A vehicle that a device was plugged into (docs platform-services/vehicle-service).

    At first only its VIN is known. `year` is a text, as on the wire. Times are UTC.
    """

    id: str
    vin: str | None = None
    make: str | None = None
    model: str | None = None
    year: str | None = None
    trim: str | None = None
    created_at: datetime | None = None
    last_startup: datetime | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        force_setattr(self, "id", canonical_uuid(self.id))


_AFTER_ALL_IDS = 1 << 128
_DEVICE_PAGES = PageReader("devices", Device, _odd_device)


class PlatformClient(Service):
    """The platform service. `concurrency` is the number of requests in flight for one listing.

    A `deadline` is in seconds from now, for all requests of a method. If it is None, the transport's deadline holds.
    """

    def __init__(self, transport: Transport, origin: str, concurrency: int) -> None:
        super().__init__(PROVIDER, transport, origin)
        self._concurrency = concurrency
        # The last outline of each list, by credentials. It is removed together with the credentials.
        self._outlines: WeakKeyDictionary[AuthBase, Outline] = WeakKeyDictionary()

    def devices(self, auth: AuthBase) -> Listing[Device]:
        """Return all devices, newest first. The first page is fetched now, the others while the listing is read.

        If the list was read before with the same `auth`, as many pages as it had are fetched at once. Raises the
        ProviderErrors.
        """
        # The guess is removed until this reading succeeds, so that nothing is prefetched while the service is down.
        guess = self._outlines.pop(auth, None)
        listing = list_all(
            partial(self._page, auth),
            key=_device_key,
            limit=MAX_LIMIT,
            concurrency=self._concurrency,
            provider=PROVIDER,
            guess=guess,
            fetch_ahead=partial(self._page, auth, is_guess=True),
        )
        self._outlines[auth] = outline(listing.first_page, _device_key)
        return listing

    def devices_page(
        self, auth: AuthBase, offset: int, limit: int, *, deadline: float | None = None
    ) -> Page[Device]:
        """Return the `limit` devices from `offset` on, fewer only at the end of the list.

        If Vinli's maximum is below `limit`, several pages are fetched. Raises InvalidResponse and Incomplete for
        inconsistent pages, and the other ProviderErrors.
        """
        time_left = self.transport.countdown(deadline)

        def fetch(offset: int, limit: int) -> Page[Device]:
            return self._page(auth, offset, limit, time_left())

        found = fetch_range(fetch, offset, limit, provider=PROVIDER)
        if offset == 0 and limit == MAX_LIMIT and len(found.items) == min(limit, found.total):
            self._outlines[auth] = outline(found, _device_key)
        return found

    def device(self, auth: AuthBase, device_id: str, *, deadline: float | None = None) -> Device:
        """Return one device. Raises NotFound for an unknown id; if it is not a UUID, without sending a request."""
        answer = self.get(auth, f"/devices/{self.path_id(device_id)}", deadline)
        return item(answer, "device", Device.from_json)

    def latest_vehicle(
        self, auth: AuthBase, device_id: str, *, deadline: float | None = None
    ) -> Vehicle | None:
        """Return the vehicle a device was last plugged into, None if there was none. Raises the errors of `device`."""
        answer = self.get(auth, f"/devices/{self.path_id(device_id)}/vehicles/_latest", deadline)
        return item_or_none(answer, "vehicle", Vehicle.from_json)

    def _page(
        self,
        auth: AuthBase,
        offset: int,
        limit: int,
        deadline: float | None = None,
        *,
        is_guess: bool = False,
    ) -> Page[Device]:
        """Return one page as the server gives it. Its `limit` may be smaller than the one asked for."""
        params: dict[str, str | int] = {"limit": limit, "offset": offset}
        answer = self.get(auth, "/devices", deadline, params, is_guess=is_guess, is_page=True)
        return _DEVICE_PAGES.read(answer)


def _device_key(device: Device) -> int:
    """Return a number for each device. Entries without an id are told apart by their place."""
    if isinstance(device, OddDevice) and not device.id:
        return _AFTER_ALL_IDS + device.position
    return int(device.id.replace("-", ""), 16)
