"""Start a sandbox as a separate process, and use its pages like a person without JavaScript.

For contract and browser tests, and for benchmarks. The process gets a free port. It ends with the block, even if the
block fails. ``log()`` returns its log, which is printed if the block fails.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode, urljoin

import requests

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30
STOP_SECONDS = 5
TIMEOUT = 10
MOST_STEPS = 10


class SandboxProcess:
    """``python -m sandbox`` with a free port and the given arguments, as a context manager.

    ``origin`` is its address, ``credentials`` the output of ``--json``. A ``--port`` in the arguments has priority.
    """

    def __init__(self, *args: object) -> None:
        self.args = [str(arg) for arg in args]
        self.origin = ""
        self.credentials: dict = {}
        self.closing = ExitStack()

    def __enter__(self) -> SandboxProcess:
        with ExitStack() as starting:
            self._log = starting.enter_context(tempfile.TemporaryFile())
            command = [sys.executable, "-m", "sandbox", "--port", "0", *self.args, "--json"]
            self.process = starting.enter_context(
                subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._log)
            )
            starting.callback(self._stop)
            self.credentials = json.loads(self._first_line())
            self.origin = self.credentials["origin"]
            self.closing = starting.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            print(f"--- log of the sandbox at {self.origin} ---\n{self.log()}", file=sys.stderr)
        self.closing.close()

    @property
    def app(self) -> tuple[str, str]:
        """The App ID and the App Secret, for HTTP Basic at the resource services."""
        return self.credentials["app_id"], self.credentials["app_secret"]

    @property
    def client(self) -> tuple[str, str]:
        """The server client's id and secret, for HTTP Basic at the token endpoint."""
        return self.credentials["client_id"], self.credentials["client_secret"]

    def authorization_url(self, flow: str = "code", **parameters: str | None) -> str:
        """Return the URL that starts a flow. ``flow`` is ``code`` or ``token``; a parameter of None is left out."""
        client, uri = {
            "code": ("client_id", "redirect_uri"),
            "token": ("web_client_id", "implicit_redirect_uri"),
        }[flow]
        usual = {
            "client_id": self.credentials[client],
            "redirect_uri": self.credentials[uri],
            "response_type": flow,
        }
        query = {name: value for name, value in (usual | parameters).items() if value is not None}
        return f"{self.origin}/oauth/authorization/new?{urlencode(query)}"

    def log(self) -> str:
        """Return what the sandbox has written to stderr so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def control(self, method: str, path: str, json: object = None) -> dict:
        """Call the control interface at a path such as ``/faults``; return its JSON, {} if there is none."""
        response = requests.request(method, f"{self.origin}/_sandbox{path}", json=json, timeout=TIMEOUT)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else {}

    def _first_line(self) -> bytes:
        assert self.process.stdout
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline() if ready else b""
        if not line:
            raise AssertionError(f"the sandbox did not start:\n{self.log()}")
        return line

    def _stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Page(HTMLParser):
    """The forms of a page, each with its action and the initial values of its fields."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[dict] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({"action": found.get("action", ""), "fields": {}})
        elif tag == "input" and self.forms and found.get("name"):
            self.forms[-1]["fields"][found["name"]] = found.get("value", "")

    def form(self, field: str) -> dict:
        """Return the form with a field of this name."""
        return next(form for form in self.forms if field in form["fields"])


class Person:
    """A person whose browser runs no scripts: one cookie jar with ``requests``."""

    def __init__(
        self, sandbox: SandboxProcess, email: str | None = None, session: requests.Session | None = None
    ) -> None:
        self.sandbox = sandbox
        self.email = email or sandbox.credentials["driver_email"]
        self.session = session or sandbox.closing.enter_context(requests.Session())
        self.session.trust_env = False

    def get(self, target: str, **options: object) -> requests.Response:
        """Open a page of the sandbox, or any URL, and keep it as the current page."""
        url = urljoin(self.sandbox.origin, target)
        return self.session.get(url, allow_redirects=False, timeout=TIMEOUT, **options)

    def post(self, target: str, fields: dict, **options: object) -> requests.Response:
        """Send a form, and keep the result as the current page."""
        url = urljoin(self.sandbox.origin, target)
        return self.session.post(url, data=fields, allow_redirects=False, timeout=TIMEOUT, **options)

    def authorize(self, url: str, decision: str = "approve") -> str:
        """Open an authorization URL, sign in and decide; return the redirect URI with the response.

        ``decision`` is ``approve`` or ``cancel``. Fails if the sandbox shows an error instead.
        """
        response = self.get(url)
        for _ in range(MOST_STEPS):
            if response.is_redirect:
                location = response.headers["Location"]
                target = urljoin(response.url, location) if location.startswith("/") else location
                if not target.startswith(self.sandbox.origin + "/"):
                    return target
                response = self.get(target)
            else:
                assert response.status_code == 200, f"{response.status_code}: {response.text}"
                response = self._submit(response, decision)
        raise AssertionError(f"still at {response.url} after {MOST_STEPS} steps")

    def sign_in(self) -> None:
        """Sign in without deciding anything."""
        fields = {"email": self.email, "password": self.sandbox.credentials["driver_password"]}
        assert self.post("/sign-in", fields).status_code == 303

    def _submit(self, response: requests.Response, decision: str) -> requests.Response:
        page = Page(response.text)
        if any("password" in form["fields"] for form in page.forms):
            form = page.form("password")
            password = self.sandbox.credentials["driver_password"]
            form["fields"] |= {"email": self.email, "password": password}
        else:
            form = page.form("transaction_id")
            form["fields"] |= {"cancel": "1"} if decision == "cancel" else {}
        return self.post(urljoin(response.url, form["action"]), form["fields"])
