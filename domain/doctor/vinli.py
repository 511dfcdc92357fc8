"""The doctor on Vinli itself: do its services answer, do they accept the app, and do the clocks agree."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from domain.doctor.evidence import Evidence
from domain.doctor.report import Facts, Finding, Section, fact, good, problem, unknown, warning
from providers.errors import (
    Cause,
    Forbidden,
    ProviderError,
    Refused,
    ServerFailed,
    Throttled,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from settings import Settings

SKEW_WARNING_SECONDS = 30
SKEW_PROBLEM_SECONDS = 300
_DENIED = (Unauthorized, Forbidden)
USUAL_STACK = ".vin.li"
_PROXY_TROUBLE = (Cause.PROXY_UNREACHABLE, Cause.PROXY_WANTS_PASSWORD, Cause.PROXY_REFUSED)
# Codes of findings whose cause lies before both services.
_MET_BY_BOTH = frozenset(
    f"auth_{what}"
    for what in ("name_from_stack", "proxy", "proxy_password", "proxy_refused", "redirected", "blocked")
)
_SET_CLOCK = (
    "If this machine’s clock is right, ask Vinli to renew its certificate. Nothing is to be changed here."
)
# Code, title, explanation and advice.
_CERTIFICATE_TROUBLE = {
    Cause.CERTIFICATE_EXPIRED: (
        "tls_expired",
        "The certificate of {name} has expired",
        "The certificate for {host} is no longer valid, so no connection is made.",
        _SET_CLOCK,
    ),
    Cause.CERTIFICATE_NOT_YET_VALID: (
        "tls_not_yet_valid",
        "The certificate of {name} is not valid yet",
        "By this machine’s clock, the certificate for {host} is not valid yet.",
        _SET_CLOCK,
    ),
    Cause.CERTIFICATE_NAME: (
        "tls_name",
        "The certificate is for another name",
        "The server has a certificate, but not for {host}.",
        "Correct {variable}: it has to name the host as the certificate does. CA_BUNDLE is not the cause.",
    ),
    Cause.CERTIFICATE_UNTRUSTED: (
        "tls",
        "The certificate of {name} is not trusted",
        "The server answers, but no authority that is known here has signed its certificate.",
        "Set CA_BUNDLE to the file with the certificate authority that {origin} is signed by.",
    ),
    Cause.TLS: (
        "tls_failed",
        "No TLS connection to {name}",
        "The server does not speak TLS as it is spoken today, or something in between breaks it.",
        "See whether {origin} is an https address, with the right port, or correct {variable}.",
    ),
}


def vinli_section(settings: Settings, evidence: Evidence) -> Section:
    """Return the findings on both services, the app's credentials and the clock."""
    auth, platform = _auth_finding(settings, evidence), _platform_finding(settings, evidence)
    services: tuple[Finding, ...] = (auth, platform)
    if auth.code.removeprefix("auth_") == platform.code.removeprefix("platform_"):
        # One cause gives one finding: one host that is down, or something in between that both meet.
        if settings.vinli_auth_url == settings.vinli_platform_url:
            services = (auth,)
        elif auth.code in _MET_BY_BOTH:
            facts = tuple(dict.fromkeys((*auth.facts, *platform.facts)))
            services = (replace(auth, facts=facts),)
    findings = (*services, _app_finding(settings, evidence), _clock_finding(evidence))
    return Section("Vinli", findings, is_remote=True)


def app_is_refused(evidence: Evidence) -> bool:
    """Tell if Vinli refuses the App ID and App Secret.

    The platform service decides, because its documents describe them. The auth service may refuse the list of clients
    to a valid app.
    """
    if evidence.devices is not None or isinstance(evidence.devices_error, Refused):
        return _is_denied(evidence.devices_error)
    return _is_denied(evidence.registrations_error)


def _is_denied(error: ProviderError | None) -> bool:
    """Tell if Vinli itself refuses the credentials. A page comes from something in between."""
    return isinstance(error, _DENIED) and not is_from_between(error)


