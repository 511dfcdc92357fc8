"""Finding devices by what people remember of them."""

from __future__ import annotations

from collections.abc import Callable

from providers.vinli.platform import Device


def matcher(query: str) -> Callable[[Device], bool]:
    """Return what says of a device whether its name or id contains ``query``; the case of names does not matter."""
    wanted = query.casefold()
    return lambda device: wanted in (device.name or "").casefold() or wanted in device.id
