"""The evidence for the doctor's findings: a few concurrent calls, each of which may fail on its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from domain.budget import Budget
from domain.doctor.installation import Installation
from domain.doctor.probes import RecentProbes
from providers.errors import ProviderError
from providers.vinli.auth import AuthClient
from providers.vinli.oauth_clients import (
    ClientDirectory,
    ClockReading,
    Probe,
    Registrations,
    probe_client,
    read_clock,
)
from store import checkup
from store.base import StoreError

T = TypeVar("T")

CALL_SECONDS = 5.0
# This call follows another one. Both together must fit into the time budget of a page.
CLOCK_SECONDS = 3.0


@dataclass(frozen=True)
class Evidence:
    """The results of all calls. Of ``registrations`` and its error exactly one is set; the same for ``devices``.

    ``devices`` is the number of devices that the app sees. ``workbench_probe`` is None if the workbench has no client
    of its own. ``reading`` is None if nothing answered. ``store_error`` is None if the store works or was not tried.
    """

    registrations: Registrations | None
    registrations_error: ProviderError | None
    devices: int | None
    devices_error: ProviderError | None
    probe: Probe
    workbench_probe: Probe | None
    reading: ClockReading | None
    store_error: StoreError | None
    store_is_tried: bool

    def probe_of(self, code: str) -> Probe | None:
        """Return the result of testing the secret of a role's client; None if the client has no secret."""
        return {"client": self.probe, "workbench_client": self.workbench_probe}.get(code)


def gather(installation: Installation, budget: Budget, recent: RecentProbes | None) -> Evidence:
    """Call Vinli and the store concurrently, within the budget. Raises none of their errors.

    If ``recent`` is given, the secrets are tested through it.
    """
    settings = installation.settings
    path = checkup.file_of(settings.store_url)
    is_tried = path is None or not checkup.is_left_alone(path)
    with ThreadPoolExecutor(max_workers=5, thread_name_prefix="doctor") as pool:
        seconds = budget.share(CALL_SECONDS)
        listing = pool.submit(_list_clients, installation, budget)
        devices = pool.submit(
            _attempt,
            partial(installation.platform.devices_page, installation.app_auth, 0, 1, deadline=seconds),
        )
        code = (settings.vinli_client_id, settings.vinli_client_secret, settings.redirect_uri)
        probe = pool.submit(_probe, installation, recent, seconds, *code)
        workbench_probe = None
        if settings.vinli_workbench_client_id and settings.vinli_workbench_client_secret:
            bench = (settings.vinli_workbench_client_id, settings.vinli_workbench_client_secret)
            workbench_probe = pool.submit(
                _probe, installation, recent, seconds, *bench, settings.workbench_redirect_uri
            )
        store_error = pool.submit(_store_error, installation) if is_tried else None
        found, found_error, reading = listing.result()
        page, page_error = devices.result()
        return Evidence(
            found,
            found_error,
            None if page is None else page.total,
            page_error,
            probe.result(),
            workbench_probe.result() if workbench_probe else None,
            reading,
            store_error.result() if store_error else None,
            is_tried,
        )


def _list_clients(
    installation: Installation, budget: Budget
) -> tuple[Registrations | None, ProviderError | None, ClockReading | None]:
    """Return the clients or the error, and the time at Vinli. A second call reads the time if the first gave none."""
    auth, platform = installation.settings.vinli_auth_url, installation.settings.vinli_platform_url
    directory = ClientDirectory(installation.transport, auth, installation.clock)
    found, error = _attempt(
        partial(directory.registered, installation.app_auth, deadline=budget.share(CALL_SECONDS))
    )
    if found is not None and found.reading.date is not None:
        return found, error, found.reading
    origins = dict.fromkeys((auth, platform))
    reading = read_clock(
        installation.transport, origins, installation.clock, deadline=budget.share(CLOCK_SECONDS)
    )
    return found, error, reading or (found.reading if found else None)


def _probe(
    installation: Installation,
    recent: RecentProbes | None,
    seconds: float,
    client_id: str,
    client_secret: str,
    redirect_uri: str,
) -> Probe:
    auth = AuthClient(installation.transport, installation.settings.vinli_auth_url, client_id, client_secret)
    ask = partial(probe_client, auth, redirect_uri, deadline=seconds)
    return ask() if recent is None else recent.probe(client_id, client_secret, ask)


def _attempt(call: Callable[[], T]) -> tuple[T | None, ProviderError | None]:
    try:
        return call(), None
    except ProviderError as error:
        return None, error


def _store_error(installation: Installation) -> StoreError | None:
    try:
        checkup.round_trip(installation.store)
    except StoreError as error:
        return error
    return None
