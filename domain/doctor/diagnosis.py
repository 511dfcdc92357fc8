"""The doctor: compares this installation's settings with what Vinli, the browser and the machine report.

``diagnose`` runs all checks. The doctor's page in the workbench and ``flask --app app doctor`` show the findings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from domain.budget import Budget
from domain.doctor.address import BrowserRequest, address_section, external_origin, is_shown_right
from domain.doctor.client_evidence import Checkup, Role
from domain.doctor.clients import client_sections
from domain.doctor.evidence import Evidence, FlowRequest, gather
from domain.doctor.installation import Installation
from domain.doctor.probes import RecentProbes
from domain.doctor.report import (
    Diagnosis,
    Finding,
    Section,
    Severity,
    fact,
    good,
    problem,
    warning,
)
from domain.doctor.vinli import vinli_section
from providers.vinli.oauth.oauth_clients import CredentialStatus
from providers.vinli.values import is_uuid
from settings import Settings
from store.checkup import examine_file, file_of

__all__ = [
    "BrowserRequest",
    "Diagnosis",
    "Finding",
    "Section",
    "Severity",
    "Typed",
    "diagnose",
]


TYPED_HERE = "type in here what is registered there"
TYPED_THERE = "give what is registered there with the option"


@dataclass(frozen=True)
class Typed:
    """Registered redirect URIs as a person typed them in, in case Vinli does not list them; None if not typed."""

    redirect_uri: str | None = None
    implicit_redirect_uri: str | None = None


def diagnose(
    installation: Installation,
    incoming: BrowserRequest | None,
    typed: Typed,
    budget: Budget,
    recent: RecentProbes | None = None,
) -> Diagnosis:
    """Run all checks; calls Vinli and the store within ``budget``.

    ``incoming`` is None on the command line. ``recent`` limits how often the secrets are tested. Errors of Vinli and of
    the store are not raised: they become findings. No finding holds a secret from the settings.
    """
    settings = installation.settings
    roles = _roles(settings, typed, is_page=incoming is not None)
    evidence = gather(installation, budget, recent, [_request_of(role, settings) for role in roles])
    external = external_origin(settings, incoming)
    checkup = Checkup(settings, evidence, tuple(_with_safe_id(role, settings, evidence) for role in roles))
    registered = None if external else checkup.registered_origin()
    if registered is not None and is_shown_right(settings, incoming, registered):
        registered = None
    return Diagnosis(
        (
            vinli_section(settings, evidence),
            *client_sections(replace(checkup, external=external or registered)),
            address_section(settings, incoming, registered),
            _store_section(installation, evidence),
            *_browser_flow_sections(settings),
            *_partner_sections(settings),
        )
    )


def _request_of(role: Role, settings: Settings) -> FlowRequest:
    has_pkce = settings.vinli_pkce and role.response_type == "code"
    return FlowRequest(role.code, role.client_id, role.redirect_uri, role.response_type, has_pkce)


def _with_safe_id(role: Role, settings: Settings, evidence: Evidence) -> Role:
    """Return the role. Its id is hidden if it may be a secret: nobody knows it as an id, and it looks like none."""
    clients = evidence.registrations.clients if evidence.registrations else ()
    if any(client.id == role.client_id for client in clients):
        return role
    probe = evidence.probe_of(role.code)
    is_known = (probe is not None and probe.status is CredentialStatus.GOOD) or evidence.accepts(role.code)
    secrets = {getattr(settings, about.name) for about in fields(settings) if about.metadata["secret"]}
    secret = getattr(settings, role.secret_variable.lower()) if role.secret_variable else None
    is_exchanged = role.code in evidence.exchanged or any(client.id == secret for client in clients)
    looks_exchanged = secret is not None and is_uuid(secret) and not is_uuid(role.client_id)
    may_be_secret = is_exchanged or role.client_id in secrets or (looks_exchanged and not is_known)
    return replace(role, may_show_id=not may_be_secret)


def _roles(settings: Settings, typed: Typed, *, is_page: bool) -> tuple[Role, ...]:
    """Return the OAuth clients that are set. The client of the authorization-code flow is always set."""
    code = Role(
        "client",
        "authorization-code flow",
        "VINLI_CLIENT_ID",
        settings.vinli_client_id,
        settings.redirect_uri,
        typed.redirect_uri,
        TYPED_HERE if is_page else f"{TYPED_THERE} --registered",
        "VINLI_CLIENT_SECRET",
    )
    roles = [code]
    if settings.vinli_web_client_id:
        implicit = (settings.vinli_web_client_id, settings.implicit_redirect_uri, typed.implicit_redirect_uri)
        typed_by = TYPED_HERE if is_page else f"{TYPED_THERE} --registered-implicit"
        roles.append(Role("implicit_client", "implicit flow", "VINLI_WEB_CLIENT_ID", *implicit, typed_by))
    if settings.vinli_workbench_client_id:
        workbench = (settings.vinli_workbench_client_id, settings.workbench_redirect_uri)
        roles.append(
            Role(
                "workbench_client",
                "workbench",
                "VINLI_WORKBENCH_CLIENT_ID",
                *workbench,
                secret_variable="VINLI_WORKBENCH_CLIENT_SECRET",  # noqa: S106 (a name)
            )
        )
    return tuple(roles)


def _browser_flow_sections(settings: Settings) -> Iterator[Section]:
    """Yield a section if the implicit flow is on and no page can reach Vinli's address."""
    variables = {"VINLI_AUTH_URL": settings.vinli_auth_url, "VINLI_PLATFORM_URL": settings.vinli_platform_url}
    findings = [
        warning(
            "implicit_flow_ipv6",
            f"{name} is an IPv6 address",
            "A page cannot be allowed to call an IPv6 address, so the flow in the browser does not work.",
            f"Use a name in {name}, such as localhost, or take VINLI_WEB_CLIENT_ID away.",
            (fact(name, origin),),
        )
        for name, origin in variables.items()
        if settings.vinli_web_client_id and "[" in origin
    ]
    if findings:
        yield Section("The flow in the browser", tuple(findings))