def is_from_between(error: ProviderError | None) -> bool:
    """Tell if an answer is a page for a person, as firewalls and sign-in pages of networks give them.

    Vinli answers API calls with JSON. Frameworks have a page for an unknown address and for a failure, so these do not
    count.
    """
    return (
        error is not None and error.page_title is not None and error.status not in {404, 500, 502, 503, 504}
    )


def _auth_finding(settings: Settings, evidence: Evidence) -> Finding:
    """Return the finding on the auth service. It is up if one of the two calls to it is answered."""
    origin = settings.vinli_auth_url
    asked = (evidence.registrations_error, evidence.probe.error)
    if evidence.registrations is not None:
        facts = (fact("Origin", origin), _took(evidence.registrations.reading.elapsed))
        return good("auth_origin", "Vinli’s auth service", "It answers.", facts)
    if any(
        isinstance(error, Refused) and error.status != 404 and not is_from_between(error) for error in asked
    ):
        return good("auth_origin", "Vinli’s auth service", "It answers.", (fact("Origin", origin),))
    if "services" in evidence.exchanged:
        what = "VINLI_AUTH_URL is the address of the platform service, and VINLI_PLATFORM_URL that of the auth service."
        return problem(
            "services_exchanged",
            "Addresses exchanged",
            what,
            "Exchange the two values.",
            (fact("Origin", origin),),
        )
    errors = [error for error in asked if error is not None]
    busy = next((error for error in errors if isinstance(error, Throttled)), None)
    if busy is not None:
        # No client could be checked, so the report must not look good.
        what = "It asks for fewer requests, so the OAuth clients could not be checked."
        todo = "Ask the doctor again in a minute."
        return problem("auth_throttled", "Vinli’s auth service is busy", what, todo, _where(origin, busy))
    return _trouble(settings, "auth", origin, errors[0])


def auth_is_wrong(settings: Settings, evidence: Evidence) -> bool:
    """Tell if a finding on the auth service explains every refusal at its address."""
    return _auth_finding(settings, evidence).code in {"auth_nonsense", "services_exchanged"}


def _platform_finding(settings: Settings, evidence: Evidence) -> Finding:
    origin, error = settings.vinli_platform_url, evidence.devices_error
    if "services" in evidence.exchanged:
        return unknown("platform_origin", "Vinli’s platform service", "See the finding on the addresses.")
    if error is None or _is_denied(error):
        return good("platform_origin", "Vinli’s platform service", "It answers.", (fact("Origin", origin),))
    return _trouble(settings, "platform", origin, error)


def _trouble(settings: Settings, service: str, origin: str, error: ProviderError) -> Finding:
    """Return the finding on a service that gave no usable answer."""
    name, variable = f"Vinli’s {service} service", f"VINLI_{service.upper()}_URL"
    facts = _where(origin, error)
    if error.location is not None:
        return _redirected(service, origin, error.location, facts)
    if is_from_between(error):
        what = (
            f"A page for people came in place of {name}’s answer: from a firewall, a proxy or this network."
        )
        todo = f"Let this machine reach {origin} without it, for example by an exception for this host."
        return problem(f"{service}_blocked", f"Something stands before {name}", what, todo, facts)
    if isinstance(error, TimedOut):
        what = "No answer came in time."
        if error.cause is Cause.CONNECT_TIMEOUT:
            what = "No connection came about in time: something drops what is sent there, mostly a firewall."
        todo = f"Look whether {origin} is slow from elsewhere too; if not, let this machine reach it."
        return problem(f"{service}_slow", f"{name} is too slow", what, todo, facts)
    if isinstance(error, Unreachable):
        return _unreachable(settings, service, origin, error, facts)
    if isinstance(error, ServerFailed):
        what = "It answers that it has a problem of its own."
        todo = "Try again in some minutes, and ask Vinli if it stays so. Only Vinli can correct it."
        return problem(f"{service}_failing", f"{name} fails", what, todo, facts)
    if isinstance(error, Throttled):
        what = "It asks for fewer requests, so it could not be checked."
        return unknown(f"{service}_throttled", f"{name} is busy", what, "Try again in a minute.", facts)
    what = f"A server answers at {origin}, but not as {name} does."
    todo = f"Set {variable} to the origin of {name}; without it, VINLI_STACK makes it."
    return problem(f"{service}_nonsense", f"Not {name}", what, todo, facts)


