"""Vinli's platform service: devices and the vehicles they were plugged into.

Documented in docs platform-services/device-service and platform-services/vehicle-service. Credentials are
passed per call: the app's BasicAuth sees all devices of the app, a BearerAuth those of one driver.
"""

from __future__ import annotations

from functools import partial

from requests.auth import AuthBase

from providers.answers import Answer
from providers.errors import NotFound
from providers.http import Transport
from providers.paging import Listing, Page, list_all
from providers.vinli.models import Device, Vehicle, is_uuid
from providers.vinli.replies import item, item_or_none, page

PROVIDER = "vinli platform"


class PlatformClient:
    """The platform service. `concurrency` is the number of requests in flight for one listing."""

    def __init__(self, transport: Transport, origin: str, concurrency: int) -> None:
        self._transport = transport
        self._base = f"{transport.allow(origin)}/api/v1"
        self._concurrency = concurrency

    def devices(self, auth: AuthBase) -> Listing[Device]:
        """Return all devices, newest first; the first page is fetched right away, the others as it is read."""
        return list_all(partial(self.devices_page, auth), key=_device_key, concurrency=self._concurrency)

    def devices_page(self, auth: AuthBase, offset: int, limit: int) -> Page[Device]:
        """Return one page of devices; the `limit` that comes back may be smaller than the one asked for."""
        answer = self._get(auth, "/devices", {"limit": limit, "offset": offset})
        return page(answer, "devices", Device.from_json)

    def device(self, auth: AuthBase, device_id: str) -> Device:
        """Return one device. Raises NotFound for an unknown id, and for what is not a UUID without asking."""
        path = f"/devices/{self._path_id(device_id)}"
        return item(self._get(auth, path), "device", Device.from_json)

    def latest_vehicle(self, auth: AuthBase, device_id: str) -> Vehicle | None:
        """Return the vehicle a device was last plugged into, None when there was none yet. Raises as `device`."""
        path = f"/devices/{self._path_id(device_id)}/vehicles/_latest"
        return item_or_none(self._get(auth, path), "vehicle", Vehicle.from_json)

    def _get(self, auth: AuthBase, path: str, params: dict[str, str | int] | None = None) -> Answer:
        return self._transport.request(PROVIDER, "GET", self._base + path, auth=auth, params=params)

    def _path_id(self, device_id: str) -> str:
        if not is_uuid(device_id):
            raise NotFound("not a device id", provider=PROVIDER, method="GET")
        return device_id.lower()


def _device_key(device: Device) -> int:
    return int(device.id.replace("-", ""), 16)
