"""What was called, and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from providers.errors import InvalidResponse
from providers.http import strict_json

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """What is called, for errors and logs; `url` is without query."""

    provider: str
    method: str
    url: str

    def fields(self) -> dict[str, Any]:
        return {"provider": self.provider, "method": self.method, "url": self.url}


@dataclass(frozen=True, slots=True)
class Response:
    """A 2xx answer, read whole. `elapsed` is in seconds; `body` is decompressed."""

    call: Call
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    elapsed: float

    def json(self) -> Any:
        """Return the body as a JSON value. Raises InvalidResponse when it does not say it is JSON, or is not."""
        self._check_type()
        try:
            return strict_json.loads(self.body)
        except strict_json.BadJson as error:
            raise self.invalid(f"the answer is no proper JSON: {error}") from error

    def decoded(self, decoder: msgspec.json.Decoder[T]) -> T:
        """Return the body as `decoder` reads it, which is meant for long lists: quick, and not as strict as `json`.

        Keys that come twice and deep nesting pass where they are not declared. Raises InvalidResponse when
        it does not say it is JSON, or is not what is declared.
        """
        self._check_type()
        try:
            self.body.decode()  # what is not declared would pass in any encoding
            return decoder.decode(self.body)
        except msgspec.ValidationError as error:
            raise self.invalid(f"the answer is not what it should be: {error}") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            # Neither text nor cause is kept: they may quote the answer.
            raise self.invalid(f"the answer is no proper JSON: {type(error).__name__}") from None

    def _check_type(self) -> None:
        if not strict_json.is_json_type(self.headers.get("Content-Type")):
            raise self.invalid("the answer does not say it is JSON")

    def invalid(self, reason: str) -> InvalidResponse:
        """Return the error that says what is wrong with this answer."""
        return InvalidResponse(reason, status=self.status, **self.call.fields())
