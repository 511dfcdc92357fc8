"""The service that a request is for, and the origin of each service for links.

Vinli joins a label and a stack suffix: ``platform`` and ``.vin.li``, or ``platform`` and ``-dev.vin.li`` (vinli-node
lib/client.js, vinli-cli). A request whose Host starts with such a label reaches that service alone. Any other host,
such as 127.0.0.1, reaches all services: few of their paths are the same, and ``sandbox.shared_paths`` handles those.
Each of the four partners has a label too: ``anyline.localhost`` reaches Anyline alone.
"""

SERVICES = (
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
    "stream",
    "dev",
    "anyline",
    "ayyeka",
    "aspose",
    "instyle",
)

# Labels in older pages of the docs (API-reference), and in the iOS SDK, which opens its consent page on my.vin.li.
ALIASES = {"behavior": "behavioral", "trip": "trips", "distances": "distance", "my": "auth"}


def service_of(host: str) -> str | None:
    """Return the service that the first label of a Host header names, or None."""
    first, dot, _ = host.lower().partition(".")
    label = first.partition("-")[0]
    label = ALIASES.get(label, label)
    return label if dot and label in SERVICES else None


class Addresses:
    """The origins of the services: one for all, or one each when the public URL contains ``{service}``."""

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url
        self.is_secure = public_url.startswith("https:")

    def origin(self, service: str) -> str:
        """Return the origin of ``service``, without a trailing slash."""
        return self._public_url.replace("{service}", service)
