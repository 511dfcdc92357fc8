"""What was called, and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from providers import json as strict_json
from providers.errors import Nonsense


@dataclass(frozen=True, slots=True)
class Call:
    """What is called, for errors and logs; `url` is without query."""

    provider: str
    method: str
    url: str

    def fields(self) -> dict[str, Any]:
        return {"provider": self.provider, "method": self.method, "url": self.url}


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer, read whole. `elapsed` is in seconds; `body` is decompressed."""

    call: Call
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    elapsed: float

    def json(self) -> Any:
        """Return the body as a JSON value. Raises Nonsense when it does not say it is JSON, or is not."""
        if not strict_json.is_json_type(self.headers.get("Content-Type")):
            raise self.nonsense("the answer does not say it is JSON")
        try:
            return strict_json.loads(self.body)
        except strict_json.BadJson as error:
            raise self.nonsense(f"the answer is no proper JSON: {error}") from error

    def nonsense(self, reason: str) -> Nonsense:
        """Return the error that says what is wrong with this answer."""
        return Nonsense(reason, status=self.status, **self.call.fields())
