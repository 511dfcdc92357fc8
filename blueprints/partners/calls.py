"""One call from the console: its form, and its result as the page shows it. Neither holds a secret."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from blueprints.web.services import services
from domain.partners.secrets import secrets_of
from domain.problems import Problem
from domain.text.curl import curl_line
from domain.text.hiding import hide
from providers.errors import ProviderError
from providers.http.response import Response
from providers.partners.partner import Example, Partner, Role, shown_body

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Only these response headers are shown, because others may hold anything.
SHOWN_HEADERS = ("Content-Type", "Content-Length", "Date", "Retry-After", "ETag", "Location", "X-Request-Id")
MAX_SHOWN = 20_000


@dataclass(frozen=True)
class CallForm:
    """A call to send; `error` says which part of it is invalid."""

    role: str
    method: str
    path: str
    body: str
    note: str = ""
    error: str | None = None

    @classmethod
    def of_example(cls, partner: Partner, number: int) -> CallForm:
        """Return a documented example; the first one if the number does not exist."""
        examples = partner.examples or (Example("", "GET", "/"),)
        example = examples[number] if 0 <= number < len(examples) else examples[0]
        role = example.role or _default_role(partner)
        return cls(role, example.method, example.path, example.body or "", example.note)

    @classmethod
    def of_fields(cls, partner: Partner, values: Mapping[str, str]) -> CallForm:
        """Return the call in a form's fields, with defaults in place of an unknown role or method."""
        role, method = values.get("role", ""), values.get("method", "").upper()
        return cls(
            role if role in partner.roles else _default_role(partner),
            method if method in METHODS else "GET",
            values.get("path", "").strip(),
            # Browsers send line ends as CR LF (WHATWG HTML, form submission).
            values.get("body", "").replace("\r\n", "\n"),
        )

    @property
    def content(self) -> bytes | None:
        return self.body.encode() if self.body.strip() else None


@dataclass(frozen=True)
class CallResult:
    """A request that was made, and its result: a response or a problem."""

    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: str | None
    curl: str
    milliseconds: int
    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    problem: Problem | None = None

    @property
    def request_text(self) -> str:
        """Return the request as HTTP text, with ``$VARIABLES`` in place of secrets."""
        parts = urlsplit(self.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"{self.method} {target} HTTP/1.1", f"Host: {parts.netloc}"]
        lines += [f"{name}: {value}" for name, value in self.request_headers.items()]
        return "\n".join([*lines, "", self.request_body] if self.request_body else lines)

    @property
    def answer_text(self) -> str:
        lines = [f"{name}: {value}" for name, value in self.headers.items()]
        return "\n".join([*lines, "", self.body] if lines else [self.body])


def make_call(
    partner: Partner, form: CallForm, *, deadline: float, clock: Callable[[], float] = time.perf_counter
) -> CallResult:
    """Send the call in a form and return the result. Raises ValueError if the path leads to another server."""
    role = partner.roles[form.role]
    secrets = secrets_of(services().settings, partner)
    url = partner.origin + form.path
    headers = shown_headers(partner, role, has_body=form.content is not None)
    body = form.body if form.content is not None else None
    request = (form.method, hide(url, secrets), headers, hide(body, secrets) if body is not None else None)
    started = clock()
    answer: Response | None = None
    problem = status = None
    try:
        answer = partner.call(
            services().transport,
            form.method,
            form.path,
            role=form.role,
            body=form.content,
            deadline=deadline,
        )
    except ProviderError as error:
        problem, status = services().partner_problems.logged(partner, error), error.status
    elapsed = round((clock() - started) * 1000)
    line = curl_line(request[0], request[1], headers, request[3])
    if answer is None:
        return CallResult(*request, line, elapsed, status, problem=problem)
    # The call may have fetched a new token, which has to be hidden too.
    secrets = secrets_of(services().settings, partner)
    return CallResult(
        *request,
        line,
        elapsed,
        answer.status,
        {name: hide(answer.headers[name], secrets) for name in SHOWN_HEADERS if answer.headers.get(name)},
        # Hide secrets before cutting the text, because a secret that is cut in two would not be found.
        hide(shown_body(answer, 4 * MAX_SHOWN), secrets)[:MAX_SHOWN],
    )


def shown_headers(partner: Partner, role: Role, *, has_body: bool) -> dict[str, str]:
    """Return a request's headers with shell variables in place of secrets."""
    kind = {"Content-Type": "application/json"} if has_body else {}
    return {"Accept": "application/json", **kind, **partner.headers, **role.shell_headers}


def _default_role(partner: Partner) -> str:
    return next(iter(partner.roles), "")
