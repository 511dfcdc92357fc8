"""The doctor on our OAuth clients: does Vinli know each of them, and are type, redirect URI and secret right."""

from __future__ import annotations

from collections.abc import Iterator

from domain.doctor.authorization import PKCE_CODES, authorization_findings
from domain.doctor.client_evidence import Checkup, Role, plain, shown
from domain.doctor.redirect_uris import Case, typed_finding, uri_findings
from domain.doctor.report import Facts, Finding, Section, Severity, fact, good, problem, unknown, warning
from domain.doctor.right_clients import right_client
from domain.doctor.secrets import exchanged, is_the_apps, secret_findings
from domain.doctor.vinli import app_is_refused, auth_is_wrong, is_from_between
from domain.redirect_uris.comparing import compare
from providers.errors import NotFound
from providers.vinli.oauth.oauth_clients import CredentialStatus, RegisteredClient


def client_sections(checkup: Checkup) -> tuple[Section, ...]:
    """Return one section for each client that is set. A setting that all share is a finding of the first alone."""
    sections: list[Section] = []
    shared: set[str] = set()
    for role in checkup.roles:
        found = [one for one in _findings(checkup, role) if one.code not in shared]
        shared |= {one.code for one in found} & PKCE_CODES
        sections.append(Section(f"Client of the {role.flow}", tuple(found), is_remote=True))
    return tuple(sections)


def _findings(checkup: Checkup, role: Role) -> Iterator[Finding]:
    """Yield the findings on one client, and at last on its authorization request."""
    found = tuple(_client_findings(checkup, role))
    yield from found
    is_explained = any(one.severity is Severity.PROBLEM for one in found) or _is_told_elsewhere(checkup, role)
    yield from authorization_findings(checkup, role, is_explained=is_explained)


def _client_findings(checkup: Checkup, role: Role) -> Iterator[Finding]:
    """Yield the findings on one client. Stop at a basic mistake, so that one mistake gives one finding."""
    facts: Facts = (fact(role.variable, role.shown_id),)
    if _is_app_id(checkup, role):
        what = f"{role.variable} is the App ID. An app owns OAuth clients, and each has an id of its own."
        todo, value = right_client(checkup, role)
        yield problem(f"app_id_as_{role.code}_id", "App ID used as client id", what, todo, facts, value)
        return
    if _is_exchanged(checkup, role):
        yield exchanged(role)
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
    if other := _other_holder(checkup, role, client):
        yield other
        return
    facts = (*facts, fact("Type", client.type or "not said"))
    yield good(role.code, "OAuth client", "Vinli lists it among the clients of this app.", facts)
    if not _is_told_already(checkup, role, client):
        yield from uri_findings(_case(checkup, role), client.redirect_uri or role.typed)
    if role.typed and client.redirect_uri:
        yield from typed_finding(role.typed, client.redirect_uri)
    yield from secret_findings(checkup, role, is_known=True)


def _is_told_elsewhere(checkup: Checkup, role: Role) -> bool:
    """Tell if a finding on the service, on PUBLIC_URL or on another client explains a refused request of this one."""
    evidence = checkup.evidence
    if is_from_between(evidence.registrations_error) or is_from_between(evidence.probe.error):
        return True
    if auth_is_wrong(checkup.settings, evidence) or is_the_apps(checkup, role):
        return True
    client = checkup.registered(role)
    if client is None or client.redirect_uri is None:
        return False
    return checkup.external is not None or _is_told_already(checkup, role, client)


def _is_exchanged(checkup: Checkup, role: Role) -> bool:
    """Tell if the setting of the client's secret holds the id of one of the app's clients."""
    if not role.secret_variable or checkup.registered(role):
        return False
    secret = getattr(checkup.settings, role.secret_variable.lower())
    return any(client.id == secret for client in checkup.clients() or ())


