"""The application with its sandbox: as separate processes, or in this process with a clock that a test sets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jinja2.bccache import Bucket, BytecodeCache

import settings
from app import create_app
from blueprints.web.services import EXTENSION
from providers.http.transport import Transport
from providers.vinli.oauth.auth import AuthClient
from providers.vinli.platform import PlatformClient
from tests.support.app_process import AppProcess, app_variables, free_port
from tests.support.browser import Browser
from tests.support.sandbox_process import SandboxProcess
from tests.support.wsgi import WsgiAdapter
from wiring.services import Services

# For tests that use the fixture ``local``.
on_both_stores = pytest.mark.parametrize("store", ["sqlite", "redis"], indirect=True)

TOKEN_REQUEST = ("POST", "/oauth/token")


class Site:
    """The application under gunicorn and its sandbox, each in a separate process."""

    def __init__(self, app: AppProcess, sandbox: SandboxProcess) -> None:
        self.app = app
        self.sandbox = sandbox
        self.origin = app.origin

    def browser(self, driver: int = 0) -> Browser:
        """Return a new browser of one of the sandbox's drivers, counted from 0."""
        return Browser(self.origin, self.sandbox, email=self.sandbox.credentials["drivers"][driver])

    def calls(self, method: str, path: str) -> int:
        """Return how often the sandbox got this call since the test began."""
        found = self.sandbox.control("GET", "/requests")["requests"]
        return sum((call["method"], call["path"]) == (method, path) for call in found)

    def token_requests(self) -> int:
        return self.calls(*TOKEN_REQUEST)

    def fault(self, path: str, **fault: Any) -> None:
        """Add a fault to the sandbox's next responses on a path (``sandbox.control.faults.Fault``)."""
        self.sandbox.control("POST", "/faults", {"path": path, **fault})

    def forget(self) -> None:
        """Clear the sandbox's faults and its log of requests, so that all tests start with the same state."""
        self.sandbox.control("DELETE", "/faults")
        self.sandbox.control("DELETE", "/requests")


@contextmanager
def running_site(*sandbox_arguments: str, **variables: str) -> Iterator[Site]:
    """Start a sandbox that knows the application's redirect URIs, and the application; end both."""
    port = free_port()
    with (
        sandbox_for(f"http://127.0.0.1:{port}", *sandbox_arguments) as sandbox,
        AppProcess(sandbox.credentials, port=port, **variables) as app,
    ):
        yield Site(app, sandbox)


def sandbox_for(public_url: str, *arguments: str) -> SandboxProcess:
    """Return a sandbox, not yet started, in which an application at ``public_url`` is registered."""
    return SandboxProcess(
        "--redirect-uri",
        f"{public_url}/connect/callback",
        "--implicit-redirect-uri",
        f"{public_url}/implicit/callback",
        "--workbench-redirect-uri",
        f"{public_url}/workbench/catch",
        *arguments,
    )


class CompiledTemplates(BytecodeCache):
    """A cache of compiled templates. Each test makes an application, and compiling takes longer than most tests."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


COMPILED = CompiledTemplates()


class Clock:
    """Unix seconds that change only if a test changes them."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class LocalSite:
    """The application in this process, called through WSGI, with its own clock.

    ``upstream`` is the sandbox's credentials, or the origin of another server.
    """

    def __init__(self, directory: Path, upstream: dict | str, **variables: str) -> None:
        about = {"origin": upstream} if isinstance(upstream, str) else upstream
        public_url = variables.pop("PUBLIC_URL", None) or about.get(
            "redirect_uri", "http://127.0.0.1:8000"
        ).removesuffix("/connect/callback")
        self.origin = public_url
        self.clock = Clock()
        self.store_path = directory / "store.sqlite3"
        self.settings = settings.from_environ(
            app_variables(public_url, about) | {"STORE_URL": f"sqlite:///{self.store_path}"} | variables
        )
        self.app = create_app(self.settings, clock=self.clock)
        self.app.jinja_env.bytecode_cache = COMPILED

    @property
    def services(self) -> Services:
        return self.app.extensions[EXTENSION]

    def browser(
        self, sandbox: SandboxProcess | None = None, address: str = "127.0.0.1", **options: Any
    ) -> Browser:
        """Return a new browser with this network address."""
        return Browser(self.origin, sandbox, adapter=WsgiAdapter(self.app, address), **options)

    def shorten_timeouts(self, read: float = 0.5, deadline: float = 0.8) -> None:
        """Set shorter timeouts for the upstream than in production, in seconds."""
        old = self.services
        about = self.settings
        transport = Transport(32, (1.0, read), deadline, ca_bundle=about.ca_bundle)
        self.app.extensions[EXTENSION] = replace(
            old,
            transport=transport,
            auth=AuthClient(
                transport, about.vinli_auth_url, about.vinli_client_id, about.vinli_client_secret
            ),
            platform=PlatformClient(transport, about.vinli_platform_url, about.vinli_concurrency),
        )
        old.transport.close()

    def close(self) -> None:
        self.services.transport.close()
        self.services.store.close()
