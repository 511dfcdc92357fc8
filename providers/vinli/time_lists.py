"""Lists that Vinli pages by time (docs general/pagination): one page, or all entries of a window.

One odd record does not hide a list: it is left out and counted. Times are given as aware datetimes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from types import GenericAlias
from typing import Any, TypeVar

import msgspec
from requests.auth import AuthBase

from providers.errors import InvalidResponse
from providers.http.response import Response
from providers.http.transport import Transport
from providers.paging.time_parts import TimeListing, TimePage
from providers.vinli.service import Service
from providers.vinli.values import moment_of

T = TypeVar("T")
Entries = Callable[[dict[str, Any]], Any]
# The largest page that Vinli's own clients ask for.
MAX_LIMIT = 100
_ANY: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
DEFAULT_LIMIT = 20


class _Pagination(msgspec.Struct):
    remaining: int
    limit: int
    until: Any = None
    since: Any = None


class _Meta(msgspec.Struct):
    pagination: _Pagination


Whole = msgspec.json.Decoder[Any]


def to_ms(moment: datetime) -> int:
    """Return an instant as Unix milliseconds; what is finer is rounded up, so that a window holds it."""
    return math.ceil(moment.timestamp() * 1000 - 1e-6)


class TimeLists(Service):
    """The base of clients for services with such lists. `concurrency` is the number of requests for one listing."""

    def __init__(self, provider: str, transport: Transport, origin: str, concurrency: int) -> None:
        super().__init__(provider, transport, origin)
        self.concurrency = concurrency

    def page_by_time(
        self,
        auth: AuthBase,
        path: str,
        key: str,
        read: Callable[[Any], T],
        time_of: Callable[[T], datetime],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        params: dict[str, str | int] | None = None,
        deadline: float | None = None,
        entries: Entries | None = None,
        whole: Whole | None = None,
    ) -> TimePage[T]:
        """Return the newest entries after `since` and up to `until`. Raises the ProviderErrors."""
        since_ms = 0 if since is None else to_ms(since)
        until_ms = None if until is None else to_ms(until)
        return self._page(
            auth, path, key, read, time_of, since_ms, until_ms, limit, params or {}, deadline, entries, whole
        )

    def all_by_time(
        self,
        auth: AuthBase,
        path: str,
        key: str,
        read: Callable[[Any], T],
        time_of: Callable[[T], datetime],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        params: dict[str, str | int] | None = None,
        entries: Entries | None = None,
        whole: Whole | None = None,
    ) -> TimeListing[T]:
        """Return all entries after `since` and up to `until` (default: now), newest first, read in parts side by side.

        The first page is fetched now. Raises the ProviderErrors, also while the listing is read.
        """
        more = params or {}
        last_ms = to_ms(datetime.now(UTC) if until is None else until)

        def fetch(since_ms: int, until_ms: int, limit: int) -> TimePage[T]:
            return self._page(
                auth, path, key, read, time_of, since_ms, until_ms, limit, more, None, entries, whole
            )

        def oldest() -> int | None:
            asked = {**more, "sortDir": "asc"}
            page = self._page(
                auth, path, key, read, time_of, since_ms, last_ms, 1, asked, None, entries, whole
            )
            return page.last_ms

        since_ms = 0 if since is None else to_ms(since)
        return TimeListing(
            fetch,
            lambda one: getattr(one, "id", None) or one,
            lambda one: to_ms(time_of(one)),
            since_ms=since_ms,
            until_ms=last_ms,
            limit=MAX_LIMIT,
            concurrency=self.concurrency,
            oldest=oldest,
        )

    def _page(
        self,
        auth: AuthBase,
        path: str,
        key: str,
        read: Callable[[Any], T],
        time_of: Callable[[T], datetime],
        since_ms: int,
        until_ms: int | None,
        limit: int,
        params: dict[str, str | int],
        deadline: float | None,
        entries: Entries | None,
        whole: Whole | None,
    ) -> TimePage[T]:
        asked: dict[str, str | int] = {"limit": limit}
        if since_ms > 0:
            asked["since"] = since_ms
        if until_ms is not None:
            asked["until"] = until_ms
        answer = self.get(auth, path, deadline, asked | params, is_page=True)
        skipped = 0
        page = _whole_page(answer, whole)
        if page is not None:
            items, numbers = page.items, page.meta.pagination
        else:
            body = _body(answer)
            numbers, items = _pagination(answer, body), []
            for record in _records(answer, body, key, entries):
                try:
                    items.append(read(record))
                except ValueError:
                    skipped += 1
        items.sort(key=time_of, reverse=True)
        last = to_ms(time_of(items[-1])) if items else None
        until = until_ms if until_ms is not None else _instant_ms(numbers.until)
        return TimePage(
            items, max(0, numbers.remaining), since_ms, until, numbers.limit or limit, skipped, last
        )


def page_decoder(key: str, kind: type[msgspec.Struct]) -> Whole:
    """Return a decoder for pages of structs under a key. A page that is not wholly as documented is read one by one."""
    items: Any = GenericAlias(list, (kind,))  # list[kind], which a type checker does not accept
    page: Any = msgspec.defstruct("TimePage", [("items", items), ("meta", _Meta)], rename={"items": key})
    return msgspec.json.Decoder(page)


def _whole_page(answer: Response, whole: Whole | None) -> Any:
    try:
        return None if whole is None else answer.decoded(whole)
    except InvalidResponse:
        return None


def _body(answer: Response) -> Any:
    """Return the JSON of a page: read fast, and leniently only if that fails."""
    try:
        return answer.decoded(_ANY)
    except InvalidResponse:
        return answer.lenient_json()


def _records(answer: Response, body: Any, key: str, entries: Entries | None) -> list[Any]:
    try:
        found = entries(body) if entries else body[key]
    except (KeyError, TypeError, AttributeError):
        found = None
    if not isinstance(found, list):
        raise answer.invalid(f"the answer holds no list of {key}")
    return found


def _pagination(answer: Response, body: Any) -> _Pagination:
    """Return the numbers of a page. Some pages say `remainingCount` or `total`; older ones nothing."""
    try:
        given = body["meta"]["pagination"]
        given = {"remaining": given.get("remainingCount", 0), "limit": MAX_LIMIT} | given
        return msgspec.convert(given, _Pagination)
    except (KeyError, TypeError, AttributeError, msgspec.ValidationError) as error:
        raise answer.invalid("the answer has no pagination that can be read") from error


def _instant_ms(value: Any) -> int:
    try:
        return to_ms(moment_of(value))
    except ValueError:
        return to_ms(datetime.now(UTC))
