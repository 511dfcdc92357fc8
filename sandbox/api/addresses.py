"""Which service a request is for, and the origin that links to a service are built on.

Vinli glues a label and a stack suffix together: ``platform`` and ``.vin.li``, or ``platform`` and ``-dev.vin.li``
(vinli-node lib/client.js, vinli-cli). A request whose Host starts with such a label reaches that service alone; any
other host, such as 127.0.0.1, reaches all of them, since their paths hardly collide (``services.shared`` sorts those
out that do). The four partners have a label each, too: ``anyline.localhost`` is Anyline alone.
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

# Spellings in older pages of the docs (API-reference) and in the iOS SDK, which opens its consent page on my.vin.li.
ALIASES = {"behavior": "behavioral", "trip": "trips", "distances": "distance", "my": "auth"}


def service_of(host: str) -> str | None:
    """Return the service that a Host header names by its first label, or None when it names none."""
    first, dot, _ = host.lower().partition(".")
    label = first.partition("-")[0]
    label = ALIASES.get(label, label)
    return label if dot and label in SERVICES else None


class Addresses:
    """The origins that a client can reach, one per service or one for all."""

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url
        self.is_secure = public_url.startswith("https:")

    def origin(self, service: str) -> str:
        """Return the origin of ``service``, without a trailing slash."""
        return self._public_url.replace("{service}", service)