def _partner_sections(settings: Settings) -> Iterator[Section]:
    """Yield a section if partners are off because a part of their settings is missing."""
    findings = [
        warning(
            "partner_half_set",
            f"{half.name} is set up in part",
            f"It is off: {', '.join(half.present)} {'is' if len(half.present) == 1 else 'are'} set, and that is not "
            "all of its settings.",
            f"Set {', '.join(half.missing)} too, or take {', '.join(half.present)} away.",
        )
        for half in settings.partner_halves
    ]
    if findings:
        yield Section("Partners", tuple(findings))


def _store_section(installation: Installation, evidence: Evidence) -> Section:
    path = file_of(installation.settings.store_url)
    facts = (fact("Kept in", "Redis" if path is None else str(path)),)
    issues = () if path is None else examine_file(path, installation.served_files)
    findings = []
    # A fatal issue already explains why the store fails, and a store that was not tried has an issue.
    if evidence.store_is_tried and not any(issue.is_fatal for issue in issues):
        findings.append(_round_trip_finding(evidence, facts))
    findings += [
        (problem if issue.is_severe else warning)(issue.code, issue.title, issue.what, issue.todo)
        for issue in issues
    ]
    return Section("Store", tuple(findings))


def _round_trip_finding(evidence: Evidence, facts: tuple[tuple[str, str], ...]) -> Finding:
    if evidence.store_error is None:
        return good("store", "Store", "It keeps and gives back what it is given.", facts)
    reason = fact("Reason", str(evidence.store_error))
    what = "The store does not work, so nobody can sign in or stay signed in."
    todo = "Correct what the reason says, or set STORE_URL to a store that works."
    return problem("store_unavailable", "The store does not work", what, todo, (*facts, reason))
