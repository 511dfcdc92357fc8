"""What an authorization endpoint's answer means for a driver, and what a developer can do about it, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from blueprints.web.authorization_requests import RequestForm
from blueprints.web.problems import shown_code
from providers.vinli.preflight import Outcome
from providers.vinli.variants import Variant
from settings import Settings, is_loopback


@dataclass(frozen=True)
class Verdict:
    """What would happen now. `kind` is that of a notice: info, warning, problem."""

    kind: str
    title: str
    words: str


@dataclass(frozen=True)
class Advice:
    """What can be done, and where on the workbench it is looked into (an endpoint), "" for nowhere."""

    text: str
    endpoint: str = ""
    label: str = ""


CONSENT = Verdict(
    "info",
    "Accepted",
    "A driver would be asked to sign in or to approve, and be sent back to the redirect URI afterwards.",
)
SENT_BACK = Verdict(
    "info",
    "Accepted, and sent back at once",
    "A driver would be sent back to the redirect URI without being asked anything.",
)
DENIED = Verdict(
    "warning",
    "Sent back with an error",
    "The redirect URI is accepted, and a driver would be sent back to it at once with an error.",
)
ELSEWHERE = Verdict(
    "warning",
    "Sent somewhere else",
    "A driver would be sent to another site, which is not the redirect URI. Nobody followed it from here.",
)
REFUSED = Verdict(
    "problem",
    "Refused",
    "A driver would see an error on the authorization server’s own page and never come back.",
)
UNCLEAR = Verdict(
    "warning",
    "Neither a sign-in page nor an error",
    "Something answered, but nobody would be asked to sign in or to approve there.",
)
UNREADABLE = Verdict(
    "problem", "Not readable", "Something answered, and it was not an answer that a browser could show."
)
_VERDICTS = {
    "consent": CONSENT,
    "redirect_back": SENT_BACK,
    "redirect_elsewhere": ELSEWHERE,
    "error": REFUSED,
    "unclear": UNCLEAR,
    "unreadable": UNREADABLE,
}

DOCTOR = ("workbench.index", "Compare it with what is registered")

# How servers name what they refuse; they word it as they like, so a hit is a hint.
_CLIENT = re.compile(r"invalid_client|client[ _]?id|unknown client|no client|client (?:was )?not found")
_REDIRECT = re.compile(r"redirect[ _-]?ur[il]|callback url")
_TYPE = re.compile(r"response[ _]?type|unauthorized_client")
_PKCE = re.compile(r"code[ _]challenge|pkce")
# These differences are ones of the origin, which PUBLIC_URL decides.
_OF_ORIGIN = re.compile(r"https?|host_.*|with(?:out)?_port")


def verdict_of(outcome: Outcome) -> Verdict:
    """Return what would happen to a driver."""
    if outcome.kind == "redirect_back" and outcome.error:
        return DENIED
    return _VERDICTS[outcome.kind]


def advice_for(form: RequestForm, outcome: Outcome, settings: Settings) -> tuple[Advice, ...]:
    """Return what can be done, the likeliest first; nothing where all is well."""
    if outcome.kind in ("consent", "redirect_back") and not outcome.error:
        return ()
    if form.client_id == settings.vinli_app_id:
        text = "This client id is the App ID. The authorization endpoint takes the id of an OAuth client, which the "
        text += "Developer Portal lists under the app’s clients (VINLI_CLIENT_ID)."
        return (Advice(text, *DOCTOR),)
    return tuple(_advice(form, outcome)) or (Advice("Read the answer below: it is all that was said."),)


def _advice(form: RequestForm, outcome: Outcome) -> Iterator[Advice]:
    if outcome.kind in ("redirect_elsewhere", "unclear", "unreadable"):
        yield Advice(
            "See whether VINLI_AUTH_URL names the authorization server, with the right scheme and host."
        )
        return
    if (outcome.status or 0) >= 500:
        yield Advice("The authorization server has a problem of its own. Try again in a minute.")
        return
    said = f"{outcome.error}\n{outcome.title}\n{outcome.text}".lower()
    if _CLIENT.search(said):
        text = "The client id seems not to be known there. It is the id of an OAuth client, not the App ID, and one of "
        yield Advice(text + "the stack that VINLI_AUTH_URL names.", *DOCTOR)
    if _REDIRECT.search(said):
        text = "The redirect URI seems not to be the registered one. Every character counts, a slash at the end too."
        yield Advice(text, *DOCTOR)
    if _TYPE.search(said):
        text = f"The client seems not to be registered for response_type={form.response_type}."
        yield Advice(f"{text} Try the other one, or register a client of the other type.")
    if form.uses_pkce and _PKCE.search(said):
        yield Advice("The server seems to mind PKCE. Try without; for drivers it is VINLI_PKCE=off.")
    if code := shown_code(outcome.error):
        yield Advice(f"The error code is {code}; RFC 6749, section 4.1.2.1, says what each of them means.")


def conclusion_of(
    form: RequestForm,
    settings: Settings,
    is_accepted: bool,
    accepted: tuple[Variant, ...],
    unanswered: int,
) -> str:
    """Return in words what the variants showed."""
    text = _conclusion(form, settings, is_accepted, accepted)
    if unanswered:
        were = "variant was" if unanswered == 1 else "variants were"
        text += f" {unanswered} {were} not answered, so this may not be all."
    return text


def _conclusion(
    form: RequestForm, settings: Settings, is_accepted: bool, accepted: tuple[Variant, ...]
) -> str:
    titles = ", ".join(_small(variant.title) for variant in accepted)
    if is_accepted and not accepted:
        return "Accepted as it is, and in no other spelling: the redirect URI is compared character by character."
    if is_accepted:
        return f"Accepted as it is, and also: {titles}. Register and send one spelling all the same."
    if not accepted:
        return "None of the usual variants is accepted either: the difference is a larger one, or lies elsewhere."
    return f"Accepted: {titles}. {_remedy(form, settings, accepted[0])}"


def _remedy(form: RequestForm, settings: Settings, found: Variant) -> str:
    register = f"register {form.redirect_uri} in the Developer Portal"
    ours = (settings.redirect_uri, settings.implicit_redirect_uri, settings.workbench_redirect_uri)
    if form.redirect_uri not in ours:
        return f"Send exactly {found.redirect_uri}, or {register}."
    parts = urlsplit(found.redirect_uri)
    is_possible = parts.scheme == "https" or is_loopback(parts.hostname)
    if _OF_ORIGIN.fullmatch(found.name) and is_possible:
        return f"Set PUBLIC_URL={parts.scheme}://{parts.netloc}, or {register}."
    return f"This site cannot send it in that spelling, so {register}."


def _small(title: str) -> str:
    return title[:1].lower() + title[1:]
