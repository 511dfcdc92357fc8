"""The doctor on redirect URIs: compares the sent with the registered one, with one finding per cause."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from domain.doctor.report import Facts, Finding, fact, good, problem, unknown, warning
from domain.redirect_uris.comparing import PORTAL, UNCOMPARABLE, Difference, Flaw, compare, flaws
from domain.redirect_uris.marking import marked
from settings import can_be_public_url, is_loopback

# The flaw explains the same mistake better than these differences.
_REPLACED_BY_FLAW = {
    "plain_http": {"scheme_http_https"},
    "script_scheme": {"other_scheme", "custom_scheme"},
    "bad_host": {"other_host"},
    "bad_port": {"other_port", "port_missing"},
    "ipv6_brackets": {"ip_spelling", "loopback_name", "other_host"},
}
# If hosts differ, scheme and port need no finding.
_OF_THE_SITE = {"scheme", "port", "host", "userinfo"}


@dataclass(frozen=True)
class Case:
    """One redirect URI to check. ``sent`` is built from the setting ``public_url``.

    ``others`` maps the names of our other flows to their redirect URIs. ``holder`` is another client that has ``sent``
    registered. ``external`` is what ``sent`` would be if PUBLIC_URL was the address that browsers use; None if no
    other address is known. ``typed_by`` tells a person how to type in what is registered; "" if that is not possible.
    ``otherwise`` is the advice if PUBLIC_URL is right, as another client's registration says; "" if none says so.
    """

    sent: str
    client_id: str
    public_url: str
    others: dict[str, str]
    holder: str | None = None
    external: str | None = None
    typed_by: str = ""
    otherwise: str = ""


def uri_findings(case: Case, registered: str | None) -> tuple[Finding, ...]:
    """Return the findings on a registered redirect URI; None means that it is not known."""
    facts: Facts = (fact("Client", case.client_id), fact("Sent", case.sent))
    if registered is None:
        what = (
            f"What is registered for the client {case.client_id} is not known. "
            f"It has to be {case.sent}, to the letter."
        )
        todo = f"Compare it by eye in {PORTAL}{f', or {case.typed_by}' if case.typed_by else ''}."
        return (unknown("redirect_uri", "Redirect URI", what, todo, facts),)
    facts = (*facts, fact("Registered", registered))
    if registered == case.sent:
        same = good(
            "redirect_uri", "Redirect URI", "What is sent is what is registered, to the letter.", facts
        )
        return (same, *(_flaw_warning(flaw, facts) for flaw in flaws(registered)))
    if registered == case.external:
        what = "The registered redirect URI is right. PUBLIC_URL is wrong; see the finding on it."
        return (unknown("redirect_uri", "Redirect URI", what, facts=facts),)
    flow = next((name for name, uri in case.others.items() if uri == registered), None)
    if flow is not None:
        return (_swapped(case, flow, facts),)
    return _differences(case, registered, facts)


def typed_finding(typed: str, listed: str) -> tuple[Finding, ...]:
    """Return a warning if the typed redirect URI is not the listed one. Blanks around them do not count."""
    differences = compare(typed.strip(), listed.strip())
    if not differences:
        return ()
    titles = ", ".join(dict.fromkeys(one.title for one in differences))
    what = f"Vinli’s list of this app’s clients decides, and has another redirect URI: {titles}."
    todo = f"Look again in {PORTAL}. If it shows what you typed, save it there again."
    facts = (fact("Typed", typed), fact("Listed", listed))
    return (warning("typed_differs", "What you typed is not what Vinli lists", what, todo, facts),)


def _swapped(case: Case, flow: str, facts: Facts) -> Finding:
    what = f"What is registered for the client {case.client_id} is the redirect URI of the {flow}."
    todo = f"In {PORTAL}, register {case.sent} for the client {case.client_id}."
    if case.holder:
        todo = f"In {PORTAL}, exchange the redirect URIs of the clients {case.client_id} and {case.holder}."
        return problem("redirect_uris_swapped", "Redirect URIs swapped", what, todo, facts, case.sent)
    return problem("redirect_uris_swapped", "The redirect URI of another flow", what, todo, facts, case.sent)


def _differences(case: Case, registered: str, facts: Facts) -> tuple[Finding, ...]:
    differences = list(compare(case.sent, registered))
    if any(one.code == "other_host" for one in differences):
        differences = [one for one in differences if one.code == "other_host" or one.part not in _OF_THE_SITE]
    flawed = flaws(registered)
    uncomparable = (flaw for code in UNCOMPARABLE for flaw in flawed if flaw.code == code)
    if no_address := next(uncomparable, None):
        return (_flaw_problem(case, no_address, facts),)
    found: list[Finding] = []
    for flaw in flawed:
        if flaw.code in {one.code for one in differences}:
            continue
        replaced = _REPLACED_BY_FLAW.get(flaw.code, set())
        differences = [one for one in differences if one.code not in replaced]
        found.append(_flaw_problem(case, flaw, facts))
    return (*(_difference_problem(case, one, registered, facts) for one in differences), *found)


def _difference_problem(case: Case, one: Difference, registered: str, facts: Facts) -> Finding:
    todo = f"{one.remedy} The whole of it has to be {case.sent}"
    if one.code == "other_host":
        origin = _origin_if_deployed(case, registered)
        todo = f"In {PORTAL}, replace what is registered for the client {case.client_id} by {case.sent}"
        if origin is not None:
            todo = (
                f"Set PUBLIC_URL to {origin}, the address that is registered: it still is {case.public_url}."
            )
            if case.otherwise:
                todo += f" If {case.public_url} is right, the client is another site’s. {case.otherwise}"
            return problem(one.code, one.title, one.words, todo, facts, origin)
    return _marked(problem(one.code, one.title, one.words, todo, facts, case.sent), case.sent, registered)


def _origin_if_deployed(case: Case, registered: str) -> str | None:
    """Return the registered origin if PUBLIC_URL is still a loopback address and the path is right, else None."""
    try:
        sent, parts = urlsplit(case.sent), urlsplit(registered)
        is_public = parts.scheme == "https" and bool(parts.hostname) and not is_loopback(parts.hostname)
    except ValueError:
        return None
    is_same_page = (parts.path, parts.query) == (sent.path, sent.query) and registered.isascii()
    found = f"https://{parts.netloc}"
    is_deployed = is_public and is_same_page and is_loopback(sent.hostname)
    return found if is_deployed and can_be_public_url(found) else None


def _flaw_problem(case: Case, flaw: Flaw, facts: Facts) -> Finding:
    todo = f"In {PORTAL}, replace what is registered for the client {case.client_id} by {case.sent}"
    return problem(flaw.code, flaw.title, f"{flaw.words} Registered: “{flaw.piece}”.", todo, facts, case.sent)


def _marked(finding: Finding, sent: str, registered: str) -> Finding:
    """Return a finding whose two addresses are marked where they differ."""
    ours, theirs = marked(sent, registered)
    return replace(finding, marks={"Sent": ours, "Registered": theirs})


def _flaw_warning(flaw: Flaw, facts: Facts) -> Finding:
    todo = "Set PUBLIC_URL to an address without it, and register the redirect URI anew."
    return warning(flaw.code, flaw.title, f"{flaw.words} It is in PUBLIC_URL: “{flaw.piece}”.", todo, facts)