def _redirected(service: str, origin: str, location: str, facts: Facts) -> Finding:
    name, variable = f"Vinli’s {service} service", f"VINLI_{service.upper()}_URL"
    facts = (*facts, fact("Leads to", location))
    there = urlsplit(location)
    if there.hostname == urlsplit(origin).hostname:
        what = f"{name} answers at another address of the same host. Calls are not redirected."
        todo = f"Set {variable} to the origin of that address."
        return problem(f"{service}_redirected", f"{name} has moved", what, todo, facts)
    what = (
        "A redirect to another site came in place of the answer. Networks that want a sign-in first do that."
    )
    todo = f"Sign in to this network, or let this machine reach {origin} directly. If Vinli has moved, set {variable}."
    return problem(f"{service}_redirected", f"{name} leads elsewhere", what, todo, facts)


def _unreachable(settings: Settings, service: str, origin: str, error: Unreachable, facts: Facts) -> Finding:
    name, variable = f"Vinli’s {service} service", f"VINLI_{service.upper()}_URL"
    host = urlsplit(origin).hostname or ""
    if error.cause in _PROXY_TROUBLE:
        return _proxy_trouble(settings, service, origin, error.cause)
    if error.cause is Cause.NAME:
        what = f"The name {host} cannot be found."
        if origin == f"https://{service}{settings.vinli_stack}":
            facts = (*facts, fact("VINLI_STACK", settings.vinli_stack))
            todo = f"Correct VINLI_STACK; Vinli’s own is {USUAL_STACK}"
            if settings.vinli_stack == USUAL_STACK:
                todo = "Let this machine find names: look at its network and its DNS servers."
            value = "" if settings.vinli_stack == USUAL_STACK else USUAL_STACK
            return problem(f"{service}_name_from_stack", "No such host", what, todo, facts, value)
        todo = f"Correct {variable}, or let this machine find names."
        return problem(f"{service}_name", "No such host", what, todo, facts)
    if error.cause in _CERTIFICATE_TROUBLE:
        code, title, what, todo = _CERTIFICATE_TROUBLE[error.cause]
        todo = todo.format(origin=origin, host=host, variable=variable)
        return problem(f"{service}_{code}", title.format(name=name), what.format(host=host), todo, facts)
    what = {
        Cause.REFUSED: "Nothing listens at this address and port: the connection was refused.",
        Cause.NO_ROUTE: "No way leads from this machine to the host.",
    }.get(error.cause or Cause.BROKE_OFF, "The connection ended before an answer came.")
    todo = f"Let this machine reach {origin}, by HTTPS_PROXY if need be, or correct {variable}."
    return problem(f"{service}_unreachable", f"{name} cannot be reached", what, todo, facts)


def _proxy_trouble(settings: Settings, service: str, origin: str, cause: Cause) -> Finding:
    proxy = urlsplit(settings.https_proxy or "")
    place = proxy.netloc.rpartition("@")[2]
    facts = (fact("HTTPS_PROXY", f"{proxy.scheme}://{place}"), fact("Origin", origin))
    if cause is Cause.PROXY_WANTS_PASSWORD:
        what = "The proxy in HTTPS_PROXY wants a user name and a password, or does not accept those given."
        todo = f"Put both into HTTPS_PROXY: {proxy.scheme}://NAME:PASSWORD@{place}"
        return problem(f"{service}_proxy_password", "The proxy wants a password", what, todo, facts)
    if cause is Cause.PROXY_REFUSED:
        what = "The proxy in HTTPS_PROXY does not connect to this host."
        todo = f"Have the proxy allow CONNECT to {urlsplit(origin).hostname}, or take another one."
        return problem(f"{service}_proxy_refused", "The proxy refuses", what, todo, facts)
    what = "Nothing answers at the proxy in HTTPS_PROXY, so Vinli cannot be reached."
    todo = "Set HTTPS_PROXY to a proxy that answers, or take it away."
    return problem(f"{service}_proxy", "The proxy cannot be reached", what, todo, facts)


