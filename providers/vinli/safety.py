"""Vinli's safety service: collisions (docs safety-services/collision-service)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from requests.auth import AuthBase

from providers.http.transport import Transport
from providers.paging.time_parts import TimePage
from providers.vinli.service import item
from providers.vinli.time_lists import DEFAULT_LIMIT, TimeLists
from providers.vinli.values import Fields, Position, Subject, position_of

PROVIDER = "vinli safety"


@dataclass(frozen=True, slots=True)
class Collision:
    """A collision that a device reported. `position` is longitude and latitude, None without one. `at` is UTC."""

    id: str
    at: datetime
    device_id: str | None
    vehicle_id: str | None
    position: Position | None


class SafetyClient(TimeLists):
    """The safety service."""

    def __init__(self, transport: Transport, origin: str, concurrency: int) -> None:
        super().__init__(PROVIDER, transport, origin, concurrency)

    def collisions_page(
        self,
        auth: AuthBase,
        subject: Subject,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        deadline: float | None = None,
    ) -> TimePage[Collision]:
        """Return the newest collisions of a window. Raises NotFound, and the other ProviderErrors."""
        path = f"/{subject.kind}/{self.path_id(subject.id)}/collisions"
        return self.page_by_time(
            auth,
            path,
            "collisions",
            _collision,
            _at,
            since=since,
            until=until,
            limit=limit,
            deadline=deadline,
        )

    def collision(self, auth: AuthBase, collision_id: str, *, deadline: float | None = None) -> Collision:
        """Return one collision. Raises NotFound, and the other ProviderErrors."""
        path = f"/collisions/{self.path_id(collision_id)}"
        return item(self.get(auth, path, deadline), "collision", _collision)


def _collision(value: Any) -> Collision:
    fields = Fields(value)
    return Collision(
        fields.needed(fields.text("id"), "id"),
        fields.needed(fields.moment("timestamp"), "timestamp"),
        fields.text("deviceId"),
        fields.text("vehicleId"),
        position_of(fields.value.get("location")),
    )


def _at(collision: Collision) -> datetime:
    return collision.at
