"""Partner APIs for the console and the command line: their configuration, their roles, and single calls."""

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
    """One role at a partner: how its requests are authenticated, and where the token comes from.

    `source` is None if the role needs no token. `shell_headers` are the authentication headers for a shell command,
    with `$VARIABLES` in place of all secrets.
    """

    name: str
    about: str
    auth: AuthBase = field(repr=False)
    source: TokenSource | None = field(repr=False)
    shell_headers: Mapping[str, str]


@dataclass(frozen=True)
class Example:
    """A documented call, or a similar one. `body` is JSON text; `note` is a hint for the reader."""

    title: str
    method: str
    path: str
    body: str | None = None
    role: str = ""
    note: str = ""


@dataclass(frozen=True)
class Partner:
    """A partner API. `origin` may have a path; `missing` are the required variables that are not set."""

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
        """Send one request in a role (None: the first one). `path` is below the partner's origin and may have a query.

        A body is sent as JSON unless `headers` name another Content-Type. Raises KeyError for an unknown role,
        ValueError for a path that leaves the origin, and the ProviderErrors of the transport, including NoToken.
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
    """Raise ValueError for a path that could leave the partner's origin and base path."""
    if not path.startswith("/") or path.startswith("//") or any(c <= " " or c == "\\" for c in path):
        raise ValueError("a path begins with one slash and holds no blanks")
    if {".", ".."} & set(unquote(path.partition("?")[0]).split("/")):
        raise ValueError("a path holds no dot segments")


def shown_body(answer: Response, limit: int = 4000) -> str:
    """Return a response's body for display, cut at `limit` characters.

    JSON is indented, other text is unchanged. If the body is not text, the result is a note with its size.
    """
    try:
        text = answer.body.decode()
    except UnicodeDecodeError:
        return f"({len(answer.body):,} bytes that are not text)"
    try:
        value: Any = answer.json()
    except ProviderError:
        return text[:limit]
    return json.dumps(value, indent=2, ensure_ascii=False)[:limit]
