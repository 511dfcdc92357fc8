"""The collaborators of the views, built once by the factory and reached by one accessor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app

from domain.bulkhead import Bulkhead
from domain.signing import Signer
from providers.http.auth import BasicAuth
from providers.http.transport import Transport
from providers.vinli.auth import AuthClient
from providers.vinli.platform import PlatformClient
from settings import Settings
from store.attempts import Attempts
from store.base import Store
from store.sessions import StoreSessionInterface
from store.traces import Traces
from store.workbench_runs import WorkbenchRuns
from wiring.partners import Partners

EXTENSION = "vinli_connect"


@dataclass(frozen=True)
class Services:
    """Everything a view may call. ``clock`` returns Unix seconds; ``app_auth`` is for the operator's views alone."""

    settings: Settings
    store: Store
    attempts: Attempts
    traces: Traces
    workbench_runs: WorkbenchRuns
    sessions: StoreSessionInterface
    signer: Signer
    transport: Transport
    auth: AuthClient
    platform: PlatformClient
    app_auth: BasicAuth
    partners: Partners
    bulkhead: Bulkhead
    clock: Callable[[], float]


def services() -> Services:
    """Return the collaborators of the application that handles this request."""
    return cast(Services, current_app.extensions[EXTENSION])
