"""The sandbox's magic drivers: one account for each possible failure, listed by its control interface.

Only an installation that uses a sandbox requests them. Vinli has no such accounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from providers.http.transport import Transport

PROVIDER = "sandbox"
_MOST = 200
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class MagicDriver:
    """An account of the sandbox; `what` says what the sandbox does for it."""

    name: str
    email: str
    title: str
    what: str

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read one account. Raises ValueError if a field is missing."""
        fields = [
            value.get(name) if isinstance(value, dict) else None
            for name in ("name", "email", "title", "what")
        ]
        texts = [field[:_LONGEST] for field in fields if isinstance(field, str)]
        if len(texts) != len(fields):
            raise ValueError("a magic driver has a name, an email, a title and a what")
        return cls(*texts)


@dataclass(frozen=True, slots=True)
class MagicDrivers:
    """All magic drivers in the sandbox's order, and their common password (the sandbox shows it on its pages)."""

    password: str
    drivers: tuple[MagicDriver, ...]


def magic_drivers(transport: Transport, origin: str, *, deadline: float) -> MagicDrivers:
    """Fetch the list from `origin` within `deadline` seconds. Raises ProviderErrors; NotFound if it is no sandbox."""
    url = f"{transport.allow(origin)}/_sandbox/magic-drivers"
    answer = transport.request(PROVIDER, "GET", url, deadline=deadline)
    body = answer.json()
    try:
        listed = [MagicDriver.from_json(value) for value in body["drivers"][:_MOST]]
        return MagicDrivers(str(body["password"])[:_LONGEST], tuple(listed))
    except (KeyError, TypeError, ValueError) as error:
        raise answer.invalid("not a list of magic drivers") from error
