"""The doctor on our OAuth clients: does Vinli know each of them, and are type, redirect URI and secret right."""

from __future__ import annotations

from collections.abc import Iterator

from domain.doctor.client_evidence import Checkup, Role, plain, shown
from domain.doctor.redirect_uris import Case, typed_finding, uri_findings
from domain.doctor.report import Facts, Finding, Section, fact, good, problem, unknown, warning
from domain.doctor.secrets import secret_findings
from domain.doctor.vinli import app_is_refused
from domain.redirect_uris.comparing import PORTAL
from providers.errors import NotFound
from providers.vinli.oauth_clients import CredentialStatus, RegisteredClient


def client_sections(checkup: Checkup) -> tuple[Section, ...]:
    """Return one section for each client that is set."""
    return tuple(
        Section(f"Client of the {role.flow}", tuple(_findings(checkup, role)), is_remote=True)
        for role in checkup.roles
    )


def _findings(checkup: Checkup, role: Role) -> Iterator[Finding]:
    """Yield the findings on one client. Stop at a basic mistake, so that one mistake gives one finding."""
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
        yield from secret_findings(checkup, role, is_known=False)
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
    if role.typed and client.redirect_uri:
        yield from typed_finding(role.typed, client.redirect_uri)
    yield from secret_findings(checkup, role, is_known=True)


def _is_app_id(checkup: Checkup, role: Role) -> bool:
    if plain(role.client_id) != plain(checkup.settings.vinli_app_id):
        return False
    # If Vinli refuses the app, the App ID itself may be wrong. The finding on the app says so.
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
    close = next((one.id for one in clients if plain(one.id) == plain(role.client_id)), None)
    if close is not None:
        what = f"{role.variable} and the id of a client of this app differ only in case, blanks or dashes. These count."
        facts = (*facts, fact("Registered", close))
        todo = f"Set {role.variable} to {shown(close)}"
        return problem(f"{role.code}_id_spelling", "Client id spelled differently", what, todo, facts)
    if _is_believed(checkup, role):
        what = "Vinli accepts this client with its secret, but does not list it for this app: it may be another app’s."
        todo = "Set VINLI_APP_ID and VINLI_APP_SECRET to those of the app that owns the client."
        return warning(f"{role.code}_of_another_app", "Another app’s client", what, todo, facts)
    what = f"Among this app’s {len(clients)} OAuth clients there is none with the id in {role.variable}."
    if right := checkup.holder_of(role.redirect_uri):
        todo = f"Set {role.variable} to {right}, which has the redirect URI {role.redirect_uri}."
    else:
        todo = f"In {PORTAL}, add a client with the redirect URI {role.redirect_uri}, and "
        todo += f"set {role.variable} to its id."
    return problem(f"unknown_{role.code}", "Unknown client", what, todo, facts)


def _misuse(checkup: Checkup, role: Role, client: RegisteredClient) -> Finding | None:
    """Return a finding if the client's type is wrong for this flow, else None. An unknown type gives no finding."""
    facts: Facts = (fact(role.variable, client.id), fact("Type", client.type or "not said"))
    if role.code == "client" and _is_mixed_up(checkup):
        what = "VINLI_CLIENT_ID is the web client, and VINLI_WEB_CLIENT_ID the server client."
        todo = "Exchange the two values, and set VINLI_CLIENT_SECRET to the server client’s."
        return problem("clients_swapped", "The two clients are swapped", what, todo, facts)
    if role.code == "implicit_client" and client.type == "server":
        if _is_mixed_up(checkup):  # the finding on the other client says it
            what = "This client belongs to the other flow. See the finding there."
            return unknown(role.code, "OAuth client", what, facts=facts)
        what = "A server client gets codes. The implicit flow needs a client of the type web."
        todo = (
            f"In {PORTAL}, add a client of the type Web with the redirect URI {role.redirect_uri}, and set "
        )
        todo += f"{role.variable} to its id."
        return problem("implicit_client_wrong_type", "Not a client for the implicit flow", what, todo, facts)
    if _is_without_secret(checkup, role, client):
        secret = "VINLI_CLIENT_SECRET" if role.code == "client" else "VINLI_WORKBENCH_CLIENT_SECRET"
        what = f"{role.variable} is the web client of the implicit flow, which has no secret to exchange a code with."
        todo = f"Set {role.variable} and {secret} to those of the client with {role.redirect_uri}."
        return problem(f"web_client_as_{role.code}", "Web client used for the code flow", what, todo, facts)
    return None


def _is_without_secret(checkup: Checkup, role: Role, client: RegisteredClient) -> bool:
    """Tell if a web client is used for a flow that needs a client with a secret.

    If the token endpoint accepts the client's secret, it has one and may serve both flows.
    """
    if client.type != "web" or _is_believed(checkup, role):
        return False
    is_implicit = client.redirect_uri == checkup.settings.implicit_redirect_uri
    return role.code in {"client", "workbench_client"} and is_implicit


def _is_believed(checkup: Checkup, role: Role) -> bool:
    probe = checkup.evidence.probe_of(role.code)
    return probe is not None and probe.status is CredentialStatus.GOOD


def _is_mixed_up(checkup: Checkup) -> bool:
    """Tell if the code flow has a web client for another page and the implicit flow has a server client."""
    found = {role.code: client for role in checkup.roles if (client := checkup.registered(role))}
    code, implicit = found.get("client"), found.get("implicit_client")
    if code is None or implicit is None or code.redirect_uri == checkup.settings.redirect_uri:
        return False
    return (code.type, implicit.type) == ("web", "server")


def _is_told_already(checkup: Checkup, role: Role, client: RegisteredClient) -> bool:
    """Tell if this client and an earlier one have swapped redirect URIs: only the earlier one gets the finding."""
    other = checkup.role_of(client.redirect_uri)
    if other is None or other is role or checkup.roles.index(other) > checkup.roles.index(role):
        return False
    found = checkup.registered(other)
    return found is not None and found.redirect_uri == role.redirect_uri


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
        typed_by=role.typed_by,
    )
