"""The doctor on our OAuth clients: does Vinli know each, as what, with which redirect URI, and by which secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from blueprints.web.doctor_evidence import Evidence
from blueprints.web.doctor_findings import Facts, Finding, Section, fact, good, problem, unknown, warning
from blueprints.web.doctor_uris import Case, uri_findings
from blueprints.web.doctor_vinli import app_is_refused
from providers.errors import NotFound
from providers.vinli.clients import Belief, RegisteredClient
from providers.vinli.redirect_uris import PORTAL
from settings import Settings


@dataclass(frozen=True)
class Role:
    """One of our OAuth clients: the setting that names it, the flow it is for, and what we would send.

    ``code`` goes into the names of findings. ``typed`` is the registered redirect URI as a person typed it in.
    """

    code: str
    flow: str
    variable: str
    client_id: str
    redirect_uri: str
    typed: str | None = None


@dataclass(frozen=True)
class Checkup:
    """All that the clients are judged by. ``external`` is the origin that browsers use where PUBLIC_URL is not it."""

    settings: Settings
    evidence: Evidence
    roles: tuple[Role, ...]
    external: str | None

    def clients(self) -> tuple[RegisteredClient, ...] | None:
        """Return the clients that Vinli lists; None when it did not."""
        return self.evidence.registrations.clients if self.evidence.registrations else None

    def registered(self, role: Role) -> RegisteredClient | None:
        return next((one for one in self.clients() or () if one.id == role.client_id), None)

    def holder_of(self, redirect_uri: str, *, but: str | None = None) -> str | None:
        """Return the id, for a person, of a client that has this redirect URI, other than ``but``."""
        found = (one.id for one in self.clients() or () if one.redirect_uri == redirect_uri and one.id != but)
        return next(map(_shown, found), None)

    def role_of(self, redirect_uri: str | None) -> Role | None:
        return next((role for role in self.roles if role.redirect_uri == redirect_uri), None)


def client_sections(checkup: Checkup) -> tuple[Section, ...]:
    """Return a section for each client that is set."""
    return tuple(
        Section(f"Client of the {role.flow}", tuple(_findings(checkup, role))) for role in checkup.roles
    )


def _findings(checkup: Checkup, role: Role) -> Iterator[Finding]:
    """Judge one client. What makes the rest pointless ends it, so that one mistake is one finding."""
    facts: Facts = (fact(role.variable, role.client_id),)
    if _is_app_id(checkup, role):
        what = f"{role.variable} is the App ID. An app owns OAuth clients, and each has an id of its own."
        todo = f"Set {role.variable} to the id of the client with the redirect URI {role.redirect_uri} in {PORTAL}."
        if right := checkup.holder_of(role.redirect_uri):
            todo = f"Set {role.variable} to {right}, the client with the redirect URI {role.redirect_uri}."
        yield problem(f"app_id_as_{role.code}_id", "App ID used as client id", what, todo, facts)
        return
    if checkup.clients() is None:
        yield _unlisted(checkup, facts)
        yield from uri_findings(_case(checkup, role), role.typed)
        yield from _secret_findings(checkup, role, is_known=False)
        return
    client = checkup.registered(role)
    if client is None:
        yield _not_found(checkup, role, facts)
        return
    if misuse := _misuse(checkup, role, client):
        yield misuse
        return
    facts = (*facts, fact("Type", client.type or "not said"))
    yield good(role.code, "OAuth client", "Vinli lists it among the clients of this app.", facts)
    if not _is_told_already(checkup, role, client):
        yield from uri_findings(_case(checkup, role), client.redirect_uri or role.typed)
    yield from _secret_findings(checkup, role, is_known=True)


def _is_app_id(checkup: Checkup, role: Role) -> bool:
    if _plain(role.client_id) != _plain(checkup.settings.vinli_app_id):
        return False
    # Where Vinli refuses the app, the App ID may be what is wrong: then the finding on the app says so.
    return not app_is_refused(checkup.evidence)


def _unlisted(checkup: Checkup, facts: Facts) -> Finding:
    error = checkup.evidence.registrations_error
    if app_is_refused(checkup.evidence):
        what = "Vinli lists an app’s clients for the right App ID and App Secret alone."
    elif isinstance(error, NotFound):
        what = "Vinli offers no list of an app’s clients here."
    else:
        what = "Vinli did not give the list of this app’s clients."
    return unknown("clients", "OAuth client", what, facts=facts)


def _not_found(checkup: Checkup, role: Role, facts: Facts) -> Finding:
    clients = checkup.clients() or ()
    close = next((one.id for one in clients if _plain(one.id) == _plain(role.client_id)), None)
    if close is not None:
        what = (
            f"{role.variable} and a client of this app differ in case, blanks or dashes alone, and it counts."
        )
        facts = (*facts, fact("Registered", close))
        todo = f"Set {role.variable} to {_shown(close)}"
        return problem(f"{role.code}_id_spelling", "Client id spelled differently", what, todo, facts)
    if role.code == "client" and checkup.evidence.probe.belief is Belief.GOOD:
        what = "Vinli accepts this client with its secret, but does not list it for this app: it may be another app’s."
        todo = "Set VINLI_APP_ID and VINLI_APP_SECRET to those of the app that owns the client."
        return warning("client_of_another_app", "Another app’s client", what, todo, facts)
    what = f"Among this app’s {len(clients)} OAuth clients there is none with the id in {role.variable}."
    if right := checkup.holder_of(role.redirect_uri):
        todo = f"Set {role.variable} to {right}, which has the redirect URI {role.redirect_uri}."
    else:
        todo = f"In {PORTAL}, add a client with the redirect URI {role.redirect_uri}, and "
        todo += f"set {role.variable} to its id."
    return problem(f"unknown_{role.code}", "Unknown client", what, todo, facts)


def _misuse(checkup: Checkup, role: Role, client: RegisteredClient) -> Finding | None:
    """Name a client that is one of ours, of the wrong kind for this flow; the type decides, and no unknown one."""
    facts: Facts = (fact(role.variable, client.id), fact("Type", client.type or "not said"))
    if role.code == "client" and _is_mixed_up(checkup):
        what = "VINLI_CLIENT_ID is the web client, and VINLI_WEB_CLIENT_ID the server client."
        todo = "Exchange the two values, and set VINLI_CLIENT_SECRET to the server client’s."
        return problem("clients_swapped", "The two clients are swapped", what, todo, facts)
    if role.code == "implicit_client" and client.type == "server":
        if _is_mixed_up(checkup):  # said of the other client
            return unknown(role.code, "OAuth client", "It is the other flow’s, as said there.", facts=facts)
        what = "A server client gets codes. The implicit flow needs a client of the type web."
        todo = (
            f"In {PORTAL}, add a client of the type Web with the redirect URI {role.redirect_uri}, and set "
        )
        todo += f"{role.variable} to its id."
        return problem("implicit_client_wrong_type", "Not a client for the implicit flow", what, todo, facts)
    is_implicit = client.redirect_uri == checkup.settings.implicit_redirect_uri
    # A web client that the token endpoint believes has a secret, and may well do both flows.
    has_secret = checkup.evidence.probe.belief is Belief.GOOD
    if role.code == "client" and client.type == "web" and is_implicit and not has_secret:
        what = "VINLI_CLIENT_ID is the web client of the implicit flow, which has no secret to exchange a code with."
        todo = f"Set VINLI_CLIENT_ID and VINLI_CLIENT_SECRET to those of the client with {role.redirect_uri}."
        return problem("web_client_as_client", "Web client used for the code flow", what, todo, facts)
    return None


def _is_mixed_up(checkup: Checkup) -> bool:
    """Say whether the code flow has a web client, for another page, and the implicit flow a server client."""
    found = {role.code: client for role in checkup.roles if (client := checkup.registered(role))}
    code, implicit = found.get("client"), found.get("implicit_client")
    if code is None or implicit is None or code.redirect_uri == checkup.settings.redirect_uri:
        return False
    return (code.type, implicit.type) == ("web", "server")


def _is_told_already(checkup: Checkup, role: Role, client: RegisteredClient) -> bool:
    """Say whether this client has the redirect URI of an earlier one that has ours: told once, of that one."""
    other = checkup.role_of(client.redirect_uri)
    if other is None or other is role or checkup.roles.index(other) > checkup.roles.index(role):
        return False
    found = checkup.registered(other)
    return found is not None and found.redirect_uri == role.redirect_uri


def _secret_findings(checkup: Checkup, role: Role, *, is_known: bool) -> Iterator[Finding]:
    if role.code != "client":
        return
    settings, belief = checkup.settings, checkup.evidence.probe.belief
    if belief is Belief.GOOD:
        yield good("client_secret", "Client secret", "Vinli accepts the client’s id and secret.")
    elif belief is Belief.UNKNOWN:
        what = "The token endpoint did not say whether it accepts the client’s id and secret."
        yield unknown("client_secret", "Client secret", what)
    elif settings.vinli_client_secret == settings.vinli_app_secret:
        what = "VINLI_CLIENT_SECRET is the App Secret. The OAuth client has a secret of its own."
        todo = f"Set VINLI_CLIENT_SECRET to the secret of the client {role.client_id} in {PORTAL}."
        yield problem("app_secret_as_client_secret", "App Secret used as client’s secret", what, todo)
    elif is_known:
        what = "The client is there, but Vinli does not accept VINLI_CLIENT_SECRET for it."
        todo = f"Set VINLI_CLIENT_SECRET to the secret of the client {role.client_id} in {PORTAL}."
        yield problem("client_secret_refused", "Client secret is wrong", what, todo)
    else:
        what = "Vinli does not accept VINLI_CLIENT_ID with VINLI_CLIENT_SECRET."
        todo = f"Set both to those of the client with the redirect URI {role.redirect_uri} in {PORTAL}."
        yield problem("client_refused", "Client id or secret is wrong", what, todo)


def _case(checkup: Checkup, role: Role) -> Case:
    settings = checkup.settings
    path = role.redirect_uri.removeprefix(settings.public_url)
    flows = {
        "authorization-code flow": settings.redirect_uri,
        "implicit flow": settings.implicit_redirect_uri,
        "workbench": settings.workbench_redirect_uri,
    }
    return Case(
        sent=role.redirect_uri,
        client_id=role.client_id,
        public_url=settings.public_url,
        others={flow: uri for flow, uri in flows.items() if uri != role.redirect_uri},
        holder=checkup.holder_of(role.redirect_uri, but=role.client_id),
        external=f"{checkup.external}{path}" if checkup.external else None,
    )


def _plain(client_id: str) -> str:
    return re.sub(r"[\s\W_]", "", client_id).lower()


def _shown(client_id: str) -> str:
    return fact("", client_id)[1]
