"""Vinli's platform service: devices and the vehicles they were plugged into.

Documented in docs platform-services/device-service and platform-services/vehicle-service. Credentials are
passed per call: the app's BasicAuth sees all devices of the app, a BearerAuth those of one driver.
"""

from __future__ import annotations

from functools import partial
from weakref import WeakKeyDictionary

from requests.auth import AuthBase

from providers.errors import NotFound
from providers.http.response import Response
from providers.http.transport import Transport
from providers.paging.listing import Listing, Outline, list_all, outline
from providers.paging.pages import Page
from providers.paging.ranges import fetch_range
from providers.vinli.envelopes import PageReader, item, item_or_none
from providers.vinli.models import Device, Vehicle, is_uuid

PROVIDER = "vinli platform"
# The largest page that Vinli's own clients ask for (vinli-node lib/stream, vinli-cli).
MAX_LIMIT = 100
_DEVICE_PAGES = PageReader("devices", Device)


class PlatformClient:
    """The platform service. `concurrency` is the number of requests in flight for one listing.

    A `deadline` is in seconds from now, for all that a method asks; without one, the transport's holds.
    """

    def __init__(self, transport: Transport, origin: str, concurrency: int) -> None:
        self._transport = transport
        self._base = f"{transport.allow(origin)}/api/v1"
        self._concurrency = concurrency
        # What each owner of credentials last saw of its list; forgotten with the credentials.
        self._outlines: WeakKeyDictionary[AuthBase, Outline] = WeakKeyDictionary()

    def devices(self, auth: AuthBase) -> Listing[Device]:
        """Return all devices, newest first; the first page is fetched right away, the others as it is read.

        Asked again with the same `auth`, all pages are asked for at once, as many as the list had.
        """
        # Forgotten until this reading has shown it anew: while the service is down nothing is asked for by guess.
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

        Where Vinli's maximum is below `limit`, the rest is asked for too. Raises InvalidResponse and Incomplete for
        pages that do not add up.
        """
        time_left = self._transport.countdown(deadline)

        def fetch(offset: int, limit: int) -> Page[Device]:
            return self._page(auth, offset, limit, time_left())

        found = fetch_range(fetch, offset, limit, provider=PROVIDER)
        if offset == 0 and limit == MAX_LIMIT and len(found.items) == min(limit, found.total):
            self._outlines[auth] = outline(found, _device_key)
        return found

    def device(self, auth: AuthBase, device_id: str, *, deadline: float | None = None) -> Device:
        """Return one device. Raises NotFound for an unknown id, and for what is not a UUID without asking."""
        answer = self._get(auth, f"/devices/{self._path_id(device_id)}", deadline)
        return item(answer, "device", Device.from_json)

    def latest_vehicle(
        self, auth: AuthBase, device_id: str, *, deadline: float | None = None
    ) -> Vehicle | None:
        """Return the vehicle a device was last plugged into, None when there was none yet. Raises as `device`."""
        answer = self._get(auth, f"/devices/{self._path_id(device_id)}/vehicles/_latest", deadline)
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
        """Return one page as it comes; its `limit` may be smaller than the one asked for."""
        params: dict[str, str | int] = {"limit": limit, "offset": offset}
        answer = self._get(auth, "/devices", deadline, params, is_guess=is_guess)
        return _DEVICE_PAGES.read(answer)

    def _get(
        self,
        auth: AuthBase,
        path: str,
        deadline: float | None,
        params: dict[str, str | int] | None = None,
        *,
        is_guess: bool = False,
    ) -> Response:
        return self._transport.request(
            PROVIDER,
            "GET",
            self._base + path,
            auth=auth,
            params=params,
            deadline=deadline,
            is_guess=is_guess,
        )

    def _path_id(self, device_id: str) -> str:
        if not is_uuid(device_id):
            raise NotFound("not a device id", provider=PROVIDER, method="GET")
        return device_id.lower()


def _device_key(device: Device) -> int:
    return int(device.id.replace("-", ""), 16)
