"""The application and its sandbox: two processes on free ports that know each other's addresses."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

from tests.support.app_process import OPERATOR_PASSWORD, AppProcess, free_port
from tests.support.sites import sandbox_for

OPERATOR = OPERATOR_PASSWORD
# The page size of the garage, and that of all other lists.
PAGE_SIZES = (24, 100)
# Each authorization asks for consent again, and the operator's list has three pages.
SANDBOX_ARGUMENTS = ("--remember-consent", "off", "--devices", "250", "--quiet")


class Site:
    """A context manager that runs both. ``sandbox_arguments`` are added to the usual ones, ``variables`` are settings.

    ``{app}`` in an argument is replaced by the origin of the application.
    """

    def __init__(self, *sandbox_arguments: str, **variables: str) -> None:
        self._processes = ExitStack()
        self._arguments = (*SANDBOX_ARGUMENTS, *sandbox_arguments)
        self._variables = variables

    def __enter__(self) -> Site:
        port = free_port()
        with ExitStack() as starting:
            origin = f"http://127.0.0.1:{port}"
            arguments = [argument.replace("{app}", origin) for argument in self._arguments]
            sandbox = sandbox_for(origin, *arguments)
            self.sandbox = starting.enter_context(sandbox)
            variables = sandbox.credentials["partners"] | self._variables
            self.app = starting.enter_context(AppProcess(sandbox.credentials, port=port, **variables))
            self._processes = starting.pop_all()
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self._processes.__exit__(*exc_info)

    @property
    def origin(self) -> str:
        return self.app.origin

    @property
    def password(self) -> str:
        """The password of all drivers of the sandbox."""
        return str(self.sandbox.credentials["driver_password"])

    def email(self, number: int = 0) -> str:
        """Return the e-mail address of a sandbox driver. The first driver has three cars, the second has one."""
        return str(self.sandbox.credentials["drivers"][number])

    def url(self, path: str) -> str:
        return self.origin + path

    def break_calls(self, path: str, **fault: Any) -> None:
        """Add a fault to the sandbox's responses on a path until ``clear_faults`` is called.

        ``fault`` has a fault's fields.
        """
        self.sandbox.control("POST", "/faults", {"path": path, "method": "GET"} | fault)

    def answer(self, path: str, body: str, **fault: Any) -> None:
        """Make the sandbox answer a path with this JSON text."""
        self.break_calls(path, **({"status": 200, "content_type": "application/json", "body": body} | fault))

    def requests(self) -> list[dict[str, Any]]:
        """Return the sandbox's requests, oldest first: method, path, status."""
        return list(self.sandbox.control("GET", "/requests")["requests"])

    def clear_faults(self) -> None:
        self.sandbox.control("DELETE", "/faults")
        self.sandbox.control("DELETE", "/requests")

    def register(self, client: str, redirect_uri: str) -> None:
        """Register another redirect URI for ``client``, one of "client", "web_client" and "workbench_client"."""
        body = {"client_id": self.sandbox.credentials[f"{client}_id"], "redirect_uri": redirect_uri}
        self.sandbox.control("PUT", "/clients", body)

    def revoke(self, number: int = 0) -> None:
        """Revoke the tokens of a driver, as Vinli's pages can."""
        self.sandbox.control("POST", "/tokens/revoke", {"driver": self.email(number)})

    def name_devices(self, names: list[str | None], *, total: int | None = None) -> None:
        """Make the list of devices hold devices with these names, newest first, in pages of the requested size."""
        devices = [device(number, name) for number, name in enumerate(names)]
        for limit in PAGE_SIZES:
            for offset in range(0, max(1, len(devices)), limit):
                pagination = {"total": total or len(devices), "limit": limit, "offset": offset}
                body = {"devices": devices[offset : offset + limit], "meta": {"pagination": pagination}}
                query = {"limit": str(limit), "offset": str(offset)}
                self.answer("/api/v1/devices", json.dumps(body), query=query)

    def name_vehicles(self, *vehicles: dict[str, Any] | None) -> None:
        """Give the devices of ``name_devices``, from the first on, these vehicles. None means no vehicle."""
        for number, vehicle in enumerate(vehicles):
            about = vehicle and {"id": f"00000000-0000-4000-9000-{number:012d}"} | vehicle
            self.answer(latest_vehicle_of(number), json.dumps({"vehicle": about}))


def latest_vehicle_of(number: int) -> str:
    """Return the path of the latest vehicle of a device of ``Site.name_devices``."""
    return f"/api/v1/devices/{device(number, None)['id']}/vehicles/_latest"


def device(number: int, name: str | None) -> dict[str, object]:
    """Return a device in the platform's format (docs platform-services/device-service)."""
    return {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "name": name,
        "chipId": f"VV{number:010X}",
        "createdAt": "2026-02-03T04:05:06.000Z",
    }
