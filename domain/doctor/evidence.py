"""The evidence for the doctor's findings: a few concurrent calls, each of which may fail on its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from domain.budget import Budget
from domain.doctor.installation import Installation
from domain.doctor.probes import RecentProbes
from providers.errors import Forbidden, InvalidResponse, NotFound, ProviderError, Unauthorized
from providers.http.auth import BasicAuth
from providers.vinli.oauth.auth import AuthClient
from providers.vinli.oauth.oauth_clients import (
    ClientDirectory,
    ClockReading,
    CredentialStatus,
    Probe,
    Registrations,
    probe_client,
    read_clock,
)
from providers.vinli.oauth.preflight import PreflightResult, authorization_url, preflight
from providers.vinli.platform import PlatformClient
from store import checkup
from store.base import StoreError

T = TypeVar("T")

CALL_SECONDS = 5.0
# This call follows another one. Both together must fit into the time budget of a page.
CLOCK_SECONDS = 3.0
# How a server refuses what it does not offer.
_NOT_THEIRS = (NotFound, InvalidResponse)


@dataclass(frozen=True)
class FlowRequest:
    """The authorization request that one of our flows sends. ``code`` is that of its role."""

    code: str
    client_id: str
    redirect_uri: str
    response_type: str
    has_pkce: bool


@dataclass(frozen=True)
class Answered:
    """The answer to an authorization request, or the error if none came.

    ``switched`` is the answer to the same request with PKCE switched on or off, if the first one was refused.
    """

    result: PreflightResult | None
    error: ProviderError | None = None
    switched: PreflightResult | None = None


@dataclass(frozen=True)
class Evidence:
    """The results of all calls. Of ``registrations`` and its error exactly one is set; the same for ``devices``.

    ``devices`` is the number of devices that the app sees. ``workbench_probe`` is None if the workbench has no client
    of its own. ``reading`` is None if nothing answered. ``store_error`` is None if the store works or was not tried.
    ``preflights`` holds the answers to our authorization requests by the code of their role. ``exchanged`` names the
    credentials that are accepted if id and secret change places: "app" or the code of a role; "pairs" if the client's
    pair is accepted as the app's; "services" if each service answers at the address of the other.
    """

    registrations: Registrations | None
    registrations_error: ProviderError | None
    devices: int | None
    devices_error: ProviderError | None
    probe: Probe
    workbench_probe: Probe | None
    reading: ClockReading | None
    store_error: StoreError | None
    store_is_tried: bool
    preflights: Mapping[str, Answered]
    exchanged: frozenset[str]

    def probe_of(self, code: str) -> Probe | None:
        """Return the result of testing the secret of a role's client; None if the client has no secret."""
        return {"client": self.probe, "workbench_client": self.workbench_probe}.get(code)

    def accepts(self, code: str) -> bool:
        """Tell if Vinli accepts the authorization request of a role."""
        answered = self.preflights.get(code)
        return answered is not None and answered.result is not None and answered.result.accepts_request


def gather(
    installation: Installation,
    budget: Budget,
    recent: RecentProbes | None,
    requests: Sequence[FlowRequest] = (),
) -> Evidence:
    """Call Vinli and the store concurrently, within the budget. Raises none of their errors.

    If ``recent`` is given, the secrets are tested through it.
    """
    settings = installation.settings
    path = checkup.file_of(settings.store_url)
    is_tried = path is None or not checkup.is_left_alone(path)
    seconds = budget.share(CALL_SECONDS)
    prober = _Prober(installation, recent, seconds)
    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="doctor") as pool:
        listing = pool.submit(_list_clients, installation, budget)
        devices = pool.submit(_count_devices, installation, budget)
        code = (settings.vinli_client_id, settings.vinli_client_secret, settings.redirect_uri)
        probe = pool.submit(prober.probe, *code)
        workbench_probe = None
        bench_code = (
            settings.vinli_workbench_client_id or "",
            settings.vinli_workbench_client_secret or "",
            settings.workbench_redirect_uri,
        )
        if all(bench_code):
            workbench_probe = pool.submit(prober.probe, *bench_code)
        store_error = pool.submit(_store_error, installation) if is_tried else None
        answers = {request.code: pool.submit(_ask, installation, request, budget) for request in requests}
        found, found_error, reading = listing.result()
        total, devices_error, app_exchange = devices.result()
        probed, bench_probed = probe.result(), workbench_probe.result() if workbench_probe else None
        exchanged = {app_exchange: bool(app_exchange)}
        exchanged["services"] = _are_services_exchanged(installation, budget, found_error, devices_error)
        if found is None:  # a list shows an exchange by itself
            exchanged["client"] = prober.is_exchanged(probed, *code)
            exchanged["workbench_client"] = bench_probed is not None and prober.is_exchanged(
                bench_probed, *bench_code
            )
        return Evidence(
            found,
            found_error,
            total,
            devices_error,
            probed,
            bench_probed,
            reading,
            store_error.result() if store_error else None,
            is_tried,
            {code: answer.result() for code, answer in answers.items()},
            frozenset(name for name, is_so in exchanged.items() if is_so),
        )


