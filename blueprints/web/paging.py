"""Numbered pages of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

MAX_PAGE = 1_000_000


def page_number() -> int:
    """Return the requested ``page``, counted from 1; 1 if it is not a number."""
    text = request.args.get("page", "")
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_PAGE))
    return min(max(int(text), 1), MAX_PAGE) if is_number else 1


@dataclass(frozen=True)
class NumberedPage:
    """One page of a list and its position; ``first`` and ``last`` count items from 1."""

    items: Sequence[Any]
    number: int
    size: int
    total: int
    url_of: Callable[[int], str]

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        return min((self.number - 1) * self.size + 1, self.total)

    @property
    def last(self) -> int:
        return min(self.number * self.size, self.total)

    @property
    def prev_url(self) -> str | None:
        return self.url_of(min(self.number - 1, self.pages)) if self.number > 1 else None

    @property
    def next_url(self) -> str | None:
        return self.url_of(self.number + 1) if self.number < self.pages else None
