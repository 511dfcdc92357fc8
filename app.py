"""The application factory: wiring only. ``gunicorn 'app:create_app()'``, ``flask --app app ...``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import settings as settings_module
from blueprints import health, home, implicit
from blueprints.api import views as api
from blueprints.connect import views as connect
from blueprints.garage import views as garage
from blueprints.operator import views as operator
from blueprints.partners import views as partners
from blueprints.web.cookies import prefixed
from blueprints.web.csrf import register_csrf
from blueprints.web.headers import register_headers
from blueprints.web.hosts import register_trusted_hosts
from blueprints.web.limits import register_limits
from blueprints.web.logs import configure_logging, register_request_log
from blueprints.web.navigation import register_navigation
from blueprints.web.problems import register_problems
from blueprints.web.services import EXTENSION, Services
from blueprints.workbench import requests as workbench_requests
from blueprints.workbench import views as workbench
from cli import devices as cli
from cli import doctor as cli_doctor
from cli import partners as cli_partners
from domain.bulkhead import Bulkhead
from domain.signing import Signer
from providers.http.auth import BasicAuth
from providers.http.transport import Transport
from providers.vinli.auth import AuthClient
from providers.vinli.platform import PlatformClient
from settings import Settings, SettingsError
from store import open_store
from store.attempts import Attempts
from store.base import Store
from store.leases import Leases
from store.records import Records
from store.sessions import StoreSessionInterface
from store.traces import Traces
from store.vault import Vault
from store.workbench_runs import WorkbenchRuns
from wiring.partners import build_partners
from wiring.token_cache import TokenShelf

BLUEPRINTS = (home.bp, connect.bp, implicit.bp, garage.bp, health.bp)
# With no operator there is nobody who may use these.
OPERATOR_BLUEPRINTS = (operator.bp, partners.bp, api.bp, workbench.bp, workbench_requests.bp)
MAX_BODY_BYTES = 64 * 1024
UPSTREAM_SECONDS = 5.0
# gunicorn stops for good, instead of starting workers over and over, when one exits with this status.
EXIT_UNUSABLE_SETTINGS = 3


def create_app(settings: Settings | None = None, *, clock: Callable[[], float] = time.time) -> Flask:
    """Build the application; without ``settings`` they are read from the environment.

    Settings that are missing or malformed end the process with one message naming all of them, except where the
    doctor was asked for on the command line: then there is an application in which it alone can be run.
    """
    configure_logging()
    app = Flask(__name__)
    try:
        settings = settings or settings_module.load()
        app.config.update(_flask_config(settings))
        services = build_services(app, settings, clock)
    except SettingsError as error:
        if cli_doctor.is_asked_for():
            return cli_doctor.app_without_settings(app, error)
        print(error, file=sys.stderr, flush=True)
        raise SystemExit(EXIT_UNUSABLE_SETTINGS) from None
    app.extensions[EXTENSION] = services
    app.session_interface = services.sessions
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    # after_request functions run in reverse: the log, registered first, sees the finished answer.
    register_request_log(app)
    register_headers(app, settings)
    register_trusted_hosts(app, settings)
    register_limits(app, settings)
    register_csrf(app)
    register_problems(app)
    register_navigation(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    if settings.operator_password is not None:
        for blueprint in OPERATOR_BLUEPRINTS:
            app.register_blueprint(blueprint)
    app.cli.add_command(cli.devices)
    app.cli.add_command(cli.operator)
    app.cli.add_command(cli_partners.partners)
    app.cli.add_command(cli_doctor.doctor)
    return app


def build_services(app: Flask, settings: Settings, clock: Callable[[], float]) -> Services:
    """Build every collaborator of the views once; raises SettingsError for what only they can judge."""
    store = _open_store(settings, clock)
    records = Records(store, Vault(settings.secret_key, settings.secret_key_fallbacks))
    transport = _open_transport(settings)
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
            absolute=timedelta(days=settings.session_lifetime_days),
        ),
        signer=Signer(settings.secret_key, settings.secret_key_fallbacks),
        transport=transport,
        auth=AuthClient(
            transport, settings.vinli_auth_url, settings.vinli_client_id, settings.vinli_client_secret
        ),
        app_auth=BasicAuth(settings.vinli_app_id, settings.vinli_app_secret),
        platform=PlatformClient(transport, settings.vinli_platform_url, settings.vinli_concurrency),
        partners=build_partners(settings, transport, TokenShelf(records, Leases(store))),
        bulkhead=Bulkhead(settings.upstream_slots),
        clock=clock,
    )


def _open_store(settings: Settings, clock: Callable[[], float]) -> Store:
    try:
        return open_store(settings.store_url, clock)
    except ValueError as error:
        raise SettingsError({"STORE_URL": str(error)}) from error


def _open_transport(settings: Settings) -> Transport:
    try:
        return Transport(
            # Every thread may list devices at full width at the same time.
            pool_size=settings.upstream_slots * settings.vinli_concurrency,
            # A page makes at most two rounds of calls, one after the other, and should not take over ten seconds.
            deadline=UPSTREAM_SECONDS,
            ca_bundle=settings.ca_bundle,
            proxy=settings.https_proxy,
        )
    except OSError as error:  # ssl.SSLError among them
        raise SettingsError({"CA_BUNDLE": "holds no certificates that can be read"}) from error


def _flask_config(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": list(settings.secret_key_fallbacks),
        "SESSION_COOKIE_NAME": prefixed("session", is_https=settings.is_https),
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": timedelta(days=settings.session_lifetime_days),
        "MAX_CONTENT_LENGTH": MAX_BODY_BYTES,
        "MAX_FORM_MEMORY_SIZE": MAX_BODY_BYTES,
        "TRAP_HTTP_EXCEPTIONS": False,
    }
