"""Count an application's upstream calls during a sign-in, from the sandbox's log."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import requests

TIMEOUT_SECONDS = 2.0
LAST_CALL = "/api/v1/users/_current"


@dataclass(frozen=True)
class Upstream:
    """The number of the application's requests, and of its new connections."""

    requests: int
    connections: int


class Observer:
    """Count the application's requests and connections at a sandbox. The observer's own connection is not counted.

    A browser's connections carry pages, which the application never requests. All other connections are the
    application's, including new ones that carry no request.
    """

    def __init__(self, origin: str, authority: str) -> None:
        self._control = f"{origin}/_sandbox"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = authority
        self._connections = 0

    def start(self) -> None:
        """Start counting."""
        self._session.delete(f"{self._control}/requests", timeout=10).raise_for_status()
        self._connections = self._opened()

    def stop(self, logins: int = 1) -> Upstream:
        """Return the counts since `start`, after that many logins.

        Every browser that connected since then must be a new one.
        """
        log = self._log(logins)
        browsers = {entry["connection"] for entry in log if not _is_call(entry)}
        calls = [entry for entry in log if entry["connection"] not in browsers]
        return Upstream(len(calls), self._opened() - self._connections - len(browsers))

    def close(self) -> None:
        self._session.close()

    def _log(self, logins: int) -> list[dict[str, Any]]:
        """Return the log when it holds the last call of each login. The sandbox logs a call after its response."""
        give_up_at = time.monotonic() + TIMEOUT_SECONDS
        while True:
            log: list[dict[str, Any]] = self._get("requests")["requests"]
            if [entry["path"] for entry in log].count(LAST_CALL) >= logins or time.monotonic() > give_up_at:
                return log

    def _opened(self) -> int:
        return int(self._get("stats")["connections"])

    def _get(self, what: str) -> dict[str, Any]:
        response = self._session.get(f"{self._control}/{what}", timeout=10)
        response.raise_for_status()
        value: dict[str, Any] = response.json()
        return value


def _is_call(entry: dict[str, Any]) -> bool:
    path: str = entry["path"]
    return path == "/oauth/token" or path.startswith("/api/")
