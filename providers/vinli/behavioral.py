"""Vinli's behavioral service: report cards (docs behavioral-services/report-card-service)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from requests.auth import AuthBase

from providers.http.transport import Transport
from providers.vinli.service import Service, item, item_or_none
from providers.vinli.time_lists import to_ms
from providers.vinli.values import Fields

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


def _card(value: Any) -> ReportCard:
    fields = Fields(value)
    return ReportCard(
        fields.needed(fields.text("id"), "id"),
        fields.text("grade"),
        fields.text("tripId"),
        fields.text("deviceId"),
        fields.text("vehicleId"),
    )
