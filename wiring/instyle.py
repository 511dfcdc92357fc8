"""instyle.ai, built from the settings. Each of its roles needs different settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from providers.http.transport import Transport
from providers.partners import instyle
from providers.partners.instyle import InstyleClient
from providers.partners.partner import Example, Partner, Role
from providers.tokens import cognito
from providers.tokens.engine import TokenSource
from settings import Settings
from wiring.sources import Sources, by_name

# The two images in the example of instyle.ai's document ("Admin request example").
EXAMPLE_IMAGES = (
    (1, "https://cdn.pixabay.com/photo/2016/12/06/09/31/blank-1886008__340.png"),
    (2, "https://cdn.pixabay.com/photo/2015/09/06/01/03/white-926838__340.jpg"),
)


def build(settings: Settings, sources: Sources) -> tuple[Partner, InstyleClient | None]:
    """Return the partner and its client; the client is None if the role `service` is not set up."""
    roles = _roles(settings, sources)
    return _partner(settings, roles), _client(settings, sources.transport, roles)


def _roles(settings: Settings, sources: Sources) -> dict[str, Role]:
    """Return the roles that are set up, the least powerful first; none if the role `service` is not set up."""
    if not settings.instyle_api_base_url or not settings.instyle_api_key:
        return {}
    service = Role(
        name="service",
        about="Reads: with an API key, and the word None in place of a token.",
        auth=instyle.service_auth(settings.instyle_api_key),
        source=None,
        shell_headers={"x-api-key": "$INSTYLE_API_KEY", "Authorization": "None"},
    )
    admin = _admin(settings, settings.instyle_api_key, sources)
    return by_name(service, admin, _superuser(settings, sources))


def _admin(settings: Settings, api_key: str, sources: Sources) -> Role | None:
    source = _cognito_source(
        settings,
        sources,
        settings.instyle_username,
        settings.instyle_password,
        settings.instyle_secret_hash,
        instyle.SETTINGS,
    )
    if source is None:
        return None
    return Role(
        name="admin",
        about="Changes images and collections: with the API key, and a user's token from AWS Cognito.",
        auth=instyle.admin_auth(api_key, source, _token_kind(settings)),
        source=source,
        shell_headers={"x-api-key": "$INSTYLE_API_KEY", **_token_in_shell(settings, "INSTYLE")},
    )


def _superuser(settings: Settings, sources: Sources) -> Role | None:
    source = _cognito_source(
        settings,
        sources,
        settings.instyle_superuser_username,
        settings.instyle_superuser_password,
        settings.instyle_superuser_secret_hash,
        instyle.SUPERUSER_SETTINGS,
    )
    api_key, customer = settings.instyle_superuser_api_key, settings.instyle_customer
    if source is None or not api_key or not customer:
        return None
    return Role(
        name="superuser",
        about="Manages models and users of one customer: with a key and a user of its own.",
        auth=instyle.superuser_auth(api_key, source, customer, _token_kind(settings)),
        source=source,
        shell_headers={
            "x-api-key": "$INSTYLE_SUPERUSER_API_KEY",
            **_token_in_shell(settings, "INSTYLE_SUPERUSER"),
            "x-selected-customer": "$INSTYLE_CUSTOMER",
        },
    )


def _cognito_source(
    settings: Settings,
    sources: Sources,
    username: str | None,
    password: str | None,
    secret_hash: str | None,
    names: tuple[str, ...],
) -> TokenSource | None:
    """Return the source of one user's tokens; None if a setting is missing.

    A given secret hash is used; otherwise it is computed from the client secret.
    """
    cognito_idp, client_id = settings.instyle_cognito_idp, settings.instyle_client_id
    if not cognito_idp or not client_id or not username or not password:
        return None
    if not secret_hash and settings.instyle_client_secret:
        secret_hash = cognito.secret_hash(settings.instyle_client_secret, username, client_id)
        names = (*names[:-1], "INSTYLE_CLIENT_SECRET")
    if not secret_hash:
        return None
    kind = _token_kind(settings)
    request = instyle.token_request(
        cognito_idp,
        client_id,
        username,
        password,
        secret_hash,
        client_secret=settings.instyle_client_secret,
        token=kind,
        settings=names,
    )
    return sources.of(request)


def _token_kind(settings: Settings) -> Literal["id", "access"]:
    return "access" if settings.instyle_token == "access" else "id"  # noqa: S105 (a name)


def _token_in_shell(settings: Settings, prefix: str) -> dict[str, str]:
    kind = _token_kind(settings)
    token = f"${prefix}_{kind.upper()}_TOKEN"
    return {"Authorization": f"Bearer {token}" if kind == "access" else token}


def _partner(settings: Settings, roles: Mapping[str, Role]) -> Partner:
    return Partner(
        name=instyle.PROVIDER,
        title="instyle.ai",
        about=f"Keeps a customer's images.{_roles_off(settings)}",
        document="instyle.ai: Authentication",
        origin=settings.instyle_api_base_url or "",
        missing=settings.instyle_missing,
        roles=roles,
        examples=_examples(roles),
    )


def _examples(roles: Mapping[str, Role]) -> tuple[Example, ...]:
    listing = Example("List the images", "GET", "/images", role="service")
    if roles and "admin" not in roles:
        return (listing,)
    body = instyle.images_body(EXAMPLE_IMAGES).decode()
    return (listing, Example("Add two images by their URLs", "POST", "/images", body, role="admin"))


def _roles_off(settings: Settings) -> str:
    """Return a text about the missing settings of the other roles.

    Few customers have a superuser, so it is only named if one of its settings is there.
    """
    told = ""
    if settings.instyle_admin_missing:
        told += f" To change them, set {', '.join(settings.instyle_admin_missing)}."
    is_begun = settings.instyle_superuser_username or settings.instyle_superuser_api_key
    if is_begun and settings.instyle_superuser_missing:
        told += f" For the superuser, set {', '.join(settings.instyle_superuser_missing)}."
    return told


def _client(settings: Settings, transport: Transport, roles: Mapping[str, Role]) -> InstyleClient | None:
    if not roles or not settings.instyle_api_base_url:
        return None
    admin = roles.get("admin")
    return InstyleClient(
        transport,
        settings.instyle_api_base_url,
        roles["service"].auth,
        admin.auth if admin else None,
        settings.instyle_admin_missing,
    )
