"""Ayyeka, built from the settings."""

from __future__ import annotations

from providers.partners import ayyeka
from providers.partners.ayyeka import AyyekaClient
from providers.partners.partner import Example, Partner, Role
from settings import Settings
from wiring.sources import Sources, by_name


def build(settings: Settings, sources: Sources) -> tuple[Partner, AyyekaClient | None]:
    """Return the partner and its client; the client is None if Ayyeka is not set up."""
    role = _role(settings, sources)
    client = AyyekaClient(sources.transport, settings.ayyeka_url, role.auth) if role else None
    return _partner(settings, role), client


def _role(settings: Settings, sources: Sources) -> Role | None:
    if not settings.ayyeka_key or not settings.ayyeka_secret:
        return None
    request = ayyeka.token_request(settings.ayyeka_url, settings.ayyeka_key, settings.ayyeka_secret)
    return sources.bearer_role(request, "AYYEKA_TOKEN")


def _partner(settings: Settings, role: Role | None) -> Partner:
    return Partner(
        name=ayyeka.PROVIDER,
        title="Ayyeka",
        about="Watches field sites with sensors.",
        document="Ayyeka REST API: Authentication",
        origin=settings.ayyeka_url,
        missing=settings.ayyeka_missing,
        roles=by_name(role),
        examples=(Example("List the sites", "GET", ayyeka.SITES_PATH),),
        headers=ayyeka.NO_CACHE,
    )
