"""Vinli's behavioral service: report cards (docs behavioral-services/report-card-service)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from requests.auth import AuthBase

from providers.http.transport import Transport
from providers.vinli.service import Service, item, item_or_none
from providers.vinli.time_lists import DEFAULT_LIMIT, MAX_LIMIT, to_ms
from providers.vinli.values import Fields, Subject, moment_of

PROVIDER = "vinli behavioral"
GRADES = ("A", "B", "C", "D", "F", "I")


@dataclass(frozen=True, slots=True)
class ReportCard:
    """The grade of a trip: A to D and F, or I for one that is incomplete."""

    id: str
    grade: str | None
    trip_id: str | None
    device_id: str | None
    vehicle_id: str | None


@dataclass(frozen=True, slots=True)
class CardPage:
    """A page of report cards, the newest trip first. `remaining` counts the older ones of the window.

    A card has no time of its own. `older_ms` is where the next page ends, in Unix milliseconds; None on the last one.
    `skipped` counts the records that could not be read.
    """

    items: list[ReportCard]
    remaining: int
    older_ms: int | None
    skipped: int


@dataclass(frozen=True, slots=True)
class OverallGrade:
    """The grades of a window together. `counts` has the number of trips of each grade."""

    grade: str | None
    trips: int | None
    counts: Mapping[str, int] = field(default_factory=dict)


class BehavioralClient(Service):
    """The behavioral service."""

    def __init__(self, transport: Transport, origin: str) -> None:
        super().__init__(PROVIDER, transport, origin)

    def of_trip(self, auth: AuthBase, trip_id: str, *, deadline: float | None = None) -> ReportCard | None:
        """Return the report card of a trip; None if it has none. Raises NotFound, and the other ProviderErrors."""
        path = f"/trips/{self.path_id(trip_id)}/report_cards/_current"
        return item_or_none(self.get(auth, path, deadline), "reportCard", _card)

    def report_card(self, auth: AuthBase, card_id: str, *, deadline: float | None = None) -> ReportCard:
        """Return one report card. Raises NotFound, and the other ProviderErrors."""
        return item(self.get(auth, f"/report_cards/{self.path_id(card_id)}", deadline), "reportCard", _card)

    def report_cards(
        self,
        auth: AuthBase,
        subject: Subject,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[CardPage]:
        """Yield the report cards of a window in pages of 100, the newest trip first. Raises the ProviderErrors.

        The pages are read one after the other, because a card does not say when its trip was.
        """
        last = None if until is None else to_ms(until)
        while True:
            page = self._page(auth, subject, since, last, MAX_LIMIT, None)
            yield page
            if page.older_ms is None:
                return
            last = page.older_ms

    def report_cards_page(
        self,
        auth: AuthBase,
        subject: Subject,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        deadline: float | None = None,
    ) -> CardPage:
        """Return the newest report cards of a window. Raises NotFound, and the other ProviderErrors."""
        last = None if until is None else to_ms(until)
        return self._page(auth, subject, since, last, limit, deadline)

    def _page(
        self,
        auth: AuthBase,
        subject: Subject,
        since: datetime | None,
        last_ms: int | None,
        limit: int,
        deadline: float | None,
    ) -> CardPage:
        params: dict[str, str | int] = {"limit": limit}
        if since is not None:
            params["since"] = to_ms(since)
        if last_ms is not None:
            params["until"] = last_ms
        path = f"/{subject.kind}/{self.path_id(subject.id)}/report_cards"
        answer = self.get(auth, path, deadline, params, is_page=True)
        try:
            body = Fields(answer.lenient_json())
        except ValueError as error:
            raise answer.invalid(str(error)) from error
        records = body.value.get("reportCards")
        if not isinstance(records, list):
            raise answer.invalid("the answer holds no list of reportCards")
        pagination = body.inner("meta").inner("pagination")
        found, skipped = [], 0
        for record in records:
            try:
                found.append(_card(record))
            except ValueError:
                skipped += 1
        link = pagination.inner("links").text("prior", 2000)
        older = None if link is None else _until_of(link)
        # Only a link that leads further back, from a page with records, is followed. So no answer keeps a reader for
        # ever, and none ends a list before its end.
        is_step = older is not None and bool(records) and (last_ms is None or older < last_ms)
        if link is not None and not is_step:
            raise answer.invalid("the link to the page before does not lead back")
        return CardPage(found, max(0, pagination.whole("remaining") or 0), older, skipped)

    def overall(
        self,
        auth: AuthBase,
        device_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        deadline: float | None = None,
    ) -> OverallGrade:
        """Return the grades of a device in a window. Raises the ProviderErrors."""
        params: dict[str, str | int] = {}
        if since is not None:
            params["since"] = to_ms(since)
        if until is not None:
            params["until"] = to_ms(until)
        path = f"/devices/{self.path_id(device_id)}/report_cards/overall"
        answer = self.get(auth, path, deadline, params)
        body = answer.lenient_json()
        try:
            fields = Fields(body)
        except ValueError as error:
            raise answer.invalid(str(error)) from error
        counts = fields.inner("gradeCount")
        return OverallGrade(
            fields.inner("reportCard").text("overallGrade"),
            fields.whole("tripSampleSize"),
            {grade: count for grade in GRADES if (count := counts.whole(grade)) is not None},
        )


def _until_of(link: str) -> int | None:
    """Return where the window of a link ends; None if it does not say."""
    try:
        given = parse_qs(urlsplit(link).query).get("until", [""])[0]
        return to_ms(moment_of(given))
    except ValueError:
        return None


def _card(value: Any) -> ReportCard:
    fields = Fields(value)
    return ReportCard(
        fields.needed(fields.text("id"), "id"),
        fields.text("grade"),
        fields.text("tripId"),
        fields.text("deviceId"),
        fields.text("vehicleId"),
    )
