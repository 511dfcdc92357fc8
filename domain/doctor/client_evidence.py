"""The input for the findings on our OAuth clients: which are set, what each would send, and what Vinli lists."""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.doctor.evidence import Evidence
from domain.doctor.report import fact
from providers.vinli.oauth.oauth_clients import RegisteredClient
from settings import Settings, can_be_public_url


@dataclass(frozen=True)
class Role:
    """One of our OAuth clients: the setting that names it, its flow, and what we would send.

    ``code`` is part of the codes of findings. ``typed`` is the registered redirect URI as a person typed it in.
    ``typed_by`` tells the person how to type it in; "" if that is not possible. ``secret_variable`` is the setting of
    the client's secret; "" if the client has none. ``may_show_id`` is off if the id may be a secret by mistake.
    """

    code: str
    flow: str
    variable: str
    client_id: str
    redirect_uri: str
    typed: str | None = None
    typed_by: str = ""
    secret_variable: str = ""
    may_show_id: bool = True

    @property
    def response_type(self) -> str:
        return "token" if self.code == "implicit_client" else "code"

    @property
    def client_type(self) -> str:
        """The type that Vinli's Developer Portal gives to clients of this flow."""
        return "web" if self.code == "implicit_client" else "server"

    @property
    def shown_id(self) -> str:
        """The client id as text for a person. If it may be a secret, only its length is told."""
        return shown(self.client_id) if self.may_show_id else f"[{len(self.client_id)} characters, hidden]"

    def fits(self, client: RegisteredClient) -> bool:
        """Tell if a client's type allows this flow. An unknown type may."""
        return client.type not in {"web", "server"} or client.type == self.client_type


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

    def holder_of(self, role: Role) -> RegisteredClient | None:
        """Return another client with the redirect URI of a role and a type that fits it."""
        found = (one for one in self.clients() or () if self._holds(one, role) and role.fits(one))
        return next(found, None)

    def misfit_of(self, role: Role) -> RegisteredClient | None:
        """Return another client with the redirect URI of a role, but with a type that does not fit it."""
        found = (one for one in self.clients() or () if self._holds(one, role) and not role.fits(one))
        return next(found, None)

    def _holds(self, client: RegisteredClient, role: Role) -> bool:
        return client.redirect_uri == role.redirect_uri and client.id != role.client_id

    def is_ours(self, client: RegisteredClient) -> bool:
        """Tell if one of our settings names this client."""
        return any(role.client_id == client.id for role in self.roles)

    def role_of(self, redirect_uri: str | None) -> Role | None:
        return next((role for role in self.roles if role.redirect_uri == redirect_uri), None)

    def registered_origin(self) -> str | None:
        """Return the origin of all our registrations if it is the only difference from what is sent.

        Return None if Vinli lists fewer than two of our clients, or if PUBLIC_URL cannot have this origin.
        """
        if any(self.holder_of(role) for role in self.roles):
            return None  # another client has what is sent: then the client ids are wrong, and not PUBLIC_URL
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
