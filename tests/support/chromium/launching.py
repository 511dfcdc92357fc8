"""Debian's Chromium under Playwright, and a watch that records what pages do in it.

Its headless shell has the same engine without the browser's own windows: a new cookie jar there costs a fifth of the
CPU time. Without it the whole browser serves. The back/forward cache is in the whole browser alone.
"""

from __future__ import annotations

import shutil
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Playwright, Request, Response

EXECUTABLE = shutil.which("chromium") or shutil.which("chromium-browser")
SHELL = shutil.which("chromium-headless-shell")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    # In addition to the watch below, no host name resolves at all.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SELF_CONTAINED = frozenset({"about", "blob", "data"})
PARTS_OF_A_PAGE = frozenset({"stylesheet", "script", "image", "font", "manifest"})
TIMEOUT_MS = 20_000

REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`Content-Security-Policy: ${event.effectiveDirective} blocked ${event.blockedURI}`);
});
"""


def launch(playwright: Playwright, *, keeps_pages: bool = False) -> Browser:
    """Start Chromium. ``keeps_pages`` turns on the back/forward cache, which Playwright turns off."""
    return playwright.chromium.launch(
        executable_path=EXECUTABLE if keeps_pages else SHELL or EXECUTABLE,
        args=[*ARGUMENTS],
        ignore_default_args=["--disable-back-forward-cache"] if keeps_pages else None,
    )


class Watch:
    """Record what our pages must not do: errors, warnings, policy violations, requests that leave this machine.

    ``console`` has every message as text. ``allow(text)`` says that messages with this text are expected.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.console: list[str] = []
        self.requests: list[Request] = []
        self._found: list[str] = []
        self._allowed: list[str] = []
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._note_message)
        context.on("weberror", lambda error: self._found.append(f"uncaught: {error.error}"))
        context.on("request", self._note_request)
        context.on("response", self._note_response)

    def allow(self, text: str) -> None:
        self._allowed.append(text)

    @property
    def problems(self) -> list[str]:
        return [text for text in self._found if not any(part in text for part in self._allowed)]

    def _note_message(self, message: ConsoleMessage) -> None:
        self.console.append(message.text)
        # Chromium also logs this for pages with an error status. _note_response reports failed parts of a page.
        is_status = message.text.startswith("Failed to load resource: the server responded")
        if message.type in {"error", "warning"} and not is_status:
            self._found.append(f"console {message.type} at {message.location['url']}: {message.text}")

    def _note_request(self, request: Request) -> None:
        self.requests.append(request)
        parts = urlsplit(request.url)
        if parts.scheme not in SELF_CONTAINED and parts.hostname not in LOOPBACK:
            self._found.append(f"left this machine: {request.url}")

    def _note_response(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type in PARTS_OF_A_PAGE:
            self._found.append(f"{response.status} for {response.url}")


def open_context(browser: Browser, **options: object) -> tuple[BrowserContext, Watch]:
    """Return a new browser context (an empty cookie jar) and its watch. ``options`` are Playwright's for contexts."""
    context = browser.new_context(**{"viewport": DESKTOP, "locale": "en-US", **options})  # type: ignore[arg-type]
    context.set_default_timeout(TIMEOUT_MS)
    return context, Watch(context)
