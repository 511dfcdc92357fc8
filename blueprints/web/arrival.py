"""How a request arrived: the headers as they came, before the application's own address replaces them.

The application builds no address from the Host header, and no strange host may break it. So the host that arrived is
kept for the checks, and everything else sees the host of PUBLIC_URL.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request
from werkzeug.middleware.proxy_fix import ProxyFix

from blueprints.web.services import services
from domain.client_addresses import FORWARDED_HEADERS, Client, advice, client_of, with_x_forwarded
from domain.events import log_event
from settings import Settings

_KEY = "vinli_connect.arrival"
_TOLD = "vinli_connect.shared_address"

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Any], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Arrival:
    """``host`` is the Host header, None without one; ``forwarded`` the headers that proxies add, by their names."""

    host: str | None
    forwarded: Mapping[str, str]


def register_arrival(app: Flask, settings: Settings) -> None:
    """Note how each request arrived, and apply the headers of trusted proxies."""
    own_host = settings.public_url.partition("://")[2]
    inner: Wsgi = app.wsgi_app

    def with_own_host(environ: Environ, start_response: Any) -> Iterable[bytes]:
        environ["HTTP_HOST"] = own_host
        return inner(environ, start_response)

    hops = settings.trusted_proxies
    trusting: Wsgi = ProxyFix(with_own_host, x_for=hops, x_proto=hops, x_host=0) if hops else with_own_host

    def arriving(environ: Environ, start_response: Any) -> Iterable[bytes]:
        environ[_KEY] = Arrival(environ.get("HTTP_HOST"), _forwarded(environ))
        if hops:
            _translate_forwarded(environ)
        return trusting(environ, start_response)

    app.wsgi_app = arriving  # type: ignore[method-assign]


def arrival() -> Arrival:
    """Return how the current request arrived."""
    found: Arrival = request.environ.get(_KEY) or Arrival(request.host, {})
    return found


def client() -> Client:
    """Return the sender of the current request."""
    settings = services().settings
    return client_of(
        request.remote_addr or "",
        arrival().forwarded,
        settings.trusted_proxies,
        is_public=settings.is_public and request.scheme != "https",
    )


def client_address() -> str:
    """Return the key for counting a request (``domain.client_addresses``)."""
    is_shared()
    return client().key


def is_shared() -> bool:
    """Tell if the sender of this request cannot be told from others. Log it, once."""
    found = client().is_shared
    if found and not current_app.extensions.setdefault(_TOLD, False):
        current_app.extensions[_TOLD] = True
        _tell()
    return found


def _tell() -> None:
    settings, came = services().settings, arrival().forwarded
    log_event(
        "visitors share one address",
        logging.WARNING,
        address=request.remote_addr or "none",
        headers=", ".join(came) or "none",
        trusted_proxies=settings.trusted_proxies,
        todo=advice(came, settings.trusted_proxies),
    )


def _forwarded(environ: Environ) -> dict[str, str]:
    names = {name: "HTTP_" + name.upper().replace("-", "_") for name in FORWARDED_HEADERS}
    return {name: str(environ[key]) for name, key in names.items() if key in environ}


def _translate_forwarded(environ: Environ) -> None:
    """Give ProxyFix the headers as this application reads them, so that both count the same values."""
    read = with_x_forwarded(environ[_KEY].forwarded)
    for name in environ[_KEY].forwarded.keys() | read.keys():
        environ["HTTP_" + name.upper().replace("-", "_")] = read.get(name, "")
