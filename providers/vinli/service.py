"""What all of Vinli's services share: how they are called, and the envelopes of their JSON.

An answer has one root key, and for lists the pagination beside it (docs general/pagination).
"""

from __future__ import annotations

from collections.abc import Callable
from types import GenericAlias
from typing import Any, Generic, TypeVar

import msgspec
from requests.auth import AuthBase

from providers.errors import NotFound
from providers.http.response import Response
from providers.http.transport import Transport
from providers.paging.pages import Page
from providers.vinli.values import is_uuid

T = TypeVar("T")


class Service:
    """The base of a service's client. Credentials are passed per call.

    `provider` is named in errors and logs. A `deadline` is in seconds from now, for all that a method asks; without
    one, the transport's holds.
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
    ) -> Response:
        """Ask for a path below /api/v1. Raises the ProviderErrors."""
        return self.transport.request(
            self.provider,
            "GET",
            self._base + path,
            auth=auth,
            params=params,
            deadline=deadline,
            is_guess=is_guess,
        )

    def path_id(self, value: str) -> str:
        """Return an id as it may stand in a path. Raises NotFound for what is not a UUID, without asking."""
        if not is_uuid(value):
            raise NotFound("not a UUID", provider=self.provider, method="GET")
        return value.lower()


def item(answer: Response, key: str, parse: Callable[[Any], T]) -> T:
    """Return what stands under the root key, e.g. {"device": {...}}. Raises InvalidResponse."""
    return _parsed(answer, parse, _root(answer, key))


def item_or_none(answer: Response, key: str, parse: Callable[[Any], T]) -> T | None:
    """Return what stands under the root key, None for null. Raises InvalidResponse, also when the key is missing."""
    value = _root(answer, key)
    return None if value is None else _parsed(answer, parse, value)


class _Pagination(msgspec.Struct):
    total: int
    limit: int
    offset: int


class _Meta(msgspec.Struct):
    pagination: _Pagination


class PageReader(Generic[T]):
    """Reads pages of an offset list: entries of one kind under one key, and `meta` beside them.

    Links are not looked at: offsets are computed.
    """

    def __init__(self, key: str, entry: type[T]) -> None:
        items: Any = GenericAlias(list, (entry,))  # list[entry], which a checker cannot read
        page: Any = msgspec.defstruct("Page", [("items", items), ("meta", _Meta)], rename={"items": key})
        self._decoder = msgspec.json.Decoder(page)

    def read(self, answer: Response) -> Page[T]:
        """Return one page as it came. Raises InvalidResponse."""
        page = answer.decoded(self._decoder)
        numbers: _Pagination = page.meta.pagination
        return Page(page.items, total=numbers.total, offset=numbers.offset, limit=numbers.limit)


def _root(answer: Response, key: str) -> Any:
    body = answer.json()
    if not isinstance(body, dict) or key not in body:
        raise answer.invalid(f"the answer holds no {key}")
    return body[key]


def _parsed(answer: Response, parse: Callable[[Any], T], value: Any) -> T:
    try:
        return parse(value)
    except ValueError as error:
        raise answer.invalid(f"{type(error).__name__}: {error}") from error
