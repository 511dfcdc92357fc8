"""The doctor on our authorization requests: would Vinli ask a driver to sign in, and if not, why."""

from __future__ import annotations

import re
from collections.abc import Iterator

from domain.doctor.client_evidence import Checkup, Role
from domain.doctor.evidence import Answered
from domain.doctor.report import Facts, Finding, fact, good, problem, unknown
from domain.doctor.right_clients import right_client
from domain.problems import shown_code
from domain.redirect_uris.comparing import PORTAL
from domain.text.hiding import hide
from providers.vinli.oauth.preflight import PreflightResult
from settings import Settings

TITLE = "Authorization request"
# Words that servers use for a refusal. Servers choose their own words, so a match is only a hint.
_ABOUT_REDIRECT_URI = re.compile(r"redirect(?:ion)?[ _-]?ur[il]|callback url", re.IGNORECASE)
_ABOUT_TYPE = re.compile(r"response[ _]?type|unauthorized_client|grant[ _]?type", re.IGNORECASE)
# Codes of findings on a setting that all clients share.
PKCE_CODES = frozenset({"pkce_required", "pkce_refused"})
_ABOUT_CLIENT = re.compile(
    r"invalid_client|unknown client|no client|client[ _]?(?:id)? (?:was )?not found|client[ _]?id",
    re.IGNORECASE,
)


def authorization_findings(checkup: Checkup, role: Role, *, is_explained: bool) -> Iterator[Finding]:
    """Yield the finding on the authorization request of one client.

    ``is_explained`` tells that another finding already says why Vinli would refuse it: a refusal is then not repeated.
    """
    answered = checkup.evidence.preflights.get(role.code)
    if answered is None:
        return
    code = f"{role.code}_authorization"
    if answered.result is None:
        yield unknown(code, TITLE, "Vinli’s authorization endpoint gave no answer that can be read.")
    elif answered.result.accepts_request:
        yield good(
            code, TITLE, "Vinli would ask a driver to sign in or to approve, and send the driver back."
        )
    elif answered.result.refuses_request or answered.result.error:
        if not is_explained:
            yield _refused(checkup, role, answered, answered.result)
    else:
        yield unknown(code, TITLE, _unclear(answered.result), facts=_facts(checkup.settings, answered.result))


def _unclear(result: PreflightResult) -> str:
    if result.kind == "redirect_elsewhere":
        return (
            "Vinli’s authorization endpoint leads to another site, which may be its sign-in page, or that of this "
            "network. Nobody followed it from here."
        )
    if result.kind == "error":
        return "The authorization endpoint has a problem of its own at this moment."
    return (
        "The authorization endpoint gave a page that is neither an error nor a known sign-in page. A page that is "
        "built by a script looks like that from here."
    )


def _refused(checkup: Checkup, role: Role, answered: Answered, result: PreflightResult) -> Finding:
    facts = _facts(checkup.settings, result)
    if answered.switched is not None and answered.switched.accepts_request:
        return _pkce(checkup.settings, facts)
    said = f"{result.error}\n{result.title}\n{result.text}"
    what = (
        f"Vinli refuses the authorization request of the {role.flow}: a driver would see an error page there."
    )
    todo, value = (
        f"Read in Vinli’s answer what it objects to, and compare it with the client in {PORTAL}.",
        "",
    )
    if _ABOUT_REDIRECT_URI.search(said):
        todo = f"In {PORTAL}, register {role.redirect_uri} for the client {role.shown_id}, to the letter."
        value = role.redirect_uri
    elif _ABOUT_TYPE.search(said):
        client = checkup.registered(role)
        if client is not None and client.type is not None and role.fits(client):
            todo = f"Vinli lists the client with the type that this flow needs. Save it once more in {PORTAL}, and ask "
            todo += "Vinli if it stays so."
        else:
            todo, value = right_client(checkup, role)
    elif _ABOUT_CLIENT.search(said):
        todo = f"Set {role.variable} to the id of the client with the redirect URI {role.redirect_uri} in {PORTAL}."
    return problem(
        f"{role.code}_authorization_refused", "Vinli refuses the request", what, todo, facts, value
    )


def _pkce(settings: Settings, facts: Facts) -> Finding:
    facts = (fact("VINLI_PKCE", "on" if settings.vinli_pkce else "off"), *facts)
    if settings.vinli_pkce:
        what = "Vinli refuses the request with PKCE, and accepts the same without it."
        return problem("pkce_refused", "PKCE is not accepted", what, "Set VINLI_PKCE=off", facts, "off")
    what = "Vinli refuses the request without PKCE, and accepts the same with it."
    return problem("pkce_required", "PKCE is required", what, "Set VINLI_PKCE=on", facts, "on")


def _facts(settings: Settings, result: PreflightResult) -> Facts:
    """Return what Vinli answered. Its page may repeat what was sent, so secrets are hidden."""
    secrets = [
        settings.vinli_client_secret,
        settings.vinli_app_secret,
        settings.vinli_workbench_client_secret,
    ]
    told = {
        "Status": str(result.status or ""),
        "Error code": shown_code(result.error) or "",
        "Leads to": result.location.partition("?")[0].partition("#")[0],
        "Title": result.title,
        "Text": result.text,
    }
    hidden = ((label, hide(text, [one for one in secrets if one])) for label, text in told.items())
    return tuple(fact(label, text) for label, text in hidden if text)
