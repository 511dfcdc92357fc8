"""The settings of the application: one typed, immutable object, read once at start.

Every setting is one environment variable; ``.env`` in the working directory fills in what the environment
does not say. A secret ``NAME`` may come from a file named by ``NAME_FILE`` instead. Nothing else in the
application reads the environment.

``load()`` reports every problem at once, by variable name, as a ``SettingsError``.
"""

from settings.converters import can_be_public_url
from settings.errors import SettingsError
from settings.fields import VINLI_SERVICES, Settings
from settings.loopback import is_loopback
from settings.reading import from_environ, load

__all__ = [
    "VINLI_SERVICES",
    "Settings",
    "SettingsError",
    "can_be_public_url",
    "from_environ",
    "is_loopback",
    "load",
]
