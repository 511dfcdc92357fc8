"""The services that views and commands use, built once from the settings."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import Flask

from domain.bulkhead import Bulkhead
from domain.doctor.installation import Installation
from domain.doctor.probes import RecentProbes
from domain.drivers.tokens import DriverTokens
from domain.events import log_event
from domain.partners.problems import PartnerProblems
from domain.signing import Signer
from providers.http.auth import BasicAuth
from providers.http.transport import Transport
from providers.vinli.oauth.auth import AuthClient
from providers.vinli.platform import PlatformClient
from settings import Settings, SettingsError
from store.attempts import Attempts
from store.backends import open_store
from store.base import Store
from store.grants import Grants
from store.leases import Leases
from store.records import Records
from store.sessions import StoreSessionInterface
from store.traces import Traces
from store.vault import Vault
from store.workbench_runs import WorkbenchRuns
from wiring.partners import Partners, build_partners
from wiring.token_cache import StoredTokenCache
from wiring.vinli import VinliHistory, build_history

UPSTREAM_SECONDS = 5.0


@dataclass(frozen=True)
class Services:
    """Everything that a view may call. ``clock`` returns Unix seconds. Only the operator's views use ``app_auth``."""

    settings: Settings
    store: Store
    attempts: Attempts
    traces: Traces
    workbench_runs: WorkbenchRuns
    sessions: StoreSessionInterface
    signer: Signer
    transport: Transport
    auth: AuthClient
    driver_tokens: DriverTokens
    platform: PlatformClient
    history: VinliHistory
    app_auth: BasicAuth
    partners: Partners
    bulkhead: Bulkhead
    recent_probes: RecentProbes
    served_files: Path
    clock: Callable[[], float]

    @property
    def partner_problems(self) -> PartnerProblems:
        """Return the object that turns failures of partners into problems."""
        return PartnerProblems(self.settings, self.clock)

    @property
    def installation(self) -> Installation:
        """Return the input of the doctor."""
        return Installation(
            self.settings,
            self.store,
            self.transport,
            self.platform,
            self.app_auth,
            self.clock,
            self.served_files,
        )


def build_services(settings: Settings, app: Flask, clock: Callable[[], float]) -> Services:
    """Build all services. Raises SettingsError if a service cannot use a setting (STORE_URL, CA_BUNDLE)."""
    store = _open_store(settings, clock)
    records = Records(store, Vault(settings.secret_key, settings.secret_key_fallbacks))
    leases = Leases(store)
    lifetime = timedelta(days=settings.session_lifetime_days)
    transport = _open_transport(settings)
    auth = AuthClient(
        transport, settings.vinli_auth_url, settings.vinli_client_id, settings.vinli_client_secret
    )
    grants = Grants(records, leases, lifetime.total_seconds(), clock)
    return Services(
        settings=settings,
        store=store,
        attempts=Attempts(records, clock=clock),
        traces=Traces(records, clock=clock),
        workbench_runs=WorkbenchRuns(records, clock=clock),
        sessions=StoreSessionInterface(
            app,
            records,
            clock=clock,
            idle=timedelta(hours=settings.session_idle_hours),
            absolute=lifetime,
        ),
        signer=Signer(settings.secret_key, settings.secret_key_fallbacks),
        transport=transport,
        auth=auth,
        driver_tokens=DriverTokens(grants, auth, transport, clock=clock),
        app_auth=BasicAuth(settings.vinli_app_id, settings.vinli_app_secret),
        platform=PlatformClient(transport, settings.vinli_platform_url, settings.vinli_concurrency),
        history=build_history(settings, transport),
        partners=build_partners(settings, transport, StoredTokenCache(records, leases)),
        bulkhead=Bulkhead(settings.upstream_slots),
        recent_probes=RecentProbes(clock),
        served_files=Path(app.static_folder or "static"),
        clock=clock,
    )


def warn_of_halves(settings: Settings) -> None:
    """Log the partners that are off because a part of their settings is missing."""
    for half in settings.partner_halves:
        told = {"set": ", ".join(half.present), "missing": ", ".join(half.missing)}
        log_event("partner set up in part", logging.WARNING, partner=half.name, **told)


def _open_store(settings: Settings, clock: Callable[[], float]) -> Store:
    try:
        return open_store(settings.store_url, clock)
    except ValueError as error:
        raise SettingsError({"STORE_URL": str(error)}) from error


def _open_transport(settings: Settings) -> Transport:
    try:
        return Transport(
            # Every thread may list devices with full concurrency at the same time.
            pool_size=settings.upstream_slots * settings.vinli_concurrency,
            # A page makes at most two rounds of calls, one after the other, and should take at most ten seconds.
            deadline=UPSTREAM_SECONDS,
            ca_bundle=settings.ca_bundle,
            proxy=settings.https_proxy,
        )
    except OSError as error:  # ssl.SSLError is an OSError
        raise SettingsError({"CA_BUNDLE": "holds no certificates that can be read"}) from error