def _app_finding(settings: Settings, evidence: Evidence) -> Finding:
    shown_id = settings.vinli_app_id if "app" not in evidence.exchanged else "[hidden]"
    facts: Facts = (fact("VINLI_APP_ID", shown_id),)
    if app_is_refused(evidence):
        return _refused_app(settings, evidence, facts)
    if evidence.devices is not None or evidence.registrations is not None:
        what = "Vinli accepts them."
        if evidence.devices is not None:
            facts = (*facts, fact("Devices", f"{evidence.devices:,}"))
        return good("app_credentials", "App ID and App Secret", what, facts)
    return unknown("app_credentials", "App ID and App Secret", "No service answered that judges them.")


def _refused_app(settings: Settings, evidence: Evidence, facts: Facts) -> Finding:
    if "app" in evidence.exchanged:
        what = "VINLI_APP_ID is the App Secret, and VINLI_APP_SECRET the App ID."
        return problem(
            "app_id_and_secret_exchanged", "App ID and App Secret exchanged", what, "Exchange the two values."
        )
    if "pairs" in evidence.exchanged:
        what = "VINLI_CLIENT_ID and VINLI_CLIENT_SECRET are the App ID and the App Secret."
        todo = "Exchange the two pairs, or set VINLI_APP_ID and VINLI_APP_SECRET to the pair of the app."
        return problem("app_and_client_exchanged", "App and client exchanged", what, todo)
    if settings.vinli_app_id == settings.vinli_client_id:
        what = "VINLI_APP_ID is the id of the OAuth client. The app has an id of its own."
        todo = "Set VINLI_APP_ID to the App ID, which the app’s own page in Vinli’s Developer Portal shows."
        return problem("client_id_as_app_id", "Client id used as App ID", what, todo, facts)
    if settings.vinli_app_secret == settings.vinli_client_secret:
        what = "VINLI_APP_SECRET is the secret of the OAuth client. The app has a secret of its own."
        todo = "Set VINLI_APP_SECRET to the App Secret, which the app’s own page in Vinli’s Developer Portal shows."
        return problem("client_secret_as_app_secret", "Client’s secret used as App Secret", what, todo, facts)
    what = "Vinli does not accept VINLI_APP_ID with VINLI_APP_SECRET."
    todo = "Set VINLI_APP_ID and VINLI_APP_SECRET to the pair that the app’s page in Vinli’s Developer Portal shows."
    return problem("app_credentials_refused", "App ID or App Secret is wrong", what, todo, facts)


def _clock_finding(evidence: Evidence) -> Finding:
    skew = evidence.reading.skew if evidence.reading else None
    title = "This machine’s clock"
    if evidence.reading is None:
        return unknown("clock", title, "No answer of Vinli’s came to take the time from.")
    if skew is None:
        return unknown("clock", title, "Vinli did not say what time it is there.")
    if abs(skew) <= SKEW_WARNING_SECONDS:
        return good("clock", title, "It agrees with Vinli’s.")
    side = "ahead of" if skew > 0 else "behind"
    what = (
        f"It is {_duration(abs(skew))} {side} Vinli’s, as far as the answer’s Date tells: tokens seem to end "
        f"{'sooner' if skew > 0 else 'later'} than they do."
    )
    todo = "Let this machine take its time from the network (timedatectl set-ntp true, or chrony)."
    make = problem if abs(skew) > SKEW_PROBLEM_SECONDS else warning
    return make("clock_skew", "The clocks disagree", what, todo, (fact("Difference", f"{skew:+,.0f} s"),))


def _duration(seconds: float) -> str:
    whole = round(seconds)
    for size, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if whole >= 2 * size:
            return f"{whole // size:,} {name}"
    return f"{whole} seconds"


def _took(seconds: float) -> tuple[str, str]:
    return fact("Answered in", f"{seconds * 1000:,.0f} ms")


def _where(origin: str, error: ProviderError) -> Facts:
    status = () if error.status is None else (fact("Status", str(error.status)),)
    page = (fact("Page", error.page_title),) if error.page_title else ()
    return (fact("Origin", origin), *status, *page)
