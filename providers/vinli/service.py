"""The common parts of all Vinli services: the calls, and the envelopes of their JSON.

A response has one root key. Lists have the pagination as a second key (docs general/pagination).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import GenericAlias
from typing import Any, Generic, TypeVar

import msgspec
from requests.auth import AuthBase

from providers.errors import InvalidResponse, NotFound
from providers.http.response import Response
from providers.http.transport import Transport
from providers.paging.pages import Page
from providers.records import readable_fields
from providers.vinli.values import Value, is_uuid

T = TypeVar("T")
V = TypeVar("V", bound=Value)


class Service:
    """The base of a service's client. Credentials are passed per call.

    `provider` is named in errors and logs. A `deadline` is in seconds from now, for all requests of a method. If it is
    None, the transport's deadline holds.
    """

    def __init__(self, provider: str, transport: Transport, origin: str) -> None:
        self.provider = provider
        self.transport = transport
        self._base = f"{transport.allow(origin)}/api/v1"

    def get(
        self,
        auth: AuthBase,
        path: str,
        deadline: float | None = None,
        params: dict[str, str | int] | None = None,
        *,
        is_guess: bool = False,
        is_page: bool = False,
    ) -> Response:
        """Get a path below /api/v1. Raises the ProviderErrors."""
        return self.transport.request(
            self.provider,
            "GET",
            self._base + path,
            auth=auth,
            params=params,
            deadline=deadline,
            is_guess=is_guess,
            is_page=is_page,
        )

    def post(
        self, auth: AuthBase, path: str, body: dict[str, Any], deadline: float | None = None
    ) -> Response:
        """Post a JSON object to a path below /api/v1. Raises the ProviderErrors. It is sent once."""
        return self._send("POST", auth, path, body, deadline)

    def put(self, auth: AuthBase, path: str, body: dict[str, Any], deadline: float | None = None) -> Response:
        """Put a JSON object to a path below /api/v1. Raises the ProviderErrors."""
        return self._send("PUT", auth, path, body, deadline)

    def _send(
        self, method: str, auth: AuthBase, path: str, body: dict[str, Any], deadline: float | None
    ) -> Response:
        return self.transport.request(
            self.provider,
            method,
            self._base + path,
            auth=auth,
            headers={"Content-Type": "application/json"},
            content=msgspec.json.encode(body),
            deadline=deadline,
        )

    def remove(self, auth: AuthBase, path: str, deadline: float | None = None) -> None:
        """Delete what is at a path below /api/v1. Raises the ProviderErrors."""
        self.transport.request(self.provider, "DELETE", self._base + path, auth=auth, deadline=deadline)

    def path_id(self, value: str) -> str:
        """Return an id for use in a path. Raises NotFound if it is not a UUID; no request is sent."""
        if not is_uuid(value):
            raise NotFound("not a UUID", provider=self.provider, method="GET")
        return value.lower()


def item(answer: Response, key: str, parse: Callable[[Any], T], *, keys_once: bool = False) -> T:
    """Return the value under the root key, e.g. of {"device": {...}}. Raises InvalidResponse.

    Characters that cannot be read are replaced, because one must not hide the whole value. `keys_once` refuses
    duplicate keys.
    """
    return _parsed(answer, parse, _root(answer, key, keys_once=keys_once))


def readable(value: Any, read: Callable[[Any], T]) -> list[T]:
    """Return the records of a list that can be read. Raises ValueError if there is no list."""
    if not isinstance(value, list):
        raise ValueError("a list is missing")
    found = []
    for one in value:
        with suppress(ValueError):
            found.append(read(one))
    return found


def item_or_none(answer: Response, key: str, parse: Callable[[Any], T]) -> T | None:
    """Return the value under the root key, None for null. Raises InvalidResponse, also if the key is missing."""
    value = _root(answer, key)
    return None if value is None else _parsed(answer, parse, value)


class _Pagination(msgspec.Struct):
    total: int
    limit: int
    offset: int


class _Meta(msgspec.Struct):
    pagination: _Pagination


class PageReader(Generic[V]):
    """Read pages of an offset list: entries of one kind under one key, and the key `meta`.

    A page is read at once. Only if that fails, it is read entry by entry, and `odd(value, position)` makes an entry of
    each that cannot be read, so that one odd record does not hide the list. Links are ignored, because offsets are
    computed.
    """

    def __init__(self, key: str, entry: type[V], odd: Callable[[Any, int], V]) -> None:
        items: Any = GenericAlias(list, (entry,))  # list[entry], which a type checker does not accept
        page: Any = msgspec.defstruct("Page", [("items", items), ("meta", _Meta)], rename={"items": key})
        self._decoder = msgspec.json.Decoder(page)
        self._key = key
        self._entry = entry
        self._odd = odd

    def read(self, answer: Response) -> Page[V]:
        """Return the page of a response. Raises InvalidResponse."""
        try:
            page = answer.decoded(self._decoder)
        except InvalidResponse:
            return self._read_leniently(answer)
        return _page(page.items, page.meta)

    def _read_leniently(self, answer: Response) -> Page[V]:
        body = answer.lenient_json()
        try:
            meta = msgspec.convert(body.get("meta"), _Meta) if isinstance(body, dict) else None
        except msgspec.ValidationError as error:
            raise answer.invalid(f"the answer is not what it should be: {error}") from None
        if meta is None or not isinstance(body.get(self._key), list):
            raise answer.invalid(f"the answer holds no list of {self._key}")
        offset = meta.pagination.offset
        entries = [self._read_entry(value, offset + index) for index, value in enumerate(body[self._key])]
        return _page(entries, meta)

    def _read_entry(self, value: Any, position: int) -> V:
        if isinstance(value, dict) and not readable_fields(self._entry, value)[1]:
            with suppress(msgspec.ValidationError):
                return msgspec.convert(value, self._entry)
        return self._odd(value, position)


def _page(items: list[T], meta: _Meta) -> Page[T]:
    numbers = meta.pagination
    return Page(items, total=numbers.total, offset=numbers.offset, limit=numbers.limit)


def _root(answer: Response, key: str, *, keys_once: bool = False) -> Any:
    body = answer.lenient_json(keys_once=keys_once)
    if not isinstance(body, dict) or key not in body:
        raise answer.invalid(f"the answer holds no {key}")
    return body[key]


def _parsed(answer: Response, parse: Callable[[Any], T], value: Any) -> T:
    try:
        return parse(value)
    except ValueError as error:
        raise answer.invalid(f"{type(error).__name__}: {error}") from error
