"""Aspose, built from the settings."""

from __future__ import annotations

from urllib.parse import urlencode

from providers.partners import aspose
from providers.partners.aspose import AsposeClient
from providers.partners.partner import Example, Partner, Role
from settings import Settings
from wiring.sources import Sources, by_name


def build(settings: Settings, sources: Sources) -> tuple[Partner, AsposeClient | None]:
    """Return the partner and its client; the client is None if Aspose is not set up."""
    role = _role(settings, sources)
    client = (
        AsposeClient(sources.transport, settings.aspose_url, role.auth, settings.aspose_storage)
        if role
        else None
    )
    return _partner(settings, role), client


def _role(settings: Settings, sources: Sources) -> Role | None:
    if not settings.aspose_client_id or not settings.aspose_client_secret:
        return None
    request = aspose.token_request(
        settings.aspose_url, settings.aspose_client_id, settings.aspose_client_secret
    )
    return sources.bearer_role(request, "ASPOSE_TOKEN")


def _partner(settings: Settings, role: Role | None) -> Partner:
    query = f"?{urlencode({'storageName': settings.aspose_storage})}" if settings.aspose_storage else ""
    example = Example(
        "List the files of a storage",
        "GET",
        aspose.FOLDER_PATH + query,
        note="storageName names a storage; without it, it is the account's default one.",
    )
    return Partner(
        name=aspose.PROVIDER,
        title="Aspose",
        about="Makes Word and PDF documents, and keeps files in storages.",
        document="Aspose Cloud: Authenticating API Requests",
        origin=settings.aspose_url,
        missing=settings.aspose_missing,
        roles=by_name(role),
        examples=(example,),
    )
