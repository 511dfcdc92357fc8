"""The input of the doctor: settings, store and clients of this application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from providers.http.auth import BasicAuth
from providers.http.transport import Transport
from providers.vinli.platform import PlatformClient
from settings import Settings
from store.base import Store


@dataclass(frozen=True)
class Installation:
    """This application's settings, store and clients.

    ``clock`` returns Unix seconds. ``served_files`` is the folder whose files anybody can read.
    """

    settings: Settings
    store: Store
    transport: Transport
    platform: PlatformClient
    app_auth: BasicAuth
    clock: Callable[[], float]
    served_files: Path
