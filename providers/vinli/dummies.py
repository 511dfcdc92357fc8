"""Virtual Vinli: dummies, routes and runs (docs virtual-vinli). Only the app itself may call it, with BasicAuth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from requests.auth import AuthBase

from providers.http.transport import Transport
from providers.vinli.service import Service, item, item_or_none
from providers.vinli.values import Fields, Position, position_of

PROVIDER = "vinli dummies"


@dataclass(frozen=True, slots=True)
class Dummy:
    """A virtual device. An app may have five."""

    id: str
    name: str | None
    device_id: str | None
    case_id: str | None


@dataclass(frozen=True, slots=True)
class Route:
    """A route that a dummy can run along. `distance_m` is by positions, `duration_ms` in real time."""

    id: str
    name: str | None
    description: str | None
    messages: int | None
    distance_m: float | None
    duration_ms: int | None


@dataclass(frozen=True, slots=True)
class Run:
    """A run. `state` is Vinli's word: `starting`, `pending` and `running` are known. Times are UTC."""

    route_id: str | None
    state: str | None
    repeats: bool | None
    repeat_count: int | None
    sent_messages: int | None
    total_messages: int | None
    remaining_s: float | None
    last_speed_kmh: float | None
    last_position: Position | None
    last_at: datetime | None


class DummiesClient(Service):
    """The service of virtual devices."""

    def __init__(self, transport: Transport, origin: str) -> None:
        super().__init__(PROVIDER, transport, origin)

    def dummies(self, auth: AuthBase, *, deadline: float | None = None) -> list[Dummy]:
        """Return the app's dummies. Raises the ProviderErrors."""
        return item(self.get(auth, "/dummies", deadline, {"limit": 100, "offset": 0}), "dummies", _dummies)

    def create(self, auth: AuthBase, name: str, *, deadline: float | None = None) -> Dummy:
        """Make a dummy. It may take a minute. Raises the ProviderErrors."""
        return item(self.post(auth, "/dummies", {"dummy": {"name": name}}, deadline), "dummy", _dummy)

    def delete(self, auth: AuthBase, dummy_id: str, *, deadline: float | None = None) -> None:
        """Delete a dummy. Raises NotFound, and the other ProviderErrors."""
        self.remove(auth, f"/dummies/{self.path_id(dummy_id)}", deadline)

    def routes(self, auth: AuthBase, *, deadline: float | None = None) -> list[Route]:
        """Return the routes. Raises the ProviderErrors."""
        return item(self.get(auth, "/routes", deadline, {"limit": 100, "offset": 0}), "routes", _routes)

    def start(
        self,
        auth: AuthBase,
        dummy_id: str,
        vin: str,
        route_id: str,
        *,
        repeats: bool = False,
        deadline: float | None = None,
    ) -> Run:
        """Start a run. A `vin` has 17 characters and begins with VV. Raises the ProviderErrors."""
        body = {"run": {"vin": vin, "routeId": route_id, "repeat": repeats}}
        return item(self.post(auth, f"/dummies/{self.path_id(dummy_id)}/runs", body, deadline), "run", _run)

    def run(self, auth: AuthBase, dummy_id: str, *, deadline: float | None = None) -> Run | None:
        """Return the run that is under way; None if there is none. Raises the ProviderErrors."""
        path = f"/dummies/{self.path_id(dummy_id)}/runs/_current"
        return item_or_none(self.get(auth, path, deadline), "run", _run)

    def stop(self, auth: AuthBase, dummy_id: str, *, deadline: float | None = None) -> None:
        """Stop the run that is under way; Vinli takes up to a minute. Raises the ProviderErrors."""
        self.remove(auth, f"/dummies/{self.path_id(dummy_id)}/runs/_current", deadline)


def _dummy(value: Any) -> Dummy:
    fields = Fields(value)
    needed = fields.needed(fields.text("id"), "id")
    return Dummy(needed, fields.text("name"), fields.text("deviceId"), fields.text("caseId"))


def _route(value: Any) -> Route:
    fields = Fields(value)
    return Route(
        fields.needed(fields.text("id"), "id"),
        fields.text("name"),
        fields.text("description"),
        fields.whole("messageCount"),
        fields.number("distanceByGPS"),
        fields.whole("duration"),
    )


def _run(value: Any) -> Run:
    """Read a run. Android's first release spells two of the names otherwise."""
    status = Fields(value).inner("status")
    return Run(
        status.text("routeId"),
        status.text("state"),
        status.flag("repeat"),
        status.whole("repeatCount"),
        status.whole("sentMessages"),
        status.whole("totalMessages"),
        status.number("remainingSeconds") or status.number("remaningSeconds"),
        status.number("lastSpeed"),
        position_of(status.value.get("lastLocation")),
        status.moment("lastMessageTime"),
    )


def _dummies(value: Any) -> list[Dummy]:
    return [_dummy(one) for one in _objects(value)]


def _routes(value: Any) -> list[Route]:
    return [_route(one) for one in _objects(value)]


def _objects(value: Any) -> list[dict[str, Any]]:
    """Return the records that have an id. Raises ValueError if there is no list."""
    if not isinstance(value, list):
        raise ValueError("a list is missing")
    return [one for one in value if isinstance(one, dict) and Fields(one).text("id")]
