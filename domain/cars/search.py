"""Search for devices by name or id."""

from __future__ import annotations

from collections.abc import Callable

from providers.vinli.platform import Device


def matcher(query: str) -> Callable[[Device], bool]:
    """Return a function that tells if a device's name or id contains ``query``; names are compared without case."""
    wanted = query.casefold()
    return lambda device: wanted in (device.name or "").casefold() or wanted in device.id
