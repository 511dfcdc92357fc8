"""The input for the findings on our OAuth clients: which are set, what each would send, and what Vinli lists."""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.doctor.evidence import Evidence
from domain.doctor.report import fact
from providers.vinli.oauth_clients import RegisteredClient
from settings import Settings, can_be_public_url


@dataclass(frozen=True)
class Role:
    """One of our OAuth clients: the setting that names it, its flow, and what we would send.

    ``code`` is part of the codes of findings. ``typed`` is the registered redirect URI as a person typed it in.
    ``typed_by`` tells the person how to type it in; "" if that is not possible.
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
    """The input for all findings on clients. ``external`` is the right origin if PUBLIC_URL is wrong, else None."""

    settings: Settings
    evidence: Evidence
    roles: tuple[Role, ...]
    external: str | None = None

    def clients(self) -> tuple[RegisteredClient, ...] | None:
        """Return the clients that Vinli lists; None if Vinli gave no list."""
        return self.evidence.registrations.clients if self.evidence.registrations else None

    def registered(self, role: Role) -> RegisteredClient | None:
        return next((one for one in self.clients() or () if one.id == role.client_id), None)

    def holder_of(self, redirect_uri: str, *, but: str | None = None) -> str | None:
        """Return the id, as text for a person, of a client with this redirect URI. The client ``but`` is left out."""
        found = (one.id for one in self.clients() or () if one.redirect_uri == redirect_uri and one.id != but)
        return next(map(shown, found), None)

    def role_of(self, redirect_uri: str | None) -> Role | None:
        return next((role for role in self.roles if role.redirect_uri == redirect_uri), None)

    def registered_origin(self) -> str | None:
        """Return the origin of all our registrations if it is the only difference from what is sent.

        Return None if Vinli lists fewer than two of our clients, or if PUBLIC_URL cannot have this origin.
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
    """Return a client id in lower case, without blanks and punctuation: people get these wrong when they copy it."""
    return re.sub(r"[\s\W_]", "", client_id).lower()


def shown(client_id: str) -> str:
    """Return a client id from Vinli as text for a person."""
    return fact("", client_id)[1]
