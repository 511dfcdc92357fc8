"""An upstream whose access tokens end, and whose refresh tokens are good for one use (RFC 9700, section 4.14.2)."""

from __future__ import annotations

import threading
from typing import Any

from tests.support.fake_vinli import DEVICES, TOKEN, FakeVinli, device, device_page
from tests.support.servers import Received, http, json_reply

Reply = Any


class RotatingVinli(FakeVinli):
    """Issue tokens with a number: ``access-1``, ``refresh-1``, and so on.

    ``lifetime`` is the `expires_in` of each response. Only the access tokens in ``valid`` are accepted. If
    ``refresh_answer`` is set, it answers refreshes in place of the rotation. A refresh is held back until
    ``may_refresh`` is set.
    """

    def __init__(self, lifetime: object = 3600) -> None:
        super().__init__()
        self.lifetime = lifetime
        self.rotates = True
        self.valid: set[str] = set()
        self.refresh_tokens: set[str] = set()
        self.refresh_answer: Reply = None
        self.may_refresh = threading.Event()
        self.may_refresh.set()
        self._issued = 0
        self._lock = threading.Lock()

    def refreshes(self) -> list[str]:
        """Return the refresh tokens that were sent so far."""
        forms = [request.form for request in self.received(TOKEN)]
        return [form["refresh_token"] for form in forms if form["grant_type"] == "refresh_token"]

    def expire(self) -> None:
        """Refuse all access tokens that were issued so far."""
        self.valid.clear()

    def issue(self) -> dict[str, Any]:
        with self._lock:
            self._issued += 1
            number = self._issued
        self.valid.add(f"access-{number}")
        body = {"access_token": f"access-{number}", "token_type": "bearer", "expires_in": self.lifetime}
        if self.rotates or number == 1:
            body["refresh_token"] = f"refresh-{number}"
            self.refresh_tokens.add(f"refresh-{number}")
        return body

    def good_answer(self, request: Received) -> bytes:
        if request.path == TOKEN:
            return self._token_answer(request.form)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.valid:
            return json_reply({"statusCode": 401, "error": "Unauthorized"}, 401)
        if request.path == DEVICES:
            return device_page([device(1)])
        return super().good_answer(request)

    def _token_answer(self, form: dict[str, str]) -> Reply:
        if form["grant_type"] != "refresh_token":
            return json_reply(self.issue())
        self.may_refresh.wait(20)
        if self.refresh_answer is not None:
            return self.refresh_answer(self) if callable(self.refresh_answer) else self.refresh_answer
        with self._lock:
            is_known = form["refresh_token"] in self.refresh_tokens
            if self.rotates:
                self.refresh_tokens.discard(form["refresh_token"])
        return json_reply(self.issue()) if is_known else json_reply({"error": "invalid_grant"}, 400)


def rotate_and_lose(vinli: RotatingVinli) -> Reply:
    """Rotate the refresh token and close the connection after the first bytes of the response."""
    vinli.issue()
    vinli.refresh_tokens.clear()
    head = http(200, b"{}")[:40]

    def cut(sock: Any) -> bool:
        sock.sendall(head)
        return False

    return cut