def _count_devices(
    installation: Installation, budget: Budget
) -> tuple[int | None, ProviderError | None, str]:
    """Return the number of devices or the error. If the app is refused, name the exchange that Vinli accepts."""
    settings = installation.settings

    def count(auth: BasicAuth) -> tuple[int | None, ProviderError | None]:
        page, error = _attempt(
            partial(installation.platform.devices_page, auth, 0, 1, deadline=budget.share(CALL_SECONDS))
        )
        return None if page is None else page.total, error

    total, error = count(installation.app_auth)
    if isinstance(error, (Unauthorized, Forbidden)):
        others = {
            "app": (settings.vinli_app_secret, settings.vinli_app_id),
            "pairs": (settings.vinli_client_id, settings.vinli_client_secret),
        }
        for name, (user, password) in others.items():
            if ":" not in user and count(BasicAuth(user, password))[0] is not None:
                return total, error, name
    return total, error, ""


def _are_services_exchanged(
    installation: Installation,
    budget: Budget,
    listing_error: ProviderError | None,
    devices_error: ProviderError | None,
) -> bool:
    """Tell if the address of the auth service serves devices. Asked only if neither address knows what it is asked."""
    settings = installation.settings
    is_nonsense = isinstance(listing_error, _NOT_THEIRS) and isinstance(devices_error, _NOT_THEIRS)
    if not is_nonsense or settings.vinli_auth_url == settings.vinli_platform_url:
        return False
    other = PlatformClient(installation.transport, settings.vinli_auth_url, concurrency=1)
    page, error = _attempt(
        partial(other.devices_page, installation.app_auth, 0, 1, deadline=budget.share(CALL_SECONDS))
    )
    return page is not None or isinstance(error, (Unauthorized, Forbidden))


def _ask(installation: Installation, request: FlowRequest, budget: Budget) -> Answered:
    """Send an authorization request, and once more with PKCE switched if it is refused. Nothing is followed."""

    def ask(has_pkce: bool) -> tuple[PreflightResult | None, ProviderError | None]:
        url = authorization_url(
            installation.settings.vinli_auth_url,
            client_id=request.client_id,
            redirect_uri=request.redirect_uri,
            response_type=request.response_type,
            has_pkce=has_pkce,
        )
        return _attempt(partial(preflight, installation.transport, url, deadline=budget.share(CALL_SECONDS)))

    result, error = ask(request.has_pkce)
    if result is None or result.accepts_request or request.response_type != "code":
        return Answered(result, error)
    return Answered(result, error, ask(not request.has_pkce)[0])


def _list_clients(
    installation: Installation, budget: Budget
) -> tuple[Registrations | None, ProviderError | None, ClockReading | None]:
    """Return the clients or the error, and the time at Vinli. A second call reads the time if the first gave none."""
    auth, platform = installation.settings.vinli_auth_url, installation.settings.vinli_platform_url
    directory = ClientDirectory(installation.transport, auth, installation.clock)
    found, error = _attempt(
        partial(directory.registered, installation.app_auth, deadline=budget.share(CALL_SECONDS))
    )
    if found is not None and found.reading.date is not None:
        return found, error, found.reading
    origins = dict.fromkeys((auth, platform))
    reading = read_clock(
        installation.transport, origins, installation.clock, deadline=budget.share(CLOCK_SECONDS)
    )
    return found, error, reading or (found.reading if found else None)


class _Prober:
    """Tests the secrets of clients, within `seconds` each."""

    def __init__(self, installation: Installation, recent: RecentProbes | None, seconds: float) -> None:
        self._installation = installation
        self._recent = recent
        self._seconds = seconds

    def is_exchanged(self, found: Probe, client_id: str, client_secret: str, redirect_uri: str) -> bool:
        """Tell if a pair that is not accepted is accepted with id and secret exchanged."""
        if found.status not in {CredentialStatus.REFUSED, CredentialStatus.DOUBTFUL} or ":" in client_secret:
            return False
        return self.probe(client_secret, client_id, redirect_uri).status is CredentialStatus.GOOD

    def probe(self, client_id: str, client_secret: str, redirect_uri: str) -> Probe:
        """Return whether the token endpoint accepts a pair."""
        origin = self._installation.settings.vinli_auth_url
        auth = AuthClient(self._installation.transport, origin, client_id, client_secret)
        ask = partial(probe_client, auth, redirect_uri, deadline=self._seconds)
        return ask() if self._recent is None else self._recent.probe(client_id, client_secret, ask)


def _attempt(call: Callable[[], T]) -> tuple[T | None, ProviderError | None]:
    try:
        return call(), None
    except ProviderError as error:
        return None, error


def _store_error(installation: Installation) -> StoreError | None:
    try:
        checkup.round_trip(installation.store)
    except StoreError as error:
        return error
    return None
