"""What the doctor's findings rest on: a few calls, made side by side, each of which may fail on its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from blueprints.web.budget import Budget
from blueprints.web.services import Services
from providers.errors import ProviderError
from providers.vinli.clients import ClientDirectory, Probe, Registrations, probe_client
from store import checkup
from store.base import StoreError

T = TypeVar("T")

CALL_SECONDS = 5.0


@dataclass(frozen=True)
class Evidence:
    """What was seen. Of a pair ``x`` and ``x_error`` exactly one is there.

    ``devices`` is how many devices the app sees; ``store_error`` is None for a store that works.
    """

    registrations: Registrations | None
    registrations_error: ProviderError | None
    devices: int | None
    devices_error: ProviderError | None
    probe: Probe
    store_error: StoreError | None


def gather(services: Services, budget: Budget) -> Evidence:
    """Ask Vinli and the store, all at the same time, within the budget; raises none of their errors."""
    settings = services.settings
    directory = ClientDirectory(services.transport, settings.vinli_auth_url, services.clock)
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="doctor") as pool:
        seconds = budget.share(CALL_SECONDS)
        registrations = pool.submit(
            _attempt, partial(directory.registered, services.app_auth, deadline=seconds)
        )
        devices = pool.submit(
            _attempt, partial(services.platform.devices_page, services.app_auth, 0, 1, deadline=seconds)
        )
        probe = pool.submit(probe_client, services.auth, settings.redirect_uri, deadline=seconds)
        store_error = pool.submit(_store_error, services)
        found, found_error = registrations.result()
        page, page_error = devices.result()
        return Evidence(
            found,
            found_error,
            None if page is None else page.total,
            page_error,
            probe.result(),
            store_error.result(),
        )


def _attempt(call: Callable[[], T]) -> tuple[T | None, ProviderError | None]:
    try:
        return call(), None
    except ProviderError as error:
        return None, error


def _store_error(services: Services) -> StoreError | None:
    try:
        checkup.round_trip(services.store)
    except StoreError as error:
        return error
    return None
