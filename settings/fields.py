"""All settings: the variable, the converter and the default of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from settings.converters import (
    app_id,
    app_secret,
    base_url,
    basic_user,
    existing_file,
    header_value,
    host_suffix,
    hsts,
    key,
    keys,
    one_of,
    origin,
    origins,
    password,
    plain_text,
    proxy_url,
    rate,
    store_url,
    switch,
    url,
    whole_number,
)
from settings.loopback import is_loopback


def _setting(
    convert: Callable[[str], Any],
    default: Any = None,
    *,
    required: bool = False,
    secret: bool = False,
) -> Any:
    """Declare a field: its converter, its default, if it is required, and if it is secret."""
    about = {"convert": convert, "required": required, "secret": secret}
    return field(default=default, repr=not secret, metadata=about)


@dataclass(frozen=True)
class PartnerHalf:
    """A partner, or one of its roles, of whose variables some are ``present`` and some are ``missing``."""

    name: str
    present: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings. The variable is the field's name in upper case. Origins have no trailing slash.

    An unset ``vinli_<service>_url`` is made from ``vinli_stack``. ``repr()`` does not show secrets. The names of
    durations contain their unit.
    """

    public_url: str = _setting(origin, "http://127.0.0.1:8000")
    secret_key: str = _setting(key, required=True, secret=True)
    secret_key_fallbacks: tuple[str, ...] = _setting(keys, (), secret=True)
    store_url: str = _setting(store_url, "sqlite:///instance/store.sqlite3", secret=True)
    operator_password: str | None = _setting(password, secret=True)
    trusted_proxies: int = _setting(whole_number(0, 10), 0)
    hsts: str = _setting(hsts, "31536000")
    cors_origins: tuple[str, ...] = _setting(origins, ())

    session_idle_hours: int = _setting(whole_number(1, 24 * 365), 24 * 14)
    session_lifetime_days: int = _setting(whole_number(1, 365), 90)
    upstream_slots: int = _setting(whole_number(1, 1000), 24)
    rate_limit_connect: str = _setting(rate, "300/minute")
    rate_limit_sign_in: str = _setting(rate, "10/minute")
    rate_limit_api: str = _setting(rate, "600/minute")
    https_proxy: str | None = _setting(proxy_url, secret=True)
    ca_bundle: str | None = _setting(existing_file)

    vinli_app_id: str = _setting(app_id, required=True)
    vinli_app_secret: str = _setting(app_secret, required=True, secret=True)
    vinli_client_id: str = _setting(basic_user, required=True)
    vinli_client_secret: str = _setting(plain_text, required=True, secret=True)
    vinli_web_client_id: str | None = _setting(plain_text)
    vinli_workbench_client_id: str | None = _setting(basic_user)
    vinli_workbench_client_secret: str | None = _setting(plain_text, secret=True)
    vinli_concurrency: int = _setting(whole_number(1, 64), 16)
    vinli_pkce: bool = _setting(switch, True)
    vinli_issuer: str | None = _setting(plain_text)
    vinli_stack: str = _setting(host_suffix, ".vin.li")
    vinli_auth_url: str = _setting(origin)
    vinli_platform_url: str = _setting(origin)
    vinli_telemetry_url: str = _setting(origin)
    vinli_events_url: str = _setting(origin)
    vinli_rules_url: str = _setting(origin)
    vinli_trips_url: str = _setting(origin)
    vinli_diagnostic_url: str = _setting(origin)
    vinli_safety_url: str = _setting(origin)
    vinli_behavioral_url: str = _setting(origin)
    vinli_distance_url: str = _setting(origin)
    vinli_dummies_url: str = _setting(origin)

    anyline_client_id: str | None = _setting(plain_text)
    anyline_client_secret: str | None = _setting(plain_text, secret=True)
    anyline_auth_url: str = _setting(origin, "https://auth.anyline.com")
    anyline_api_url: str = _setting(origin, "https://api.anyline.com")
    anyline_audience: str = _setting(plain_text, "https://prod.cloud-api.anyline.com")
    anyline_scope: str = _setting(plain_text, "cloudapi:tiresidewall")

    ayyeka_key: str | None = _setting(basic_user)
    ayyeka_secret: str | None = _setting(plain_text, secret=True)
    ayyeka_url: str = _setting(origin, "https://restapi.ayyeka.com")

    aspose_client_id: str | None = _setting(plain_text)
    aspose_client_secret: str | None = _setting(plain_text, secret=True)
    aspose_url: str = _setting(origin, "https://api.aspose.cloud")
    aspose_storage: str | None = _setting(plain_text)

    instyle_api_base_url: str | None = _setting(base_url)
    instyle_api_key: str | None = _setting(header_value, secret=True)
    instyle_cognito_idp: str | None = _setting(url)
    instyle_client_id: str | None = _setting(plain_text)
    instyle_client_secret: str | None = _setting(plain_text, secret=True)
    instyle_username: str | None = _setting(plain_text)
    instyle_password: str | None = _setting(plain_text, secret=True)
    instyle_secret_hash: str | None = _setting(plain_text, secret=True)
    instyle_token: str = _setting(one_of("id", "access"), "id")
    instyle_superuser_api_key: str | None = _setting(header_value, secret=True)
    instyle_superuser_username: str | None = _setting(plain_text)
    instyle_superuser_password: str | None = _setting(plain_text, secret=True)
    instyle_superuser_secret_hash: str | None = _setting(plain_text, secret=True)
    instyle_customer: str | None = _setting(header_value)

    @property
    def is_public(self) -> bool:
        """Tell if the site is reached by https under a name of its own: browsers then come through a proxy."""
        return self.is_https and not is_loopback(urlsplit(self.public_url).hostname)

    @property
    def is_https(self) -> bool:
        """Tell if browsers reach the application by https, so that cookies may be Secure."""
        return self.public_url.startswith("https://")

    @property
    def strict_transport_security(self) -> str | None:
        """Return the header of that name (RFC 6797); None if HSTS is off, and at loopback addresses.

        A browser that has seen it opens no other server on the same loopback name by http.
        """
        if not self.is_https or self.hsts == "off" or is_loopback(urlsplit(self.public_url).hostname):
            return None
        seconds, _, subdomains = self.hsts.partition(",")
        return f"max-age={seconds}" + ("; includeSubDomains" if subdomains else "")

    @property
    def redirect_uri(self) -> str:
        """Return the redirect URI of the authorization-code client."""
        return f"{self.public_url}/connect/callback"

    @property
    def implicit_redirect_uri(self) -> str:
        """Return the redirect URI of the implicit client."""
        return f"{self.public_url}/implicit/callback"

    @property
    def workbench_redirect_uri(self) -> str:
        """Return the redirect URI of the workbench's own client: the page that shows callbacks."""
        return f"{self.public_url}/workbench/catch"

    @property
    def sandbox_origin(self) -> str | None:
        """Return the origin of the auth service if it is on this machine, else None. Pages then show a banner."""
        return self.vinli_auth_url if is_loopback(urlsplit(self.vinli_auth_url).hostname) else None

    @property
    def anyline_missing(self) -> tuple[str, ...]:
        """Return the variables that Anyline needs and that are not set. The properties below are the same."""
        return self._unset("ANYLINE_CLIENT_ID", "ANYLINE_CLIENT_SECRET")

    @property
    def ayyeka_missing(self) -> tuple[str, ...]:
        return self._unset("AYYEKA_KEY", "AYYEKA_SECRET")

    @property
    def aspose_missing(self) -> tuple[str, ...]:
        return self._unset("ASPOSE_CLIENT_ID", "ASPOSE_CLIENT_SECRET")

    @property
    def instyle_missing(self) -> tuple[str, ...]:
        """Return what the role `service` lacks. The other roles also need the variables of `instyle_<role>_missing`."""
        return self._unset("INSTYLE_API_BASE_URL", "INSTYLE_API_KEY")

    @property
    def instyle_admin_missing(self) -> tuple[str, ...]:
        names = ("INSTYLE_COGNITO_IDP", "INSTYLE_CLIENT_ID", "INSTYLE_USERNAME", "INSTYLE_PASSWORD")
        return self._unset(*names, *self._hash_unless_computed("INSTYLE_SECRET_HASH"))

    @property
    def instyle_superuser_missing(self) -> tuple[str, ...]:
        names = ("API_KEY", "USERNAME", "PASSWORD")
        return self._unset(
            "INSTYLE_COGNITO_IDP",
            "INSTYLE_CLIENT_ID",
            *(f"INSTYLE_SUPERUSER_{name}" for name in names),
            *self._hash_unless_computed("INSTYLE_SUPERUSER_SECRET_HASH"),
            "INSTYLE_CUSTOMER",
        )

    @property
    def partner_halves(self) -> tuple[PartnerHalf, ...]:
        """Return the partners, and the roles of partners, that are set up in part.

        They are off. The site starts without them, because drivers do not need them.
        """
        pairs = {
            "Anyline": ("ANYLINE_CLIENT_ID", "ANYLINE_CLIENT_SECRET"),
            "Ayyeka": ("AYYEKA_KEY", "AYYEKA_SECRET"),
            "Aspose": ("ASPOSE_CLIENT_ID", "ASPOSE_CLIENT_SECRET"),
            "instyle.ai": ("INSTYLE_API_BASE_URL", "INSTYLE_API_KEY"),
        }
        halves = [PartnerHalf(name, self._set(*both), self._unset(*both)) for name, both in pairs.items()]
        return tuple(half for half in (*halves, *self._instyle_halves()) if half.present and half.missing)

    def _instyle_halves(self) -> tuple[PartnerHalf, ...]:
        """Return what is set and what is missing of the roles of instyle.ai that sign in.

        Both need the API's address and key, and share the settings of the identity provider. What a role alone uses
        is named with it, so that nothing is left over if all of it is taken away.
        """
        admin = self._set("INSTYLE_USERNAME", "INSTYLE_PASSWORD", "INSTYLE_SECRET_HASH")
        superuser = self._set(
            *(f"INSTYLE_SUPERUSER_{name}" for name in ("USERNAME", "PASSWORD", "API_KEY", "SECRET_HASH")),
            "INSTYLE_CUSTOMER",
        )
        shared = self._set("INSTYLE_COGNITO_IDP", "INSTYLE_CLIENT_ID", "INSTYLE_CLIENT_SECRET")
        names = ("instyle.ai’s role admin", "instyle.ai’s role superuser")
        return (
            PartnerHalf(
                names[0],
                admin + (() if superuser else shared),
                self.instyle_missing + self.instyle_admin_missing,
            ),
            PartnerHalf(
                names[1],
                superuser + (() if admin or not superuser else shared),
                self.instyle_missing + self.instyle_superuser_missing,
            ),
        )

    def _set(self, *names: str) -> tuple[str, ...]:
        return tuple(name for name in names if getattr(self, name.lower()) is not None)

    def _unset(self, *names: str) -> tuple[str, ...]:
        return tuple(name for name in names if getattr(self, name.lower()) is None)

    def _hash_unless_computed(self, name: str) -> tuple[str, ...]:
        return () if self.instyle_client_secret else (name,)


# The fields of the origins are the only list of Vinli's services.
VINLI_SERVICES = tuple(
    about.name.removeprefix("vinli_").removesuffix("_url")
    for about in fields(Settings)
    if about.name.startswith("vinli_") and about.name.endswith("_url")
)
