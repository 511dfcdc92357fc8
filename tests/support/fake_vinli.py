"""An upstream that behaves correctly unless a test changes it. It is for behaviour that the sandbox does not have."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from tests.support.servers import Received, Server, http, json_reply

TOKEN = "/oauth/token"
USER = "/api/v1/users/_current"
DEVICES = "/api/v1/devices"
AUTHORIZE = "/oauth/authorization/new"
SIGN_IN_PAGE = b"<!doctype html><title>Sign in</title><form><input type=password name=password></form>"
ACCESS_TOKEN = "an-access-token-of-the-fake-upstream"
DEVICE_ID = "7f0e8d1c-0000-4000-8000-00000000000"


class FakeVinli:
    """Answer like Vinli by default. ``answers[path]`` replaces the responses on a path by bytes or a function."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.email = "driver@example.com"
        self._server = Server(self._respond)
        self.origin = self._server.origin

    def received(self, path: str | None = None) -> list[Received]:
        """Return the requests so far, all or those on a path."""
        return [request for request in self._server.received if path in (None, request.path)]

    def close(self) -> None:
        self._server.close()

    def _respond(self, request: Received) -> bytes | Callable[..., Any]:
        answer = self.answers.get(request.path)
        if answer is None:
            return self.good_answer(request)
        return answer(request) if callable(answer) and not isinstance(answer, Hang) else answer

    def good_answer(self, request: Received) -> bytes:
        if request.path == AUTHORIZE:
            return http(200, SIGN_IN_PAGE, content_type="text/html")
        if request.path == TOKEN:
            return json_reply({"access_token": ACCESS_TOKEN, "token_type": "bearer"})
        if request.path == USER:
            return json_reply(
                {"user": {"id": "1", "email": self.email, "firstName": "Ada", "lastName": None}}
            )
        if request.path == DEVICES:
            return device_page([device(1), device(2)])
        if request.path.endswith("/vehicles/_latest"):
            return json_reply({"vehicle": None})
        if request.path.startswith(DEVICES + "/"):
            return json_reply({"device": device(1)})
        return http(404)


class Hang:
    """A response that is not sent before ``release`` is called."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.waiting = threading.Semaphore(0)

    def release(self) -> None:
        self.released.set()

    def __call__(self, _socket: Any) -> bool:
        self.waiting.release()
        self.released.wait(timeout=60)
        return False


def device(number: int, **fields: Any) -> dict[str, Any]:
    about = {"id": f"{DEVICE_ID}{number}", "name": f"Device {number}", "chipId": f"CHIP{number}"}
    return about | {"createdAt": "2026-01-02T03:04:05.000Z", **fields}


def device_page(
    devices: list[dict[str, Any]], *, total: int | None = None, offset: int = 0, limit: int = 24
) -> bytes:
    pagination = {"total": len(devices) if total is None else total, "limit": limit, "offset": offset}
    return json_reply({"devices": devices, "meta": {"pagination": pagination}})


def fleet(total: int, most: int = 1000) -> Callable[[Received], bytes]:
    """Return a function that answers the list of ``total`` devices, with at most ``most`` devices a page."""

    def answer(request: Received) -> bytes:
        offset, limit = (int(request.query.get(name, 0)) for name in ("offset", "limit"))
        limit = min(limit, most)
        numbers = range(offset, min(offset + limit, total))
        devices = [device(0, id=f"7f0e8d1c-0000-4000-8000-{n:012d}", name=f"Device {n}") for n in numbers]
        return device_page(devices, total=total, offset=offset, limit=limit)

    return answer
