"""The application factory, which only wires. Use ``gunicorn 'app:create_app()'`` or ``flask --app app ...``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import timedelta

from flask import Flask

import settings as settings_module
from blueprints import api, connect, garage, health, home, implicit, operator, partners, problems, workbench
from blueprints.web.arrival import register_arrival
from blueprints.web.cookies import prefixed
from blueprints.web.csrf import register_csrf
from blueprints.web.error_pages import register_problems
from blueprints.web.headers import register_headers
from blueprints.web.logs import configure_logging, register_request_log
from blueprints.web.navigation import register_navigation
from blueprints.web.policies import register_body_sizes
from blueprints.web.services import EXTENSION
from blueprints.web.visitors.hosts import register_trusted_hosts
from blueprints.web.visitors.limits import register_limits
from blueprints.workbench import authorization_requests
from cli.devices import devices
from cli.doctor import app_without_settings, doctor, is_asked_for
from cli.driving import dummies, rules
from cli.help import is_command_line, is_help_asked_for
from cli.history import GROUPS as HISTORY_COMMANDS
from cli.operator import operator as operator_commands
from cli.output import end_in_words_everywhere
from cli.partners import partners as partner_commands
from settings import Settings, SettingsError
from wiring.services import build_services, warn_of_halves

BLUEPRINTS = (home.bp, connect.bp, implicit.bp, garage.bp, health.bp, problems.bp)
# These need an operator, so they are left out if none is configured.
OPERATOR_BLUEPRINTS = (operator.bp, partners.bp, api.bp, workbench.bp, authorization_requests.bp)
COMMANDS = (devices, *HISTORY_COMMANDS, rules, dummies, operator_commands, partner_commands, doctor)
MAX_BODY_BYTES = 64 * 1024
# If a worker exits with this status, gunicorn stops instead of starting new workers again and again.
EXIT_UNUSABLE_SETTINGS = 3


def create_app(settings: Settings | None = None, *, clock: Callable[[], float] = time.time) -> Flask:
    """Build the application. If ``settings`` is None, they are read from the environment.

    If settings are missing or malformed, the process ends with one message that names all of them. For the command
    line's doctor it does not end: then the application can run the doctor only. For ``--help`` it has only commands.
    """
    configure_logging()
    app = Flask(__name__)
    try:
        settings = settings or settings_module.load()
        app.config.update(_flask_config(settings))
        services = build_services(settings, app, clock)
    except SettingsError as error:
        if is_asked_for():
            return app_without_settings(app, error)
        if is_help_asked_for():
            return _with_commands(app)
        print(error, file=sys.stderr, flush=True)
        raise SystemExit(EXIT_UNUSABLE_SETTINGS) from None
    app.extensions[EXTENSION] = services
    warn_of_halves(settings)
    app.session_interface = services.sessions
    register_arrival(app, settings)
    # after_request functions run in reverse order. The log is registered first, so it sees the finished response.
    register_request_log(app)
    register_headers(app, settings)
    register_trusted_hosts(app, settings)
    register_limits(app, settings)
    register_body_sizes(app)
    register_csrf(app)
    register_problems(app)
    register_navigation(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    if settings.operator_password is not None:
        for blueprint in OPERATOR_BLUEPRINTS:
            app.register_blueprint(blueprint)
    return _with_commands(app)


def _with_commands(app: Flask) -> Flask:
    if is_command_line():
        end_in_words_everywhere()
    for command in COMMANDS:
        app.cli.add_command(command)
    return app


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
