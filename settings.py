"""The settings of the application: one typed, immutable object, read once at start.

Every setting is one environment variable; ``.env`` in the working directory fills in what the environment
does not say. A secret ``NAME`` may come from a file named by ``NAME_FILE`` instead. Nothing else in the
application reads the environment.

``load()`` reports every problem at once, by variable name, as a ``SettingsError``.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from dotenv import dotenv_values

VINLI_SERVICES = (
    "auth",
    "platform",
    "telemetry",
    "events",
    "rules",
    "trips",
    "diagnostic",
    "safety",
    "behavioral",
    "distance",
    "dummies",
)

# Published in Vinli's documentation (docs general/authentication): anybody knows them.
SAMPLE_APP_ID = "c87d5be0-2e69-11e4-8c21-0800200c9a66"
SAMPLE_APP_SECRET = "HKLFFoSILb8VHFJD"  # noqa: S105

PLACEHOLDER = re.compile(r"change.?me|replace.?me|your.?secret|^(secret|password|dev|test|example)+$", re.I)
MAKE_A_KEY = "make one with: python -c 'import secrets; print(secrets.token_hex(32))'"
RATE_LIMIT = re.compile(r"[1-9]\d*\s*(?:/|\s+per\s+)\s*(?:[1-9]\d*\s*)?(?:second|minute|hour|day)s?", re.I)

# Switches of other libraries that would let OAuth requests travel without TLS.
REFUSED_VARIABLES = ("AUTHLIB_INSECURE_TRANSPORT", "OAUTHLIB_INSECURE_TRANSPORT")


class SettingsError(Exception):
    """The settings do not allow a start.

    ``problems`` maps a variable's name to what is wrong with it, in words; ``str()`` is one message with all.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        width = max(map(len, self.problems))
        count = "1 setting needs" if len(self.problems) == 1 else f"{len(self.problems)} settings need"
        lines = [f"  {name:<{width}}  {text}" for name, text in sorted(self.problems.items())]
        super().__init__("\n".join([f"Vinli Connect cannot start: {count} attention.", *lines]))


def is_loopback(host: str | None) -> bool:
    """Tell whether a host name or IP literal can only mean this machine (RFC 6761 section 6.3 for names)."""
    if not host:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# Converters take the text of a variable and return its value; they raise ValueError with words for a person.


def _plain(text: str) -> str:
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
        raise ValueError("contains a control character or line break")
    if re.search("[\ud800-\udfff]", text):  # what Python makes of bytes that are no UTF-8
        raise ValueError("is not UTF-8 text")
    return text


