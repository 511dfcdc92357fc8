"""The partner APIs, built from the settings: who they are, who we can be there, and the clients of those set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from providers.http.auth import TokenAuth
from providers.http.origins import origin_of
from providers.http.transport import Transport
from providers.partners import anyline, aspose, ayyeka, instyle
from providers.partners.anyline import AnylineClient
from providers.partners.aspose import AsposeClient
from providers.partners.ayyeka import AyyekaClient
from providers.partners.instyle import InstyleClient
from providers.partners.partner import Example, Partner, Role
from providers.tokens.engine import TokenSource
from providers.tokens.records import Shelf
from providers.tokens.requests import TokenRequest
from settings import Settings

# The two that its document adds ("Admin request example").
INSTYLE_IMAGES = (
    (1, "https://cdn.pixabay.com/photo/2016/12/06/09/31/blank-1886008__340.png"),
    (2, "https://cdn.pixabay.com/photo/2015/09/06/01/03/white-926838__340.jpg"),
)


@dataclass(frozen=True)
class Partners:
    """All partners in their order, and the clients of those that are set up: None for the others."""

    by_name: Mapping[str, Partner]
    anyline: AnylineClient | None
    ayyeka: AyyekaClient | None
    aspose: AsposeClient | None
    instyle: InstyleClient | None


@dataclass(frozen=True)
class _Sources:
    """Makes token sources whose endpoints the transport may reach."""

    transport: Transport
    shelf: Shelf | None

    def of(self, request: TokenRequest) -> TokenSource:
        self.transport.allow(origin_of(request.url))
        return TokenSource(request, self.transport, self.shelf)

    def bearer_role(self, request: TokenRequest, variable: str) -> Role:
        """Return the one role of a partner that knows but one: a bearer token of the client's own."""
        source = self.of(request)
        return Role(
            name="service",
            about="The application itself, with a bearer token.",
            auth=TokenAuth(source),
            source=source,
            shell_headers={"Authorization": f"Bearer ${variable}"},
        )


def build_partners(settings: Settings, transport: Transport, shelf: Shelf | None) -> Partners:
    """Build the partners; the transport learns their origins. Does no I/O."""
    sources = _Sources(transport, shelf)
    anyline_role = _anyline_role(settings, sources)
    ayyeka_role = _ayyeka_role(settings, sources)
    aspose_role = _aspose_role(settings, sources)
    instyle_roles = _instyle_roles(settings, sources)
    partners = (
        _anyline_partner(settings, anyline_role),
        _ayyeka_partner(settings, ayyeka_role),
        _aspose_partner(settings, aspose_role),
        _instyle_partner(settings, instyle_roles),
    )
    return Partners(
        by_name={partner.name: partner for partner in partners},
        anyline=AnylineClient(transport, settings.anyline_api_url, anyline_role.auth)
        if anyline_role
        else None,
        ayyeka=AyyekaClient(transport, settings.ayyeka_url, ayyeka_role.auth) if ayyeka_role else None,
        aspose=(
            AsposeClient(transport, settings.aspose_url, aspose_role.auth, settings.aspose_storage)
            if aspose_role
            else None
        ),
        instyle=_instyle_client(settings, transport, instyle_roles),
    )


def _anyline_role(settings: Settings, sources: _Sources) -> Role | None:
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


def _anyline_partner(settings: Settings, role: Role | None) -> Partner:
    example = Example(
        "Read a tyre's sidewall",
        "POST",
        anyline.SIDEWALL_PATH,
        anyline.sidewall_body(anyline.EXAMPLE_IMAGE).decode(),
        note="The picture is a drawing of a tyre, without writing: put a photograph's base64 text in its place.",
    )
    return Partner(
        name=anyline.PROVIDER,
        title="Anyline",
        about="Reads the sidewall of a tyre from a photograph.",
        document="Anyline Cloud API, Getting Started: Authentication Process",
        origin=settings.anyline_api_url,
        missing=settings.anyline_missing,
        roles=_by_name(role),
        examples=(example,),
    )


def _ayyeka_role(settings: Settings, sources: _Sources) -> Role | None:
    if not settings.ayyeka_key or not settings.ayyeka_secret:
        return None
    request = ayyeka.token_request(settings.ayyeka_url, settings.ayyeka_key, settings.ayyeka_secret)
    return sources.bearer_role(request, "AYYEKA_TOKEN")


