"""The envelopes of Vinli's JSON: one root key, and for lists the pagination beside it (docs general/pagination)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from providers.answers import Answer
from providers.paging import Page

T = TypeVar("T")


def item(answer: Answer, key: str, parse: Callable[[Any], T]) -> T:
    """Return what stands under the root key, e.g. {"device": {...}}. Raises Nonsense."""
    return _parsed(answer, parse, _root(answer, key))


def item_or_none(answer: Answer, key: str, parse: Callable[[Any], T]) -> T | None:
    """Return what stands under the root key, None for null. Raises Nonsense, also when the key is missing."""
    value = _root(answer, key)
    return None if value is None else _parsed(answer, parse, value)


def page(answer: Answer, key: str, parse: Callable[[Any], T]) -> Page[T]:
    """Return one page of an offset list. Links are not looked at: offsets are computed. Raises Nonsense."""
    body = answer.json()
    try:
        values = body[key]
        numbers = body["meta"]["pagination"]
        total, limit, offset = (_whole(numbers[name]) for name in ("total", "limit", "offset"))
        if not isinstance(values, list):
            raise ValueError(f"{key} is not a list")
        return Page([parse(value) for value in values], total=total, offset=offset, limit=limit)
    except (KeyError, TypeError, ValueError) as error:
        raise answer.nonsense(f"the page of {key} is malformed") from error


def _root(answer: Answer, key: str) -> Any:
    body = answer.json()
    if not isinstance(body, dict) or key not in body:
        raise answer.nonsense(f"the answer holds no {key}")
    return body[key]


def _parsed(answer: Answer, parse: Callable[[Any], T], value: Any) -> T:
    try:
        return parse(value)
    except ValueError as error:
        raise answer.nonsense(f"{type(error).__name__}: {error}") from error


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError("not a whole number")
    return value
