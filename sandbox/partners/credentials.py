"""The credentials that the partners give to a customer, named as the application's settings.

They depend on the seed alone, until a test rotates a secret.
"""

import base64
import hashlib
import hmac
import threading
from collections.abc import Mapping

from sandbox.api.addresses import Addresses
from sandbox.world.seeds import Seed

ANYLINE_AUDIENCE = "https://prod.cloud-api.anyline.com"  # as the document writes it (seed 000)
ANYLINE_SCOPE = "cloudapi:tiresidewall"

# The secret that is meant when only the partner is named.
MAIN_SECRETS: Mapping[str, str] = {
    "anyline": "ANYLINE_CLIENT_SECRET",
    "ayyeka": "AYYEKA_SECRET",
    "aspose": "ASPOSE_CLIENT_SECRET",
    "instyle": "INSTYLE_PASSWORD",
}
PARTNERS = tuple(MAIN_SECRETS)
SECRETS = (
    *MAIN_SECRETS.values(),
    "INSTYLE_API_KEY",
    "INSTYLE_CLIENT_SECRET",
    "INSTYLE_SUPERUSER_API_KEY",
    "INSTYLE_SUPERUSER_PASSWORD",
)


class Credentials:
    """The settings of all partners, with the current secrets."""

    def __init__(self, seed: Seed, addresses: Addresses) -> None:
        self._lock = threading.Lock()
        self._values = _anyline(seed, addresses) | _ayyeka(seed, addresses)
        self._values |= _aspose(seed, addresses) | _instyle(seed, addresses)

    def __getitem__(self, variable: str) -> str:
        return self._values[variable]

    def matches(self, variable: str, given: str) -> bool:
        """Compare a value with a setting in constant time."""
        return equal(self._values[variable], given)

    def rotate(self, variable: str, secret: str) -> None:
        """Replace one of SECRETS. The old one is refused from now on."""
        with self._lock:
            self._values[variable] = secret

    def secret_hash(self, username: str) -> str:
        """Return Cognito's SECRET_HASH in base64: HMAC-SHA256 of user name and client id with the client secret.

        See "Computing secret hash values" in the Amazon Cognito developer guide.
        """
        message = (username + self["INSTYLE_CLIENT_ID"]).encode(errors="surrogatepass")
        secret = self["INSTYLE_CLIENT_SECRET"].encode(errors="surrogatepass")
        return base64.b64encode(hmac.digest(secret, message, hashlib.sha256)).decode()

    def as_settings(self) -> dict[str, str]:
        """Return all settings that the application needs to call the sandbox's partners, including secret hashes."""
        with self._lock:
            values = dict(self._values)
        for user in ("INSTYLE_", "INSTYLE_SUPERUSER_"):
            values[user + "SECRET_HASH"] = self.secret_hash(values[user + "USERNAME"])
        return values


def equal(one: str, other: str) -> bool:
    """Compare two texts in constant time. JSON may contain lone surrogates, which plain UTF-8 cannot encode."""
    return hmac.compare_digest(one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass"))


def _anyline(seed: Seed, addresses: Addresses) -> dict[str, str]:
    origin = addresses.origin("anyline")
    return {
        "ANYLINE_CLIENT_ID": seed.text("anyline client id", 32),
        "ANYLINE_CLIENT_SECRET": seed.text("anyline client secret", 64),
        "ANYLINE_AUTH_URL": origin,
        "ANYLINE_API_URL": origin,
        "ANYLINE_AUDIENCE": ANYLINE_AUDIENCE,
        "ANYLINE_SCOPE": ANYLINE_SCOPE,
    }


def _ayyeka(seed: Seed, addresses: Addresses) -> dict[str, str]:
    return {
        "AYYEKA_KEY": seed.digest("ayyeka key", 16).hex().upper(),
        "AYYEKA_SECRET": seed.text("ayyeka secret", 43),
        "AYYEKA_URL": addresses.origin("ayyeka"),
    }


def _aspose(seed: Seed, addresses: Addresses) -> dict[str, str]:
    return {
        "ASPOSE_CLIENT_ID": seed.uuid("aspose client id"),
        "ASPOSE_CLIENT_SECRET": seed.digest("aspose client secret", 16).hex(),
        "ASPOSE_URL": addresses.origin("aspose"),
        "ASPOSE_STORAGE": "Reports",
    }


def _instyle(seed: Seed, addresses: Addresses) -> dict[str, str]:
    origin = addresses.origin("instyle")
    return {
        "INSTYLE_API_BASE_URL": origin + "/instyle",
        "INSTYLE_API_KEY": seed.text("instyle api key", 40),  # "static 40 character string" (seed 004)
        "INSTYLE_COGNITO_IDP": origin + "/cognito/",
        "INSTYLE_CLIENT_ID": seed.digest("instyle client id", 13).hex(),
        "INSTYLE_CLIENT_SECRET": seed.text("instyle client secret", 52),
        "INSTYLE_USERNAME": "admin@example.com",
        "INSTYLE_PASSWORD": seed.text("instyle password", 16),
        "INSTYLE_TOKEN": "id",
        "INSTYLE_SUPERUSER_API_KEY": seed.text("instyle superuser api key", 40),
        "INSTYLE_SUPERUSER_USERNAME": "superuser@example.com",
        "INSTYLE_SUPERUSER_PASSWORD": seed.text("instyle superuser password", 16),
        "INSTYLE_CUSTOMER": "vinli-connect",
    }
