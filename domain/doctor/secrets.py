"""The doctor on the secrets of our OAuth clients: does the token endpoint accept them."""

from __future__ import annotations

from collections.abc import Iterator

from domain.doctor.client_evidence import Checkup, Role, shown
from domain.doctor.report import Facts, Finding, fact, good, problem, unknown, warning
from domain.redirect_uris.comparing import PORTAL
from providers.vinli.oauth.oauth_clients import CredentialStatus, Probe
from settings import Settings


def secret_findings(checkup: Checkup, role: Role, *, is_known: bool) -> Iterator[Finding]:
    """Yield the finding on the secret of one client; none if it has no secret. ``is_known``: Vinli lists the client."""
    probe = checkup.evidence.probe_of(role.code)
    if probe is None:
        return
    facts = _facts(probe)
    if role.code in checkup.evidence.exchanged:
        yield exchanged(role)
        return
    if is_the_apps(checkup, role):
        return  # the finding on the app says it
    if probe.status is CredentialStatus.GOOD:
        yield good(f"{role.code}_secret", "Client secret", "Vinli accepts the client’s id and secret.", facts)
    elif probe.status is CredentialStatus.UNKNOWN:
        what = "The token endpoint did not say whether it accepts the client’s id and secret."
        yield unknown(f"{role.code}_secret", "Client secret", what, facts=facts)
    else:
        yield _refused(checkup, role, probe, is_known, facts)


def is_the_apps(checkup: Checkup, role: Role) -> bool:
    """Tell if Vinli accepts the id and secret of this client as those of the app."""
    return role.code == "client" and "pairs" in checkup.evidence.exchanged


def exchanged(role: Role) -> Finding:
    """Return the finding that id and secret of a client have changed places. It shows neither."""
    what = f"{role.variable} is the client’s secret, and {role.secret_variable} its id."
    todo = f"Exchange the two values. {role.variable} has been sent to Vinli in addresses, so make a new secret there."
    return problem(f"{role.code}_id_and_secret_exchanged", "Client id and secret exchanged", what, todo)


def _refused(checkup: Checkup, role: Role, probe: Probe, is_known: bool, facts: Facts) -> Finding:
    settings = checkup.settings
    variable, secret = _secret_of(settings, role)
    todo = f"Set {variable} to the secret of the client {role.shown_id} in {PORTAL}."
    if secret == settings.vinli_app_secret:
        code, title = f"app_secret_as_{role.code}_secret", "App Secret used as client’s secret"
        what = f"{variable} is the App Secret. The OAuth client has a secret of its own."
    elif owner := _owner_of_id(checkup, secret):
        code, title = f"id_as_{role.code}_secret", "An id used as client’s secret"
        what = f"{variable} is {owner}. An id is not a secret."
    elif is_known:
        code, title = f"{role.code}_secret_refused", "Client secret is wrong"
        what = f"The client is there, but Vinli does not accept {variable} for it."
    else:
        code, title = f"{role.code}_refused", "Client id or secret is wrong"
        what = f"Vinli does not accept {role.variable} with {variable}."
        todo = f"Set both to those of the client with the redirect URI {role.redirect_uri} in {PORTAL}."
    if probe.status is CredentialStatus.REFUSED:
        return problem(code, title, what, todo, facts)
    # No document says how Vinli's token endpoint refuses a secret, so only invalid_client is proof.
    what = (
        f"The token endpoint answers with status 401, but without invalid_client. The probable reason: {what}"
    )
    todo = f"If signing in fails as well: {todo[:1].lower()}{todo[1:]}"
    return warning(code, title.replace(" is ", " is probably "), what, todo, facts)


def _owner_of_id(checkup: Checkup, secret: str | None) -> str:
    """Return what a text that is set as a secret is the id of; "" if it is no known id."""
    if secret == checkup.settings.vinli_app_id:
        return "the App ID"
    ids = [client.id for client in checkup.clients() or ()] + [role.client_id for role in checkup.roles]
    return f"the id of the client {shown(secret)}" if secret in ids else ""


def _secret_of(settings: Settings, role: Role) -> tuple[str, str | None]:
    if role.code == "workbench_client":
        return "VINLI_WORKBENCH_CLIENT_SECRET", settings.vinli_workbench_client_secret
    return "VINLI_CLIENT_SECRET", settings.vinli_client_secret


def _facts(probe: Probe) -> Facts:
    """Return the age of an older result, because a secret that was fixed just now may still show as wrong."""
    seconds = round(probe.age)
    return (fact("Asked", f"{seconds} seconds ago"),) if seconds > 1 else ()
