"""Contents of answers that other people's servers send, drawn at random. Each driver's answers stay their own."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from typing import Any

from tests.support.fake_vinli import DEVICES, TOKEN, USER, device, device_page
from tests.support.servers import Received, http, json_reply

Answer = Callable[[dict[str, Any]], bytes]

RETRY_AFTER = (
    *("0", "1", "-1", "1.5", "nan", "1e400", "soon", "", "9" * 400),
    *("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", "\xff"),
)
INVALID_TOKEN = 'Basic realm="x, y", Bearer realm="z", error="invalid_token"'
# What a token endpoint answers instead of a token's usual fields.
TOKENS: dict[str, Answer] = {
    "an empty lifetime": lambda token: json_reply(token | {"expires_in": ""}),
    "a lifetime of nothing": lambda token: json_reply(token | {"expires_in": 0}),
    "a lifetime with a fraction": lambda token: json_reply(token | {"expires_in": 3600.0}),
    "a short life": lambda token: json_reply(token | {"expires_in": 1}),
    "a list of scopes": lambda token: json_reply(token | {"scope": ["a", "b"]}),
    "an empty refresh token": lambda token: json_reply(token | {"refresh_token": ""}),
    "an empty type": lambda token: json_reply(token | {"token_type": ""}),
    "created": lambda token: json_reply(token, 201),
    "a byte order mark": lambda token: http(200, b"\xef\xbb\xbf" + json.dumps(token).encode()),
    "plain text": lambda token: http(200, json.dumps(token).encode(), content_type="text/plain"),
    "another type": lambda token: json_reply(token | {"token_type": "mac"}),
    "no token": lambda token: json_reply(token | {"access_token": ""}),
    "a refusal with status 200": lambda _: json_reply({"error": "invalid_client"}),
    "a refusal in text": lambda _: http(400, b"invalid_grant", content_type="text/plain"),
    "an empty refusal": lambda _: http(401, content_type=None),
    "an error inside": lambda _: http(500),
    "a page": lambda _: http(200, b"<h1>Sign in</h1>", content_type="text/html"),
}


class Misbehaviour:
    """Answers for RudeVinli, by a seed. Three of four are the usual ones, so that drivers get on."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def choose(self, options: Any) -> Any:
        with self._lock:
            return self._random.choice(list(options))

    def is_rude(self) -> bool:
        with self._lock:
            return self._random.random() < 0.25

    def token_answer(self, name: str, number: int) -> bytes:
        token = {
            "access_token": f"{name}-{number}",
            "token_type": "Bearer",
            "refresh_token": f"{name}-refresh-{number}",
        }
        if not self.is_rude():
            return json_reply(token | {"expires_in": self.choose((1, 3600))})
        return TOKENS[self.choose(TOKENS)](token)

    def answer(self, name: str, request: Received, usual: bytes) -> bytes:
        """Return the answer to a call with a driver's token."""
        if request.path == TOKEN or not self.is_rude():
            return usual
        if request.path == USER:
            odd = json_reply(
                {"user": {"id": name, "email": None, "firstName": f"{name} \ud83d", "lastName": 5}}
            )
        elif request.path == DEVICES:
            odd = self._odd_list(name, request)
        else:
            odd = json_reply({"vehicle": {"id": 5, "year": 2015, "make": f"built for {name}"}})
        return self.choose((odd, odd, *self._refusals()))

    def _odd_list(self, name: str, request: Received) -> bytes:
        records = [
            device(1, name=f"the car of {name} \ud83d"),
            device(2, name=f"the car of {name}") | {"createdAt": None, "chipId": 5},
            {"id": None, "name": f"the car of {name}\0"},
        ]
        return device_page(records, limit=int(request.query.get("limit", 100)))

    def _refusals(self) -> tuple[bytes, ...]:
        return (
            http(429, Retry_After=self.choose(RETRY_AFTER)),
            http(503, Retry_After=self.choose(RETRY_AFTER)),
            http(403, WWW_Authenticate=INVALID_TOKEN),
            http(401),
            http(403),
            http(500),
        )
