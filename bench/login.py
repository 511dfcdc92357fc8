"""Measure the sign-in by the authorization-code flow against the same flow from Authlib's documentation."""

from __future__ import annotations

import http.client
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from time import perf_counter

import requests

from bench.certificates import Certificates, make_certificates
from bench.figures import Series
from bench.observer import Observer, Upstream
from bench.recipe import RecipeProcess
from bench.report import Row, compared, counted
from tests.support.app_process import AppProcess, free_port
from tests.support.sandbox_process import Person, SandboxProcess

LOGINS = 40
WARM_UP = 4
BROWSERS = 8
ROUNDS = 5
DRIVERS = 16
FIRST_DRIVER = 3  # the sandbox names those of --drivers driver3@example.com and so on
AT_MOST_OF_RECIPE = 0.5
UPSTREAM_REQUESTS = 2

Logins = tuple[tuple[float, Upstream], ...]


@dataclass(frozen=True)
class Stage:
    """An application for browsers, and its own sandbox with TLS."""

    app: AppProcess
    sandbox: SandboxProcess
    observer: Observer
    authority: str

    def log_in(self, number: int) -> tuple[float, Upstream]:
        """Sign a driver in with a new browser; return the callback's seconds and the upstream calls."""
        self.observer.start()
        with requests.Session() as browser:
            seconds = self.seconds_of_callback(browser, driver(number))
        return seconds, self.observer.stop()

    def seconds_of_callback(self, browser: requests.Session, email: str) -> float:
        """Go from /connect to the response of the callback; return the seconds of the callback."""
        browser.verify = self.authority
        person = Person(self.sandbox, email, browser)
        start = browser.get(f"{self.app.origin}/connect", allow_redirects=False, timeout=10)
        callback = person.authorize(start.headers["Location"])
        return self._timed(browser, callback)

    def _timed(self, browser: requests.Session, callback: str) -> float:
        """Open the callback. The measured time contains as little of the benchmark's own work as possible."""
        request = browser.prepare_request(requests.Request("GET", callback))
        connection = http.client.HTTPConnection("127.0.0.1", self.app.port, timeout=10)
        connection.connect()
        started = perf_counter()
        connection.request("GET", request.path_url, headers={"Cookie": request.headers["Cookie"]})
        answer = connection.getresponse()
        answer.read()
        seconds = perf_counter() - started
        connection.close()
        if answer.status != 302:
            raise RuntimeError(f"the callback was answered {answer.status}")
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, cookie in SimpleCookie(line).items():
                browser.cookies.set(name, cookie.value)
        return seconds

    def email_shown_after(self, number: int) -> str | None:
        """Sign a driver in and return the e-mail address in the garage; None unless it names exactly one driver."""
        with requests.Session() as browser:
            self.seconds_of_callback(browser, driver(number))
            garage = browser.get(f"{self.app.origin}/garage", timeout=10).text
        named = [email for email in map(driver, range(DRIVERS)) if email in garage]
        return named[0] if len(named) == 1 else None


def measure() -> list[Row]:
    """Measure with the roots that a production server trusts; then, for comparison, with this run's authority only."""
    with tempfile.TemporaryDirectory(prefix="vinli-connect-bench-") as directory:
        certificates = make_certificates(Path(directory))
        with _stages(certificates, certificates.with_public_roots) as (ours, recipe):
            counts, callback = _turns(ours, recipe)
            rows = [*counts, compared("callback", *callback, at_most=AT_MOST_OF_RECIPE), *_at_once(ours)]
        with _stages(certificates, certificates.authority) as (ours, recipe):
            _, callback = _turns(ours, recipe)
            return [*rows, compared("callback, trusting a single authority", *callback)]


def driver(number: int) -> str:
    """Return the e-mail address of one of the sandbox's drivers."""
    return f"driver{FIRST_DRIVER + number % DRIVERS}@example.com"


@contextmanager
def _stages(certificates: Certificates, trusted: Path) -> Iterator[tuple[Stage, Stage]]:
    with (
        _stage(AppProcess, certificates, trusted) as ours,
        _stage(RecipeProcess, certificates, trusted) as recipe,
    ):
        yield ours, recipe


@contextmanager
def _stage(kind: type[AppProcess], certificates: Certificates, trusted: Path) -> Iterator[Stage]:
    port, authority = free_port(), str(certificates.authority)
    redirect_uri = f"http://127.0.0.1:{port}/connect/callback"
    tls = ["--tls-cert", certificates.certificate, "--tls-key", certificates.key]
    with ExitStack() as stack:
        sandbox = stack.enter_context(
            SandboxProcess("--quiet", "--drivers", DRIVERS, "--redirect-uri", redirect_uri, *tls)
        )
        trust = {"CA_BUNDLE": str(trusted), "REQUESTS_CA_BUNDLE": str(trusted)}
        app = stack.enter_context(kind(sandbox.credentials, port=port, **trust))
        observer = Observer(sandbox.origin, authority)
        stack.callback(observer.close)
        yield Stage(app, sandbox, observer, authority)


def _turns(ours: Stage, recipe: Stage) -> tuple[list[Row], tuple[Series, Series]]:
    """Sign in here and at the recipe in turns; return the counted rows, and the callbacks' seconds."""
    rounds = [(ours.log_in(number), recipe.log_in(number)) for number in range(WARM_UP + LOGINS)]
    mine, theirs = zip(*rounds[WARM_UP:], strict=True)
    callbacks = [Series(tuple(seconds for seconds, _ in logins)) for logins in (mine, theirs)]
    return [
        _counts("upstream requests per login", mine, theirs, "requests", UPSTREAM_REQUESTS),
        _counts("new upstream connections per login, once warm", mine, theirs, "connections", 0),
    ], (callbacks[0], callbacks[1])


def _counts(what: str, ours: Logins, recipe: Logins, field: str, target: int) -> Row:
    counts, counts_of_recipe = (
        [getattr(upstream, field) for _, upstream in logins] for logins in (ours, recipe)
    )
    return counted(
        what, _range(counts), _range(counts_of_recipe), str(target), is_met=set(counts) == {target}
    )


def _at_once(stage: Stage) -> list[Row]:
    """Sign in with several browsers at the same time, each as another driver."""
    with ThreadPoolExecutor(BROWSERS) as browsers:
        numbers = range(ROUNDS * BROWSERS)
        shown = list(browsers.map(stage.email_shown_after, numbers))
    own = sum(email == driver(number) for number, email in zip(numbers, shown, strict=True))
    return [
        counted(
            f"logins of {BROWSERS} browsers at once that end as their own driver",
            own,
            len(shown),
            "all",
            is_met=own == len(shown),
        )
    ]


def _range(counts: list[int]) -> str:
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"
