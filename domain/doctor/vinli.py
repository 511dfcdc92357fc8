"""The doctor on Vinli itself: do its services answer, do they accept the app, and do the clocks agree."""

from __future__ import annotations

from domain.doctor.evidence import Evidence
from domain.doctor.report import Facts, Finding, Section, fact, good, problem, unknown, warning
from providers.errors import (
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


def vinli_section(settings: Settings, evidence: Evidence) -> Section:
    """Return the findings on both services, the app's credentials and the clock."""
    auth, platform = _auth_finding(settings, evidence), _platform_finding(settings, evidence)
    # If both services are on one host and it is down, give one finding and not two.
    is_one = settings.vinli_auth_url == settings.vinli_platform_url
    is_same = auth.code.removeprefix("auth_") == platform.code.removeprefix("platform_")
    services = (auth,) if is_one and is_same else (auth, platform)
    findings = (*services, _app_finding(settings, evidence), _clock_finding(evidence))
    return Section("Vinli", findings, is_remote=True)


def app_is_refused(evidence: Evidence) -> bool:
    """Tell if Vinli refuses the App ID and App Secret.

    The platform service decides, because its documents describe them. The auth service may refuse the list of clients
    to a valid app.
    """
    if evidence.devices is not None or isinstance(evidence.devices_error, Refused):
        return isinstance(evidence.devices_error, _DENIED)
    return isinstance(evidence.registrations_error, _DENIED)


def _auth_finding(settings: Settings, evidence: Evidence) -> Finding:
    """Return the finding on the auth service. It is up if one of the two calls to it is answered."""
    origin = settings.vinli_auth_url
    asked = (evidence.registrations_error, evidence.probe.error)
    if evidence.registrations is not None:
        facts = (fact("Origin", origin), _took(evidence.registrations.reading.elapsed))
        return good("auth_origin", "Vinli’s auth service", "It answers.", facts)
    if any(isinstance(error, Refused) and error.status != 404 for error in asked):
        return good("auth_origin", "Vinli’s auth service", "It answers.", (fact("Origin", origin),))
    errors = [error for error in asked if error is not None]
    busy = next((error for error in errors if isinstance(error, Throttled)), None)
    if busy is not None:
        # No client could be checked, so the report must not look good.
        what = "It asks for fewer requests, so the OAuth clients could not be checked."
        todo = "Ask the doctor again in a minute."
        return problem("auth_throttled", "Vinli’s auth service is busy", what, todo, _where(origin, busy))
    return _trouble("auth", "VINLI_AUTH_URL", origin, errors[0])


def _platform_finding(settings: Settings, evidence: Evidence) -> Finding:
    origin, error = settings.vinli_platform_url, evidence.devices_error
    if error is None or isinstance(error, _DENIED):
        return good("platform_origin", "Vinli’s platform service", "It answers.", (fact("Origin", origin),))
    return _trouble("platform", "VINLI_PLATFORM_URL", origin, error)


def _trouble(service: str, variable: str, origin: str, error: ProviderError) -> Finding:
    """Return the finding on a service that gave no usable answer; ``variable`` is the setting with its address."""
    name = f"Vinli’s {service} service"
    facts = _where(origin, error)
    if isinstance(error, TimedOut):
        todo = f"Look whether {origin} is slow from elsewhere too; if not, let this machine reach it."
        return problem(f"{service}_slow", f"{name} is too slow", "No answer came in time.", todo, facts)
    if isinstance(error, Unreachable):
        return _unreachable(service, variable, origin, error, facts)
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


def _unreachable(service: str, variable: str, origin: str, error: Unreachable, facts: Facts) -> Finding:
    name = f"Vinli’s {service} service"
    if "TLS" in error.reason:
        what = "The server answers, but its certificate cannot be trusted."
        todo = f"Set CA_BUNDLE to the file with the certificate authority that {origin} is signed by."
        return problem(f"{service}_tls", f"The certificate of {name} is not trusted", what, todo, facts)
    todo = f"Let this machine reach {origin}, by HTTPS_PROXY if need be, or correct {variable}."
    return problem(
        f"{service}_unreachable", f"{name} cannot be reached", "No connection could be made.", todo, facts
    )


def _app_finding(settings: Settings, evidence: Evidence) -> Finding:
    facts: Facts = (fact("VINLI_APP_ID", settings.vinli_app_id),)
    if app_is_refused(evidence):
        return _refused_app(settings, facts)
    if evidence.devices is not None or evidence.registrations is not None:
        what = "Vinli accepts them."
        if evidence.devices is not None:
            facts = (*facts, fact("Devices", f"{evidence.devices:,}"))
        return good("app_credentials", "App ID and App Secret", what, facts)
    return unknown("app_credentials", "App ID and App Secret", "No service answered that judges them.")


def _refused_app(settings: Settings, facts: Facts) -> Finding:
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
    return (fact("Origin", origin), *status)
