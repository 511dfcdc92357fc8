"""The call that was made and the response to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from providers.errors import InvalidResponse
from providers.http import strict_json
from providers.http.page_text import title_of_page

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """The called endpoint, for errors and logs. `url` has no query."""

    provider: str
    method: str
    url: str

    def fields(self) -> dict[str, Any]:
        return {"provider": self.provider, "method": self.method, "url": self.url}


@dataclass(frozen=True, slots=True)
class Response:
    """A complete 2xx response. `elapsed` is in seconds; `body` is decompressed."""

    call: Call
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    elapsed: float

    def json(self) -> Any:
        """Return the body as a JSON value. Raises InvalidResponse if its type or its content is not JSON."""
        self._check_type()
        try:
            return strict_json.loads(self.body)
        except strict_json.BadJson as error:
            raise self.invalid(f"the answer is not valid JSON: {error}") from error

    def lenient_json(self, *, keys_once: bool = False) -> Any:
        """Return the body as a JSON value, with unreadable characters replaced. Raises InvalidResponse as `json` does.

        This is for data. Whatever decides something is read by `json`, or with `keys_once`.
        """
        self._check_type()
        try:
            return strict_json.loads_leniently(self.body, keys_once=keys_once)
        except strict_json.BadJson as error:
            raise self.invalid(f"the answer is not valid JSON: {error}") from None

    def decoded(self, decoder: msgspec.json.Decoder[T]) -> T:
        """Return the body as `decoder` reads it. For long lists: faster than `json`, and less strict.

        Duplicate keys and deep nesting are accepted in undeclared parts. Raises InvalidResponse if the content type
        is not JSON, or the body is not as declared.
        """
        self._check_type()
        try:
            self.body.decode()  # msgspec does not check the encoding of undeclared parts
            return decoder.decode(self.body.removeprefix(strict_json.BYTE_ORDER_MARK))
        except msgspec.ValidationError as error:
            raise self.invalid(f"the answer is not what it should be: {error}") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            # The error's text and cause are dropped, because they may quote the response.
            raise self.invalid(f"the answer is not valid JSON: {type(error).__name__}") from None

    def _check_type(self) -> None:
        if not strict_json.is_json_type(self.headers.get("Content-Type")):
            raise self.invalid("the answer does not say it is JSON")

    def invalid(self, reason: str) -> InvalidResponse:
        """Return an InvalidResponse about this response, with `reason`."""
        page_title = title_of_page(self.body, self.headers.get("Content-Type"))
        return InvalidResponse(reason, status=self.status, page_title=page_title, **self.call.fields())
