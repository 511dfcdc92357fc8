"""Independent readers of a list of devices. They use no code of the application."""

from __future__ import annotations

import http.client
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import requests

PAGE = 100


def follow_next(origin: str, app: tuple[str, str]) -> list[dict[str, Any]]:
    """Read the list as the documents show it: follow the `next` links, page by page."""
    devices: list[dict[str, Any]] = []
    with requests.Session() as session:
        session.trust_env = False
        session.auth = app
        url = f"{origin}/api/v1/devices?limit={PAGE}"
        while url:
            body = session.get(url, timeout=10).json()
            devices += body["devices"]
            url = body["meta"]["pagination"]["links"].get("next")
    return devices


@contextmanager
def added_device(origin: str, app: tuple[str, str], number: int) -> Iterator[None]:
    """Add one device to the app during a block, and remove it afterwards."""
    with requests.Session() as session:
        session.trust_env = False
        session.auth = app
        answer = session.post(
            f"{origin}/api/v1/devices", json={"device": {"caseId": f"VNL{number:03}"}}, timeout=10
        )
        answer.raise_for_status()
        try:
            yield
        finally:
            session.delete(
                f"{origin}/api/v1/devices/{answer.json()['device']['id']}", timeout=10
            ).raise_for_status()


class ByteReader:
    """Fetch pages over open connections with `concurrency` threads, and ignore their bytes.

    Connections and threads are reused between readings, so that a reading contains only requests and bytes.
    """

    def __init__(self, origin: str, app: tuple[str, str], concurrency: int) -> None:
        self._headers = {"Authorization": "Basic " + b64encode(":".join(app).encode()).decode()}
        self._connections: SimpleQueue[http.client.HTTPConnection] = SimpleQueue()
        self._executor = ThreadPoolExecutor(concurrency)
        for _ in range(concurrency):
            self._connections.put(http.client.HTTPConnection(urlsplit(origin).netloc, timeout=10))

    def seconds(self, pages: int) -> float:
        """Read the first page, then all others in parallel; return the seconds."""
        started = time.perf_counter()
        self._fetch(0)
        for _ in self._executor.map(self._fetch, range(1, pages)):
            pass
        return time.perf_counter() - started

    def close(self) -> None:
        self._executor.shutdown()
        while not self._connections.empty():
            self._connections.get().close()

    def _fetch(self, page: int) -> None:
        connection = self._connections.get()
        connection.request("GET", f"/api/v1/devices?limit={PAGE}&offset={page * PAGE}", headers=self._headers)
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"page {page} was answered {response.status}")
        self._connections.put(connection)


@contextmanager
def byte_reader(origin: str, app: tuple[str, str], concurrency: int) -> Iterator[ByteReader]:
    """Yield a reader, and close its connections at the end."""
    reader = ByteReader(origin, app, concurrency)
    try:
        yield reader
    finally:
        reader.close()
