"""What the doctor judges our OAuth clients by: which are set, what each would send, and what Vinli lists."""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.doctor.evidence import Evidence
from domain.doctor.findings import fact
from providers.vinli.clients import RegisteredClient
from settings import Settings, can_be_public_url


@dataclass(frozen=True)
class Role:
    """One of our OAuth clients: the setting that names it, the flow it is for, and what we would send.

    ``code`` goes into the names of findings. ``typed`` is the registered redirect URI as a person typed it in;
    ``typed_by`` says how that is done here, "" where it cannot be.
    """

    code: str
    flow: str
    variable: str
    client_id: str
    redirect_uri: str
    typed: str | None = None
    typed_by: str = ""


@dataclass(frozen=True)
class Checkup:
    """All that the clients are judged by. ``external`` is the origin that PUBLIC_URL should be where it is wrong."""

    settings: Settings
    evidence: Evidence
    roles: tuple[Role, ...]
    external: str | None = None

    def clients(self) -> tuple[RegisteredClient, ...] | None:
        """Return the clients that Vinli lists; None when it did not."""
        return self.evidence.registrations.clients if self.evidence.registrations else None

    def registered(self, role: Role) -> RegisteredClient | None:
        return next((one for one in self.clients() or () if one.id == role.client_id), None)

    def holder_of(self, redirect_uri: str, *, but: str | None = None) -> str | None:
        """Return the id, for a person, of a client that has this redirect URI, other than ``but``."""
        found = (one.id for one in self.clients() or () if one.redirect_uri == redirect_uri and one.id != but)
        return next(map(shown, found), None)

    def role_of(self, redirect_uri: str | None) -> Role | None:
        return next((role for role in self.roles if role.redirect_uri == redirect_uri), None)

    def registered_origin(self) -> str | None:
        """Return the origin that all of our clients are registered with where it alone is not what is sent.

        None unless Vinli lists two of them at least, and for an origin that PUBLIC_URL could not hold.
        """
        found: set[str | None] = set()
        listed = [(role, client) for role in self.roles if (client := self.registered(role))]
        for role, client in listed:
            path = role.redirect_uri.removeprefix(self.settings.public_url)
            before, path_there, behind = (client.redirect_uri or "").rpartition(path)
            found.add(before if path_there and not behind else None)
        if len(listed) < 2 or len(found) != 1:
            return None
        origin = found.pop()
        if origin is None or origin == self.settings.public_url or not can_be_public_url(origin):
            return None
        return origin


def plain(client_id: str) -> str:
    """Return a client id without what people get wrong when they copy it."""
    return re.sub(r"[\s\W_]", "", client_id).lower()


def shown(client_id: str) -> str:
    """Return a client id of Vinli's for a person."""
    return fact("", client_id)[1]