def _header_value(text: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError("contains a blank or a character that a header cannot carry")
    return text


def _key(text: str) -> str:
    if len(text.encode()) < 32:
        raise ValueError(f"is shorter than 32 bytes; {MAKE_A_KEY}")
    if PLACEHOLDER.search(text):
        raise ValueError(f"is a placeholder; {MAKE_A_KEY}")
    return _plain(text)


def _keys(text: str) -> tuple[str, ...]:
    return tuple(_key(part.strip()) for part in text.split(",") if part.strip())


def _password(text: str) -> str:
    if len(text) < 8:
        raise ValueError("is shorter than 8 characters")
    return _plain(text)


def _basic_user(text: str) -> str:
    if ":" in text:
        raise ValueError(
            "contains a colon, which HTTP Basic cannot carry in a user name (RFC 7617 section 2)"
        )
    return _plain(text)


def _app_id(text: str) -> str:
    if text == SAMPLE_APP_ID:
        raise ValueError("is the sample App ID from Vinli's documentation; use your app's own")
    return _basic_user(text)


def _app_secret(text: str) -> str:
    if text == SAMPLE_APP_SECRET:
        raise ValueError("is the sample App Secret from Vinli's documentation; use your app's own")
    return _plain(text)


def _split(text: str) -> SplitResult:
    parts = urlsplit(_plain(text))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not an absolute http(s) URL")
    if parts.port == 0:  # asking for it raises ValueError when it is out of range
        raise ValueError("has port 0")
    if parts.username is not None or parts.password is not None:
        raise ValueError("contains a user name or password")
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise ValueError("has a query or a fragment")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("is plain http; https is required for every address but loopback ones")
    return parts


def _origin(text: str) -> str:
    """Normalize to ``scheme://host[:port]`` as browsers serialize an origin (RFC 6454 section 6.2)."""
    parts = _split(text)
    if parts.path not in {"", "/"}:
        raise ValueError("has a path; an origin is wanted, like https://cars.example.com")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    default_port = {"http": 80, "https": 443}[parts.scheme]
    port = f":{parts.port}" if parts.port not in {None, default_port} else ""
    return f"{parts.scheme}://{host}{port}"


def _url(text: str) -> str:
    """Accept an address that may have a path, and leave it as it is."""
    parts = _split(text)
    if not re.fullmatch(r"[\x21-\x7e]+", text) or "\\" in text or {".", ".."} & set(parts.path.split("/")):
        raise ValueError("has a path that does not stand for itself (blanks, backslashes, dots)")
    return text


def _base_url(text: str) -> str:
    return _url(text).rstrip("/")


def can_be_public_url(text: str) -> bool:
    """Tell whether PUBLIC_URL could be this text, to the letter."""
    try:
        return text.isascii() and _origin(text) == text
    except ValueError:
        return False


def _origins(text: str) -> tuple[str, ...]:
    names = [part.strip() for part in text.split(",") if part.strip()]
    if "*" in names or "null" in names:
        raise ValueError("must list exact origins; '*' and 'null' are not accepted")
    return tuple(_origin(name) for name in names)


def _stack(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]+(?::\d{1,5})?", text) or text[0] not in ".-":
        raise ValueError("is not a host suffix like .vin.li or .localhost:9443")
    return text


def _store_url(text: str) -> str:
    path = text.removeprefix("sqlite:///")
    is_file = path not in {text, "", ":memory:"} and "?" not in path
    if not is_file and not text.startswith(("redis://", "rediss://", "unix://", "redis+sentinel://")):
        raise ValueError("is neither sqlite:///path/to/file nor redis://host:port/db (rediss:// for TLS)")
    return text


def _proxy(text: str) -> str:
    parts = urlsplit(_plain(text))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not a proxy URL like http://proxy.example.com:3128")
    return text


def _file(text: str) -> str:
    if not Path(text).is_file():
        raise ValueError("names a file that is not there")
    return text


def _rate(text: str) -> str:
    if not all(RATE_LIMIT.fullmatch(part.strip()) for part in text.split(";")):
        raise ValueError("is not a rate like 60/minute")
    return text


def _switch(text: str) -> bool:
    known = {
        "on": True,
        "true": True,
        "1": True,
        "yes": True,
        "off": False,
        "false": False,
        "0": False,
        "no": False,
    }
    if text.lower() not in known:
        raise ValueError("is neither on nor off")
    return known[text.lower()]


def _whole(low: int, high: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"is not a whole number from {low} to {high}")
        return int(text)

    return convert


def _one_of(*words: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if text not in words:
            raise ValueError(f"is not {' or '.join(words)}")
        return text

    return convert


def _setting(
    convert: Callable[[str], Any],
    default: Any = None,
    *,
    required: bool = False,
    secret: bool = False,
) -> Any:
    """Declare a field: how its text is read, what it is when unset, and whether it may be shown."""
    about = {"convert": convert, "required": required, "secret": secret}
    return field(default=default, repr=not secret, metadata=about)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings. A field's name in upper case is its variable; origins have no trailing slash.

    ``vinli_<service>_url`` are filled in from ``vinli_stack`` where they are not set. Secrets stay out of
    ``repr()``. Durations carry their unit in the name.
    """

    public_url: str = _setting(_origin, "http://127.0.0.1:8000")
    secret_key: str = _setting(_key, required=True, secret=True)
    secret_key_fallbacks: tuple[str, ...] = _setting(_keys, (), secret=True)
    store_url: str = _setting(_store_url, "sqlite:///instance/store.sqlite3", secret=True)
    operator_password: str | None = _setting(_password, secret=True)
    trusted_proxies: int = _setting(_whole(0, 10), 0)
    cors_origins: tuple[str, ...] = _setting(_origins, ())

    session_idle_hours: int = _setting(_whole(1, 24 * 365), 24 * 14)
    session_lifetime_days: int = _setting(_whole(1, 365), 90)
    upstream_slots: int = _setting(_whole(1, 1000), 24)
    rate_limit_connect: str = _setting(_rate, "300/minute")
    rate_limit_sign_in: str = _setting(_rate, "10/minute")
    rate_limit_api: str = _setting(_rate, "600/minute")
    https_proxy: str | None = _setting(_proxy, secret=True)
    ca_bundle: str | None = _setting(_file)

    vinli_app_id: str = _setting(_app_id, required=True)
    vinli_app_secret: str = _setting(_app_secret, required=True, secret=True)
    vinli_client_id: str = _setting(_basic_user, required=True)
    vinli_client_secret: str = _setting(_plain, required=True, secret=True)
    vinli_web_client_id: str | None = _setting(_plain)
    vinli_workbench_client_id: str | None = _setting(_basic_user)
    vinli_workbench_client_secret: str | None = _setting(_plain, secret=True)
    vinli_concurrency: int = _setting(_whole(1, 64), 16)
    vinli_pkce: bool = _setting(_switch, True)
    vinli_issuer: str | None = _setting(_plain)
    vinli_stack: str = _setting(_stack, ".vin.li")
    vinli_auth_url: str = _setting(_origin)
    vinli_platform_url: str = _setting(_origin)
    vinli_telemetry_url: str = _setting(_origin)
    vinli_events_url: str = _setting(_origin)
    vinli_rules_url: str = _setting(_origin)
    vinli_trips_url: str = _setting(_origin)
    vinli_diagnostic_url: str = _setting(_origin)
    vinli_safety_url: str = _setting(_origin)
    vinli_behavioral_url: str = _setting(_origin)
    vinli_distance_url: str = _setting(_origin)
    vinli_dummies_url: str = _setting(_origin)

    anyline_client_id: str | None = _setting(_plain)
    anyline_client_secret: str | None = _setting(_plain, secret=True)
    anyline_auth_url: str = _setting(_origin, "https://auth.anyline.com")
    anyline_api_url: str = _setting(_origin, "https://api.anyline.com")
    anyline_audience: str = _setting(_plain, "https://prod.cloud-api.anyline.com")
    anyline_scope: str = _setting(_plain, "cloudapi:tiresidewall")

    ayyeka_key: str | None = _setting(_basic_user)
    ayyeka_secret: str | None = _setting(_plain, secret=True)
    ayyeka_url: str = _setting(_origin, "https://restapi.ayyeka.com")

    aspose_client_id: str | None = _setting(_plain)
    aspose_client_secret: str | None = _setting(_plain, secret=True)
    aspose_url: str = _setting(_origin, "https://api.aspose.cloud")
    aspose_storage: str | None = _setting(_plain)

    instyle_api_base_url: str | None = _setting(_base_url)
    instyle_api_key: str | None = _setting(_header_value, secret=True)
    instyle_cognito_idp: str | None = _setting(_url)
    instyle_client_id: str | None = _setting(_plain)
    instyle_client_secret: str | None = _setting(_plain, secret=True)
    instyle_username: str | None = _setting(_plain)
    instyle_password: str | None = _setting(_plain, secret=True)
    instyle_secret_hash: str | None = _setting(_plain, secret=True)
    instyle_token: str = _setting(_one_of("id", "access"), "id")
    instyle_superuser_api_key: str | None = _setting(_header_value, secret=True)
    instyle_superuser_username: str | None = _setting(_plain)
    instyle_superuser_password: str | None = _setting(_plain, secret=True)
    instyle_superuser_secret_hash: str | None = _setting(_plain, secret=True)
    instyle_customer: str | None = _setting(_header_value)

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the application by https, so that cookies may be Secure."""
        return self.public_url.startswith("https://")

    @property
    def redirect_uri(self) -> str:
        """The redirect URI of the authorization-code client."""
        return f"{self.public_url}/connect/callback"

    @property
    def implicit_redirect_uri(self) -> str:
        """The redirect URI of the implicit client."""
        return f"{self.public_url}/implicit/callback"

    @property
    def workbench_redirect_uri(self) -> str:
        """The redirect URI of the workbench's own client: the page that shows what comes back."""
        return f"{self.public_url}/workbench/catch"

    @property
    def sandbox_origin(self) -> str | None:
        """The authorization origin when it is on this machine, so that pages can say it is no real Vinli."""
        return self.vinli_auth_url if is_loopback(urlsplit(self.vinli_auth_url).hostname) else None

    @property
    def anyline_missing(self) -> tuple[str, ...]:
        """The variables that Anyline cannot do without and that are not set; likewise the properties below."""
        return self._unset("ANYLINE_CLIENT_ID", "ANYLINE_CLIENT_SECRET")

    @property
    def ayyeka_missing(self) -> tuple[str, ...]:
        return self._unset("AYYEKA_KEY", "AYYEKA_SECRET")

    @property
    def aspose_missing(self) -> tuple[str, ...]:
        return self._unset("ASPOSE_CLIENT_ID", "ASPOSE_CLIENT_SECRET")

    @property
    def instyle_missing(self) -> tuple[str, ...]:
        """What the role `service` needs, which is the least; the others need `instyle_<role>_missing` as well."""
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

    def _unset(self, *names: str) -> tuple[str, ...]:
        return tuple(name for name in names if getattr(self, name.lower()) is None)

    def _hash_unless_computed(self, name: str) -> tuple[str, ...]:
        return () if self.instyle_client_secret else (name,)


def _text_of(name: str, environ: Mapping[str, str], *, secret: bool, problems: dict[str, str]) -> str | None:
    """Find a variable's text: the variable itself or, for secrets, the file named by ``NAME_FILE``."""
    text = environ.get(name, "").strip() or None
    file_name = environ.get(f"{name}_FILE", "").strip() if secret else ""
    if not file_name:
        return text
    if text is not None:
        problems[f"{name}_FILE"] = f"is set together with {name}; keep one of the two"
        return text
    try:
        return Path(file_name).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        problems[f"{name}_FILE"] = (
            f"cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}"
        )
        return None


def _read_fields(environ: Mapping[str, str], problems: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for about in fields(Settings):
        name = about.name.upper()
        text = _text_of(name, environ, secret=about.metadata["secret"], problems=problems)
        if text is None:
            if about.metadata["required"] and f"{name}_FILE" not in problems:
                problems[name] = "is missing"
            continue
        try:
            values[about.name] = about.metadata["convert"](text)
        except ValueError as error:
            problems[name] = str(error)
    return values


def _fill_in_services(values: dict[str, Any], problems: dict[str, str]) -> None:
    stack = values.get("vinli_stack", ".vin.li")
    for service in VINLI_SERVICES:
        name = f"vinli_{service}_url"
        if name in values or name.upper() in problems:
            continue
        try:
            values[name] = _origin(f"https://{service}{stack}")
        except ValueError as error:
            problems["VINLI_STACK"] = f"makes no valid origin: it {error}"


# Vinli keeps one redirect URI for each client: two flows with one client would take it from each other.
_CLIENTS_OF_THEIR_OWN = {
    "vinli_web_client_id": ("vinli_client_id",),
    "vinli_workbench_client_id": ("vinli_client_id", "vinli_web_client_id"),
}


def _check_together(values: Mapping[str, Any], environ: Mapping[str, str], problems: dict[str, str]) -> None:
    """Judge what no single variable shows."""
    public_url = values.get("public_url", "http://127.0.0.1:8000")
    is_deployed = not is_loopback(urlsplit(public_url).hostname)
    if is_deployed and environ.get("FLASK_DEBUG", "0").lower() not in {"", "0", "false", "no"}:
        problems["FLASK_DEBUG"] = (
            "is on while PUBLIC_URL is not a loopback address; the debugger runs code for anybody"
        )
    for name in REFUSED_VARIABLES:
        if environ.get(name):
            problems[name] = "is set; OAuth requests must not travel without TLS"
    for name, others in _CLIENTS_OF_THEIR_OWN.items():
        same = next((one for one in others if values.get(name) and values.get(name) == values.get(one)), None)
        if same is not None:
            problems[name.upper()] = f"is the same as {same.upper()}; each flow needs a client of its own"
    halves = ("vinli_workbench_client_id", "vinli_workbench_client_secret")
    if (set_ones := [name for name in halves if values.get(name)]) and len(set_ones) < len(halves):
        other = next(name for name in halves if name not in set_ones).upper()
        problems.setdefault(other, f"is missing while {set_ones[0].upper()} is set; they go together")
    if values.get("secret_key") and values["secret_key"] in values.get("secret_key_fallbacks", ()):
        problems["SECRET_KEY_FALLBACKS"] = "contains SECRET_KEY itself; it is for older keys"  # noqa: S105


def from_environ(environ: Mapping[str, str]) -> Settings:
    """Read the settings from a mapping of variables.

    Raises SettingsError with every problem found.
    """
    problems: dict[str, str] = {}
    values = _read_fields(environ, problems)
    _fill_in_services(values, problems)
    _check_together(values, environ, problems)
    if problems:
        raise SettingsError(problems)
    return Settings(**values)


def load(dotenv: str | os.PathLike[str] = ".env") -> Settings:
    """Read the settings from the environment and, for what it leaves unset, from the file ``dotenv``.

    Raises SettingsError with every problem found.
    """
    from_file = {name: value for name, value in dotenv_values(dotenv, interpolate=False).items() if value}
    from_environment = {name: value for name, value in os.environ.items() if value}
    return from_environ({**from_file, **from_environment})