def _ayyeka_partner(settings: Settings, role: Role | None) -> Partner:
    return Partner(
        name=ayyeka.PROVIDER,
        title="Ayyeka",
        about="Watches field sites with sensors.",
        document="Ayyeka REST API: Authentication",
        origin=settings.ayyeka_url,
        missing=settings.ayyeka_missing,
        roles=_by_name(role),
        examples=(Example("List the sites", "GET", ayyeka.SITES_PATH),),
        headers=ayyeka.NO_CACHE,
    )


def _aspose_role(settings: Settings, sources: _Sources) -> Role | None:
    if not settings.aspose_client_id or not settings.aspose_client_secret:
        return None
    request = aspose.token_request(
        settings.aspose_url, settings.aspose_client_id, settings.aspose_client_secret
    )
    return sources.bearer_role(request, "ASPOSE_TOKEN")


def _aspose_partner(settings: Settings, role: Role | None) -> Partner:
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
        roles=_by_name(role),
        examples=(example,),
    )


def _instyle_roles(settings: Settings, sources: _Sources) -> dict[str, Role]:
    """Return the roles that are set up, in rising order; none without the service's variables."""
    if not settings.instyle_api_base_url or not settings.instyle_api_key:
        return {}
    service = Role(
        name="service",
        about="Reads: with an API key, and the word None in place of a token.",
        auth=instyle.service_auth(settings.instyle_api_key),
        source=None,
        shell_headers={"x-api-key": "$INSTYLE_API_KEY", "Authorization": "None"},
    )
    admin = _instyle_admin(settings, settings.instyle_api_key, sources)
    return _by_name(service, admin, _instyle_superuser(settings, sources))


def _instyle_admin(settings: Settings, api_key: str, sources: _Sources) -> Role | None:
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


def _instyle_superuser(settings: Settings, sources: _Sources) -> Role | None:
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
    sources: _Sources,
    username: str | None,
    password: str | None,
    secret_hash: str | None,
    names: tuple[str, ...],
) -> TokenSource | None:
    """Return the source of one user's tokens, None while something is missing; a hash that is given goes before."""
    cognito_idp, client_id = settings.instyle_cognito_idp, settings.instyle_client_id
    if not cognito_idp or not client_id or not username or not password:
        return None
    if not secret_hash and settings.instyle_client_secret:
        secret_hash = instyle.secret_hash(settings.instyle_client_secret, username, client_id)
        names = (*names[:-1], "INSTYLE_CLIENT_SECRET")
    if not secret_hash:
        return None
    kind = _token_kind(settings)
    request = instyle.token_request(
        cognito_idp, client_id, username, password, secret_hash, token=kind, settings=names
    )
    return sources.of(request)


def _token_kind(settings: Settings) -> Literal["id", "access"]:
    return "access" if settings.instyle_token == "access" else "id"  # noqa: S105 (a name)


def _token_in_shell(settings: Settings, prefix: str) -> dict[str, str]:
    kind = _token_kind(settings)
    token = f"${prefix}_{kind.upper()}_TOKEN"
    return {"Authorization": f"Bearer {token}" if kind == "access" else token}


def _instyle_partner(settings: Settings, roles: Mapping[str, Role]) -> Partner:
    return Partner(
        name=instyle.PROVIDER,
        title="instyle.ai",
        about=f"Keeps a customer's images.{_roles_off(settings)}",
        document="instyle.ai: Authentication",
        origin=settings.instyle_api_base_url or "",
        missing=settings.instyle_missing,
        roles=roles,
        examples=_instyle_examples(roles),
    )


def _instyle_examples(roles: Mapping[str, Role]) -> tuple[Example, ...]:
    listing = Example("List the images", "GET", "/images", role="service")
    if roles and "admin" not in roles:
        return (listing,)
    body = instyle.images_body(INSTYLE_IMAGES).decode()
    return (listing, Example("Add two images by their URLs", "POST", "/images", body, role="admin"))


def _roles_off(settings: Settings) -> str:
    """Say what the other roles wait for; of the superuser, which few have, only when it was begun."""
    told = ""
    if settings.instyle_admin_missing:
        told += f" To change them, set {', '.join(settings.instyle_admin_missing)}."
    is_begun = settings.instyle_superuser_username or settings.instyle_superuser_api_key
    if is_begun and settings.instyle_superuser_missing:
        told += f" For the superuser, set {', '.join(settings.instyle_superuser_missing)}."
    return told


def _instyle_client(
    settings: Settings, transport: Transport, roles: Mapping[str, Role]
) -> InstyleClient | None:
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


def _by_name(*roles: Role | None) -> dict[str, Role]:
    return {role.name: role for role in roles if role is not None}
