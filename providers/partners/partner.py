"""Partner APIs as the console and the command line see them: what is configured, who calls, and one call at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from requests.auth import AuthBase

from providers.errors import ProviderError
from providers.http.response import Response
from providers.http.transport import Transport
from providers.tokens.engine import TokenSource


@dataclass(frozen=True)
class Role:
    """One way of being somebody at a partner: how requests are authenticated, and where the token comes from.

    `source` is None where no token is involved. `shell_headers` are the authentication headers as a shell would
    write them, with `$VARIABLES` for everything secret.
    """

    name: str
    about: str
    auth: AuthBase = field(repr=False)
    source: TokenSource | None = field(repr=False)
    shell_headers: Mapping[str, str]


@dataclass(frozen=True)
class Example:
    """A documented call, or one like it. `body` is JSON text; `note` says what to mind."""

    title: str
    method: str
    path: str
    body: str | None = None
    role: str = ""
    note: str = ""


@dataclass(frozen=True)
class Partner:
    """A partner API. `origin` may have a path; `missing` are the variables that are not set and have to be."""

    name: str
    title: str
    about: str
    document: str
    origin: str
    missing: tuple[str, ...]
    roles: Mapping[str, Role]
    examples: tuple[Example, ...]
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_configured(self) -> bool:
        return not self.missing

    @property
    def default_role(self) -> Role:
        return next(iter(self.roles.values()))

    def call(
        self,
        transport: Transport,
        method: str,
        path: str,
        *,
        role: str | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        deadline: float | None = None,
    ) -> Response:
        """Send one request as a role (the first when None); `path` is below the partner's origin, with any query.

        A body is sent as JSON unless `headers` name another Content-Type. Raises KeyError for an unknown role,
        ValueError for a path that leaves the origin, and the ProviderErrors of the transport, NoToken among them.
        """
        speaker = self.roles[role] if role else self.default_role
        _check_path(path)
        kind = {"Content-Type": "application/json"} if body is not None else {}
        return transport.request(
            self.name,
            method,
            self.origin + path,
            auth=speaker.auth,
            headers={**kind, **self.headers, **(headers or {})},
            content=body,
            deadline=deadline,
        )


def _check_path(path: str) -> None:
    """Raise ValueError for a path that could lead elsewhere than below the partner's origin and base path."""
    if not path.startswith("/") or path.startswith("//") or any(c <= " " or c == "\\" for c in path):
        raise ValueError("a path begins with one slash and holds no blanks")
    if {".", ".."} & set(unquote(path.partition("?")[0]).split("/")):
        raise ValueError("a path holds no dot segments")


def shown_body(answer: Response, limit: int = 4000) -> str:
    """Return an answer's body for a person: JSON laid out, other text as it is, what is neither by its size."""
    try:
        text = answer.body.decode()
    except UnicodeDecodeError:
        return f"({len(answer.body):,} bytes that are no text)"
    try:
        value: Any = answer.json()
    except ProviderError:
        return text[:limit]
    return json.dumps(value, indent=2, ensure_ascii=False)[:limit]
