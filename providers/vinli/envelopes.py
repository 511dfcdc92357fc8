"""The envelopes of Vinli's JSON: one root key, and for lists the pagination beside it (docs general/pagination)."""

from __future__ import annotations

from collections.abc import Callable
from types import GenericAlias
from typing import Any, Generic, TypeVar

import msgspec

from providers.http.response import Response
from providers.paging.pages import Page

T = TypeVar("T")


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
