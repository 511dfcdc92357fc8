"""The settings of the application: one typed, immutable object, read once at start.

Every setting is one environment variable. The file ``.env`` in the working directory gives the variables that the
environment does not set. A secret ``NAME`` may instead come from the file that ``NAME_FILE`` names. No other
module of the application reads the environment.

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
