"""What an application does upstream while somebody signs in, as the sandbox saw it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import requests

PATIENCE = 2.0
LAST_CALL = "/api/v1/users/_current"


@dataclass(frozen=True)
class Upstream:
    """How many requests the application made, and how many new connections it opened."""

    requests: int
    connections: int


class Observer:
    """Counts what the application does at a sandbox; its own connection is left out there.

    A browser's connections carry pages, which the application never asks for. Whatever comes on another
    connection is the application's, and so is a new connection that carries nothing at all.
    """

    def __init__(self, origin: str, authority: str) -> None:
        self._control = f"{origin}/_sandbox"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = authority
        self._connections = 0

    def start(self) -> None:
        """Count from here."""
        self._session.delete(f"{self._control}/requests", timeout=10).raise_for_status()
        self._connections = self._opened()

    def stop(self, logins: int = 1) -> Upstream:
        """Return what the application did since `start`, in which that many logins ended.

        Every browser that connected meanwhile has to be a new one.
        """
        log = self._log(logins)
        browsers = {entry["connection"] for entry in log if not _is_call(entry)}
        calls = [entry for entry in log if entry["connection"] not in browsers]
        return Upstream(len(calls), self._opened() - self._connections - len(browsers))

    def close(self) -> None:
        self._session.close()

    def _log(self, logins: int) -> list[dict[str, Any]]:
        """Return the log once it holds the last call of each login; it is written after the answer is sent."""
        give_up_at = time.monotonic() + PATIENCE
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
