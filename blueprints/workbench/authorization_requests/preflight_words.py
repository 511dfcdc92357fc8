"""Texts about an authorization endpoint's answer: what it means for a driver, and what a developer can do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from blueprints.workbench.authorization_requests.form import RequestForm
from domain.problems import shown_code
from domain.redirect_uris.variants import Variant
from providers.vinli.oauth.preflight import PreflightResult
from settings import Settings, can_be_public_url, is_loopback


@dataclass(frozen=True)
class Summary:
    """What would happen to a driver. `kind` is the kind of notice: info, warning or problem."""

    kind: str
    title: str
    words: str


@dataclass(frozen=True)
class Advice:
    """One piece of advice. `endpoint` is the workbench page that helps with it; "" for none."""

    text: str
    endpoint: str = ""
    label: str = ""


CONSENT = Summary(
    "info",
    "Accepted",
    "A driver would be asked to sign in or to approve, and be sent back to the redirect URI afterwards.",
)
CONSENT_SO_FAR = Summary(
    "info",
    "Accepted",
    "A driver would be asked to sign in or to approve. Some servers judge the redirect URI only after that: trying "
    "the variants shows whether this one does.",
)
ASKED_FIRST = Summary(
    "info",
    "Asked to sign in first",
    "A driver would be asked to sign in or to approve. Whether the redirect URI is the registered one shows only "
    "afterwards.",
)
SENT_BACK = Summary(
    "info",
    "Accepted, and sent back at once",
    "A driver would be sent back to the redirect URI without being asked anything.",
)
DENIED = Summary(
    "warning",
    "Sent back with an error",
    "The redirect URI is accepted, and a driver would be sent back to it at once with an error.",
)
ELSEWHERE = Summary(
    "warning",
    "Sent somewhere else",
    "A driver would be sent to another site, which is not the redirect URI. Nobody followed it from here.",
)
REFUSED = Summary(
    "problem",
    "Refused",
    "A driver would see an error on the authorization server’s own page and never come back.",
)
UNCLEAR = Summary(
    "warning",
    "Not recognised",
    "A page came that is not marked as an error, and no field to sign in or to approve was found in it. A page that "
    "is built by a script looks like that from here: open the request in a browser to see.",
)
UNREADABLE = Summary(
    "problem", "Not readable", "Something answered, and it was not an answer that a browser could show."
)
_SUMMARIES = {
    "consent": CONSENT_SO_FAR,
    "redirect_back": SENT_BACK,
    "redirect_elsewhere": ELSEWHERE,
    "error": REFUSED,
    "unclear": UNCLEAR,
    "unreadable": UNREADABLE,
}

DOCTOR = ("workbench.index", "Compare it with what is registered")

# Words that servers use for a refusal. Servers choose their own words, so a match is only a hint.
_NO_CLIENT = re.compile(r"invalid_client|unknown client|no client|client (?:was )?not found")
_CLIENT = re.compile(r"client[ _]?id")
_REDIRECT = re.compile(r"redirect(?:ion)?[ _-]?ur[il]|callback url")
_TYPE = re.compile(r"response[ _]?type|unauthorized_client")
_PKCE = re.compile(r"code[ _]challenge|pkce")
# These variants differ in the origin, which PUBLIC_URL decides. On loopback, scheme and port are those of the running
# server, so another PUBLIC_URL would lead to no server.
_OF_ORIGIN = re.compile(r"https?|host_.*|with(?:out)?_port")
_OF_LOOPBACK = re.compile(r"host_.*")


@dataclass(frozen=True)
class Tried:
    """The results of the variants. `accepted` holds the accepted ones; `undecided` counts those without a clear answer.

    `is_judged` tells if the server checks redirect URIs: False if it accepted the control, which nobody has registered;
    None if it gave no clear answer to it. `has_refusal` tells if at least one redirect URI was clearly refused.
    """

    count: int
    is_accepted: bool
    accepted: tuple[Variant, ...]
    undecided: int
    is_judged: bool | None
    has_refusal: bool


def summary_of(outcome: PreflightResult, *, is_judged: bool | None = None) -> Summary:
    """Return what would happen to a driver. `is_judged` is as in `Tried`; None if no variants were tried."""
    if outcome.kind == "redirect_back" and outcome.error:
        return DENIED
    if outcome.kind == "consent" and is_judged is not None:
        return CONSENT if is_judged else ASKED_FIRST
    return _SUMMARIES[outcome.kind]


def advice_for(form: RequestForm, outcome: PreflightResult, settings: Settings) -> tuple[Advice, ...]:
    """Return advice, the most likely first; empty if the request works."""
    if outcome.kind in ("consent", "redirect_back") and not outcome.error:
        return ()
    if form.client_id == settings.vinli_app_id:
        text = "This client id is the App ID. The authorization endpoint takes the id of an OAuth client, which the "
        text += "Developer Portal lists under the app’s clients (VINLI_CLIENT_ID)."
        return (Advice(text, *DOCTOR),)
    return tuple(_advice(form, outcome)) or (Advice("Read the answer below: it is all that was said."),)


def _advice(form: RequestForm, outcome: PreflightResult) -> Iterator[Advice]:
    if (outcome.status or 0) >= 500:
        yield Advice("The authorization server has a problem of its own. Try again in a minute.")
        return
    hints = tuple(_hints(form, f"{outcome.error}\n{outcome.title}\n{outcome.text}".lower()))
    yield from hints
    # A page that gives a known reason comes from the right server, whatever its status is.
    is_foreign = outcome.kind in ("redirect_elsewhere", "unclear", "unreadable") or outcome.status == 404
    if is_foreign and not hints:
        text = "See whether VINLI_AUTH_URL, or the VINLI_STACK that it is made of, names the authorization server, "
        yield Advice(text + "with the right scheme and host.")
    if code := shown_code(outcome.error):
        yield Advice(f"The error code is {code}; RFC 6749, section 4.1.2.1, says what each of them means.")


def _hints(form: RequestForm, said: str) -> Iterator[Advice]:
    minds_redirect_uri = _REDIRECT.search(said)
    if minds_redirect_uri:
        text = "The redirect URI seems not to be the registered one. Every character counts, a slash at the end too."
        yield Advice(text, *DOCTOR)
    # "Not registered for this client_id" is about the redirect URI, not about the client id.
    if _NO_CLIENT.search(said) or (_CLIENT.search(said) and not minds_redirect_uri):
        text = "The client id seems not to be known there. It is the id of an OAuth client, not the App ID, and one of "
        yield Advice(text + "the stack that VINLI_AUTH_URL names.", *DOCTOR)
    if _TYPE.search(said):
        text = f"The client seems not to be registered for response_type={form.response_type}."
        yield Advice(f"{text} Try the other one, or register a client of the other type.")
    if form.uses_pkce and _PKCE.search(said):
        yield Advice("The server seems to mind PKCE. Try without; for drivers it is VINLI_PKCE=off.")


def conclusion_of(form: RequestForm, settings: Settings, tried: Tried) -> str:
    """Return the conclusion from the variants. If nothing was refused, the answers prove nothing."""
    if tried.is_judged is False:
        text = "A redirect URI that nobody can have registered was accepted too: the redirect URI is not judged before "
        return text + "somebody signs in, so none of these answers tells which one is registered."
    if not tried.has_refusal:
        text = "None of these was clearly refused, the control included, so the answers do not tell which one is "
        return text + "registered."
    if tried.undecided == tried.count:
        accepted = "Accepted as it is. " if tried.is_accepted else ""
        return f"{accepted}No variant got a clear answer, so nothing can be said of them."
    text = _conclusion(form, settings, tried.is_accepted, tried.accepted)
    if tried.undecided:
        were = "variant" if tried.undecided == 1 else "variants"
        text += f" {tried.undecided} {were} got no clear answer, so this may not be all."
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
        return (
            "None of the usual variants is accepted either. The difference is larger, or has another cause."
        )
    return f"Accepted: {titles}. {_remedy(form, settings, accepted)}"


def _remedy(form: RequestForm, settings: Settings, accepted: tuple[Variant, ...]) -> str:
    register = f"register {form.redirect_uri} in the Developer Portal"
    ours = (settings.redirect_uri, settings.implicit_redirect_uri, settings.workbench_redirect_uri)
    if form.redirect_uri not in ours:
        return f"Send exactly {accepted[0].redirect_uri}, or {register}."
    public_url = next(filter(None, map(_public_url, accepted)), None)
    if public_url is None:
        return f"This site cannot send it in that spelling, so {register}."
    return f"Set PUBLIC_URL={public_url}, or {register}."


def _public_url(variant: Variant) -> str | None:
    """Return the PUBLIC_URL that makes this site send a variant; None if there is none or it leads to no server."""
    parts = urlsplit(variant.redirect_uri)
    names = _OF_LOOPBACK if is_loopback(parts.hostname) else _OF_ORIGIN
    public_url = f"{parts.scheme}://{parts.netloc}"
    return public_url if names.fullmatch(variant.name) and can_be_public_url(public_url) else None


def _small(title: str) -> str:
    return title[:1].lower() + title[1:]
