"""Starts a sandbox as a process of its own, and walks its pages as a person without JavaScript would.

For contract and browser tests, and for benchmarks. The process gets a free port and is gone when the block ends,
whatever happened in it; its log is in ``log()`` and is printed when the block fails.
"""

import json
import select
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import requests

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30
STOP_SECONDS = 5


class SandboxProcess:
    """``python -m sandbox`` with a free port and the given arguments, as a context manager.

    ``origin`` is where it listens, ``credentials`` what ``--json`` printed. A ``--port`` in the arguments wins.
    """

    def __init__(self, *args: str) -> None:
        self.args = args
        self.origin = ""
        self.credentials: dict = {}
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> "SandboxProcess":
        self._log = tempfile.TemporaryFile()
        command = [sys.executable, "-m", "sandbox", "--port", "0", *map(str, self.args), "--json"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._log)
        try:
            self.credentials = json.loads(self._first_line())
        except BaseException:
            self._stop()
            raise
        self.origin = self.credentials["origin"]
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            print(f"--- log of the sandbox at {self.origin} ---\n{self.log()}", file=sys.stderr)
        self._stop()
        self._log.close()

    def log(self) -> str:
        """Return what the sandbox has written to stderr so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def control(self, method: str, path: str, json: object = None) -> dict:
        """Call the control interface, ``path`` such as ``/faults``; return its JSON, {} for none."""
        response = requests.request(method, f"{self.origin}/_sandbox{path}", json=json, timeout=10)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else {}

    def _first_line(self) -> bytes:
        assert self.process
        assert self.process.stdout
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline() if ready else b""
        if not line:
            raise AssertionError(f"the sandbox did not start:\n{self.log()}")
        return line

    def _stop(self) -> None:
        assert self.process
        assert self.process.stdout
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Page(HTMLParser):
    """The forms and headings of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[dict] = []
        self.inputs: list[dict] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({"action": found.get("action", ""), "fields": {}})
        elif tag in ("input", "button") and self.forms:
            self.inputs.append(found)
            if tag == "input" and found.get("name"):
                self.forms[-1]["fields"][found["name"]] = found.get("value", "")

    def form(self, field: str) -> dict:
        """Return the form that has a field of this name."""
        return next(form for form in self.forms if field in form["fields"])


class Person:
    """Somebody with a browser that runs no scripts: one cookie jar, ``requests`` alone."""

    def __init__(
        self, sandbox: SandboxProcess, email: str | None = None, session: requests.Session | None = None
    ) -> None:
        self.sandbox = sandbox
        self.email = email or sandbox.credentials["driver_email"]
        self.session = session or requests.Session()
        self.session.trust_env = False

    def authorize(self, url: str, decision: str = "approve") -> str:
        """Open an authorization URL, sign in and decide; return the redirect URI that the browser is sent back to.

        ``decision`` is ``approve`` or ``cancel``. Fails when the sandbox shows an error instead.
        """
        response = self.session.get(url, allow_redirects=False, timeout=10)
        while True:
            if response.is_redirect:
                target = urljoin(response.url, response.headers["Location"])
                if not target.startswith(self.sandbox.origin + "/"):
                    return target
                response = self.session.get(target, allow_redirects=False, timeout=10)
            else:
                assert response.status_code == 200, f"{response.status_code}: {response.text}"
                response = self._submit(response, decision)

    def _submit(self, response: requests.Response, decision: str) -> requests.Response:
        page = Page(response.text)
        if any("password" in form["fields"] for form in page.forms):
            form = page.form("password")
            form["fields"] |= {"email": self.email, "password": self.sandbox.credentials["driver_password"]}
        else:
            form = page.form("transaction_id")
            form["fields"] |= {"cancel": "1"} if decision == "cancel" else {}
        target = urljoin(response.url, form["action"])
        return self.session.post(target, data=form["fields"], allow_redirects=False, timeout=10)