def _other_holder(checkup: Checkup, role: Role, client: RegisteredClient) -> Finding | None:
    """Return a finding if another client has exactly what is sent, and no setting of ours names that client.

    A client of another type counts only if ours is registered for another host. Otherwise ours is nearly right.
    """
    holder = checkup.holder_of(role)
    if holder is None and _is_of_another_host(client, role):
        holder = checkup.misfit_of(role)
    if holder is None or client.redirect_uri == role.redirect_uri or checkup.is_ours(holder):
        return None
    what = f"Another client of this app has exactly the redirect URI that is sent, and {role.variable} names this one."
    facts = (
        fact(role.variable, role.shown_id),
        fact("Sent", role.redirect_uri),
        fact("Registered", client.redirect_uri or "nothing"),
        fact("The other client", holder.id),
    )
    todo, value = right_client(checkup, role)
    return problem(
        f"another_client_than_{role.code}", "Another client has this redirect URI", what, todo, facts, value
    )


def _is_of_another_host(client: RegisteredClient, role: Role) -> bool:
    registered = client.redirect_uri
    return registered is not None and "other_host" in {
        one.code for one in compare(role.redirect_uri, registered)
    }


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
        return problem(
            f"{role.code}_id_spelling", "Client id spelled differently", what, todo, facts, shown(close)
        )
    if _is_believed(checkup, role):
        what = "Vinli accepts this client, but does not list it for this app: it may be another app’s."
        todo, value = "Set VINLI_APP_ID and VINLI_APP_SECRET to those of the app that owns the client.", ""
        if any(
            checkup.registered(other) for other in checkup.roles
        ):  # the app is right, and this client is not
            todo, value = right_client(checkup, role)
        return warning(f"{role.code}_of_another_app", "Another app’s client", what, todo, facts, value)
    what = f"Among this app’s {len(clients)} OAuth clients there is none with the id in {role.variable}."
    todo, value = right_client(checkup, role)
    return problem(f"unknown_{role.code}", "Unknown client", what, todo, facts, value)


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
        todo, value = right_client(checkup, role)
        return problem(
            "implicit_client_wrong_type", "Not a client for the implicit flow", what, todo, facts, value
        )
    if _is_without_secret(checkup, role, client):
        what = f"{role.variable} is a web client, which has no secret to exchange a code with."
        todo, value = right_client(checkup, role)
        return problem(
            f"web_client_as_{role.code}", "Web client used for the code flow", what, todo, facts, value
        )
    return None


def _is_without_secret(checkup: Checkup, role: Role, client: RegisteredClient) -> bool:
    """Tell if a web client is used for a flow that needs a client with a secret.

    If the token endpoint accepts the client's secret, it has one and may serve both flows. If the endpoint did not
    say, only the redirect URI of the implicit flow is proof.
    """
    if client.type != "web" or not role.secret_variable or _is_believed(checkup, role):
        return False
    probe = checkup.evidence.probe_of(role.code)
    is_refused = probe is not None and probe.status in {CredentialStatus.REFUSED, CredentialStatus.DOUBTFUL}
    return is_refused or client.redirect_uri == checkup.settings.implicit_redirect_uri


def _is_believed(checkup: Checkup, role: Role) -> bool:
    """Tell if Vinli accepts the client: its secret, or if it has none, its authorization request."""
    probe = checkup.evidence.probe_of(role.code)
    if probe is None:
        return checkup.evidence.accepts(role.code)
    return probe.status is CredentialStatus.GOOD


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
        client_id=role.shown_id,
        public_url=settings.public_url,
        others={flow: uri for flow, uri in flows.items() if uri != role.redirect_uri},
        holder=shown(holder.id) if (holder := checkup.holder_of(role)) else None,
        external=f"{checkup.external}{path}" if checkup.external else None,
        typed_by=role.typed_by,
        otherwise=right_client(checkup, role)[0] if _is_proven(checkup, role) else "",
    )


def _is_proven(checkup: Checkup, role: Role) -> bool:
    """Tell if another client of ours is registered with PUBLIC_URL, to the letter."""
    others = ((other, checkup.registered(other)) for other in checkup.roles if other is not role)
    return any(client is not None and client.redirect_uri == other.redirect_uri for other, client in others)
