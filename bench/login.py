"""Signing in by the authorization-code flow, against the same flow as Authlib's documentation writes it down."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import requests

from bench.certificates import Certificates, make_certificates
from bench.figures import Series
from bench.observer import Observer, Upstream
from bench.recipe import RecipeProcess
from bench.report import Row, compared, counted
from tests.app_process import AppProcess, free_port
from tests.sandbox_process import Person, SandboxProcess

LOGINS = 40
WARM_UP = 4
BROWSERS = 8
ROUNDS = 5
DRIVERS = 16
FIRST_DRIVER = 3  # the sandbox names those of --drivers driver3@example.com and so on
AT_MOST_OF_RECIPE = 0.5
UPSTREAM_REQUESTS = 2


@dataclass(frozen=True)
class Stage:
    """An application between browsers and a sandbox of its own that speaks TLS."""

    app: AppProcess
    sandbox: SandboxProcess
    observer: Observer
    authority: str

    def log_in(self, number: int) -> tuple[float, Upstream]:
        """Sign a driver in with a new browser; return the callback's seconds and what happened upstream."""
        self.observer.start()
        with requests.Session() as browser:
            seconds = self.seconds_of_callback(browser, driver(number))
        return seconds, self.observer.stop()

    def seconds_of_callback(self, browser: requests.Session, email: str) -> float:
        """Go from /connect to the answer of the callback; return the seconds that the callback took."""
        browser.verify = self.authority
        person = Person(self.sandbox, email, browser)
        start = browser.get(f"{self.app.origin}/connect", allow_redirects=False, timeout=10)
        callback = person.authorize(start.headers["Location"])
        started = perf_counter()
        answer = browser.get(callback, allow_redirects=False, timeout=10)
        seconds = perf_counter() - started
        if answer.status_code != 302:
            raise RuntimeError(f"the callback was answered {answer.status_code}")
        return seconds

    def email_shown_after(self, number: int) -> str | None:
        """Sign a driver in, and return whose garage that is: the e-mail address of the one driver it names."""
        with requests.Session() as browser:
            self.seconds_of_callback(browser, driver(number))
            garage = browser.get(f"{self.app.origin}/garage", timeout=10).text
        named = [email for email in map(driver, range(DRIVERS)) if email in garage]
        return named[0] if len(named) == 1 else None


def measure() -> list[Row]:
    """Take turns: a login here, a login at the recipe; then many at once here."""
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="vinli-connect-bench-"))
        certificates = make_certificates(Path(directory))
        ours = stack.enter_context(_stage(AppProcess, certificates))
        recipe = stack.enter_context(_stage(RecipeProcess, certificates))
        rounds = [(ours.log_in(number), recipe.log_in(number)) for number in range(WARM_UP + LOGINS)]
        rows = _compare(*zip(*rounds[WARM_UP:], strict=True))
        return [*rows, *_at_once(ours)]


def driver(number: int) -> str:
    """Return the e-mail address of one of the sandbox's drivers."""
    return f"driver{FIRST_DRIVER + number % DRIVERS}@example.com"


@contextmanager
def _stage(kind: type[AppProcess], certificates: Certificates) -> Iterator[Stage]:
    port, authority = free_port(), str(certificates.authority)
    redirect_uri = f"http://127.0.0.1:{port}/connect/callback"
    tls = ["--tls-cert", certificates.certificate, "--tls-key", certificates.key]
    with ExitStack() as stack:
        sandbox = stack.enter_context(
            SandboxProcess("--quiet", "--drivers", DRIVERS, "--redirect-uri", redirect_uri, *tls)
        )
        trust = {"CA_BUNDLE": authority, "REQUESTS_CA_BUNDLE": authority}
        app = stack.enter_context(kind(sandbox.credentials, port=port, **trust))
        observer = Observer(sandbox.origin, authority)
        stack.callback(observer.close)
        yield Stage(app, sandbox, observer, authority)


def _compare(
    ours: tuple[tuple[float, Upstream], ...], recipe: tuple[tuple[float, Upstream], ...]
) -> list[Row]:
    calls, calls_of_recipe = ([upstream.requests for _, upstream in logins] for logins in (ours, recipe))
    opened, opened_by_recipe = ([upstream.connections for _, upstream in logins] for logins in (ours, recipe))
    return [
        counted(
            "upstream requests per login",
            _range(calls),
            _range(calls_of_recipe),
            str(UPSTREAM_REQUESTS),
            is_met=set(calls) == {UPSTREAM_REQUESTS},
        ),
        counted(
            "new upstream connections per login, once warm",
            _range(opened),
            _range(opened_by_recipe),
            "0",
            is_met=set(opened) == {0},
        ),
        compared(
            "callback",
            Series(tuple(seconds for seconds, _ in ours)),
            Series(tuple(seconds for seconds, _ in recipe)),
            at_most=AT_MOST_OF_RECIPE,
        ),
    ]


def _at_once(stage: Stage) -> list[Row]:
    """Let several browsers sign in at the same time, each as another driver."""
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
