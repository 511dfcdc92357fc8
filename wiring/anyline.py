"""Anyline, built from the settings."""

from __future__ import annotations

from pathlib import Path

from providers.partners import anyline
from providers.partners.anyline import AnylineClient
from providers.partners.partner import Example, Partner, Role
from settings import Settings
from wiring.sources import Sources, by_name

# Something to send as an example: a drawing, so that it is nobody's photograph.
EXAMPLE_IMAGE = Path(__file__).with_name("tire.png")


def build(settings: Settings, sources: Sources) -> tuple[Partner, AnylineClient | None]:
    """Return the partner and its client; the client is None if Anyline is not set up."""
    role = _role(settings, sources)
    client = AnylineClient(sources.transport, settings.anyline_api_url, role.auth) if role else None
    return _partner(settings, role), client


def _role(settings: Settings, sources: Sources) -> Role | None:
    if not settings.anyline_client_id or not settings.anyline_client_secret:
        return None
    request = anyline.token_request(
        settings.anyline_auth_url,
        settings.anyline_client_id,
        settings.anyline_client_secret,
        audience=settings.anyline_audience,
        scope=settings.anyline_scope,
    )
    return sources.bearer_role(request, "ANYLINE_TOKEN")


def _partner(settings: Settings, role: Role | None) -> Partner:
    example = Example(
        "Read a tyre's sidewall",
        "POST",
        anyline.SIDEWALL_PATH,
        anyline.sidewall_body(EXAMPLE_IMAGE.read_bytes()).decode(),
        note="The picture is a drawing of a tyre, without writing: put a photograph's base64 text in its place.",
    )
    return Partner(
        name=anyline.PROVIDER,
        title="Anyline",
        about="Reads the sidewall of a tyre from a photograph.",
        document="Anyline Cloud API, Getting Started: Authentication Process",
        origin=settings.anyline_api_url,
        missing=settings.anyline_missing,
        roles=by_name(role),
        examples=(example,),
    )
