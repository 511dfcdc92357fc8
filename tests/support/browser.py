"""A browser without JavaScript: one cookie jar over ``requests``, with methods for a person's actions.

It checks every response of the application: the security headers, and for pages a title, unique ids, nothing inline.
Several threads may send requests at once, like tabs.
"""

from __future__ import annotations

import threading
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from requests.cookies import extract_cookies_to_jar

from tests.support.app_process import OPERATOR_PASSWORD
from tests.support.pages import Page, assert_is_sound
from tests.support.sandbox_process import Person, SandboxProcess

TIMEOUT = 30
OWED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OWED_DIRECTIVES = (
    "default-src 'none'",
    "script-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
)


def assert_pays_its_dues(response: requests.Response) -> None:
    """Check the headers of the application's response, and the markup if it is a page."""
    for name, value in OWED_HEADERS.items():
        assert response.headers.get(name) == value, f"{name} of {response.url}"
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert set(OWED_DIRECTIVES) <= set(policy), policy
    assert not [directive for directive in policy if "unsafe" in directive or "*" in directive], policy
    assert response.headers["Referrer-Policy"] in {"same-origin", "no-referrer"}
    assert response.headers["Permissions-Policy"]
    assert not [name for name in response.headers if name.lower().startswith("access-control-")]
    content_type = response.headers.get("Content-Type", "")
    if content_type.startswith("text/"):
        assert "charset=utf-8" in content_type.lower(), content_type
    is_bodiless = response.is_redirect or response.request.method in {"HEAD", "OPTIONS"}
    if content_type.startswith("text/html") and not is_bodiless:
        assert_is_sound(response.text)


class Browser:
    """A person with one browser. ``email`` is the account at the sandbox, by default its seeded driver."""

    def __init__(
        self,
        origin: str,
        sandbox: SandboxProcess | None = None,
        *,
        email: str | None = None,
        adapter: requests.adapters.BaseAdapter | None = None,
    ) -> None:
        self.origin = origin
        self.session = requests.Session()
        self.session.trust_env = False
        if adapter:
            self.session.mount(origin, adapter)
        self.sandbox = sandbox
        self.email = email
        self.headers: dict[str, str] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.session.close()

    # --- requests

    def request(
        self, method: str, target: str, *, stream: bool = False, **options: object
    ) -> requests.Response:
        """Send one request to a path (or a whole URL), follow no redirect, keep cookies."""
        url = target if "://" in target.partition("?")[0] else self.origin + target
        headers = {**self.headers, **options.pop("headers", {})}
        with self._lock:
            prepared = self.session.prepare_request(requests.Request(method, url, headers=headers, **options))
        adapter = self.session.get_adapter(url)
        response = adapter.send(prepared, timeout=TIMEOUT, stream=stream, proxies={})
        with self._lock:
            extract_cookies_to_jar(self.session.cookies, prepared, response.raw)
        if not stream:
            _ = response.content  # reads the whole body, so that the connection goes back to the pool
            assert_pays_its_dues(response)
        return response

    def get(self, target: str, **options: object) -> requests.Response:
        return self.request("GET", target, **options)

    def post(self, target: str, **fields: str) -> requests.Response:
        return self.request("POST", target, data=fields)

    def open(self, target: str, **options: object) -> requests.Response:
        """Get a page, following redirects that stay on this site."""
        response = self.get(target, **options)
        while response.is_redirect:
            target = urljoin(response.url, response.headers["Location"])
            assert target.startswith(self.origin + "/"), f"led away to {target}"
            response = self.get(target, **options)
        return response

    def submit(self, page: requests.Response, action: str, **fields: str) -> requests.Response:
        """Send a form of a page, with its hidden fields unchanged."""
        form = Page(page.text).form(action)
        assert form["method"] == "post"
        return self.post(action, **{**form["fields"], **fields})

    # --- a person's actions

    def start(self, next_path: str | None = None) -> str:
        """Press Connect; return the authorization URL of the redirect."""
        response = self.request("GET", "/connect", params={"next": next_path} if next_path else {})
        assert response.status_code == 302, response.text
        return response.headers["Location"]

    def authorize(self, authorization_url: str, decision: str = "approve") -> str:
        """Sign in and decide at the sandbox; return the callback URL with the response in its query."""
        person = Person(self.sandbox, self.email, session=self.session)
        return person.authorize(authorization_url, decision)

    def connect(self, next_path: str | None = None) -> requests.Response:
        """Go through the whole flow; return the last page."""
        return self.open(self.authorize(self.start(next_path)))

    def attempt(self) -> tuple[str, str]:
        """Start an attempt without authorizing it; return its state and the callback's path with that state."""
        state = query_of(self.start())["state"]
        return state, f"/connect/callback?state={state}"

    def come_back(self, **query: str) -> requests.Response:
        """Start an attempt and open the callback with its state and this query, without visiting the upstream."""
        _, callback = self.attempt()
        return self.get("&".join([callback, *(f"{name}={value}" for name, value in query.items())]))

    def connect_at_once(self) -> requests.Response:
        """Connect with an upstream that accepts any code; return the callback's response."""
        response = self.come_back(code="good")
        assert response.status_code == 302, response.text
        return response

    def disconnect(self) -> requests.Response:
        return self.submit(self.get("/garage"), "/disconnect")

    def sign_in_as_operator(self, password: str = OPERATOR_PASSWORD) -> requests.Response:
        return self.submit(self.get("/operator"), "/operator", password=password)

    def compose(self, **fields: str) -> requests.Response:
        """Make an authorization request in the workbench, with its own client unless ``fields`` name another."""
        chosen = {"response_type": "code", "pkce": "on", **fields}
        return self.submit(self.get("/workbench/compose"), "/workbench/compose", **chosen)

    def composed_url(self, **fields: str) -> str:
        """Return the authorization URL of a request that the workbench made."""
        links = Page(self.compose(**fields).text).links
        return next(link for link in links if "/oauth/authorization/new" in link)

    def is_connected(self) -> bool:
        """Say whether the driver is connected, by the text of the landing page."""
        return "Open my garage" in self.get("/").text

    def cookie(self, name: str) -> str | None:
        """Return the value of one of the application's cookies, given its name without prefixes."""
        values = [c.value for c in self.session.cookies if c.name.endswith(f"vinli_connect_{name}")]
        return values[0] if values else None


def query_of(url: str) -> dict[str, str]:
    """Return the query of a URL. Fails if a parameter occurs twice."""
    values = parse_qs(urlsplit(url).query, keep_blank_values=True, strict_parsing=True)
    assert all(len(found) == 1 for found in values.values()), values
    return {name: found[0] for name, found in values.items()}


def heading(response: requests.Response) -> str:
    """Return the first heading of a page."""
    return Page(response.text).heading


def problem_code(response: requests.Response) -> str:
    """Return the code of the problem that a page tells about; fail where the page tells about none."""
    code = Page(response.text).problem
    assert code, f"{heading(response)!r} is no problem"
    return code


def seen(response: requests.Response) -> tuple[int, str]:
    """Return the status, and the code of the problem or the first heading of a page that tells about none."""
    page = Page(response.text)
    return response.status_code, page.problem or page.heading
