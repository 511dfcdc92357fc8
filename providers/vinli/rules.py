"""Vinli's rule service (docs rule-services, until 2024): when a device enters and leaves a condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from requests.auth import AuthBase

from providers.http.transport import Transport
from providers.vinli.service import Service, item, readable
from providers.vinli.values import Fields, Subject

PROVIDER = "vinli rules"


@dataclass(frozen=True, slots=True)
class Parametric:
    """A numeric parameter of Vinli's catalogue lies between two values, in its unit; None leaves a side open."""

    parameter: str
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Circle:
    """The position lies within `radius_m` metres of a place, given by longitude and latitude."""

    longitude: float
    latitude: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Polygon:
    """The position lies in a polygon of longitudes and latitudes, whose last point is the first again."""

    points: tuple[tuple[float, float], ...]


Boundary = Parametric | Circle | Polygon


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. `boundaries` are empty in lists. `is_covered` is None while it was not evaluated. Times are UTC."""

    id: str
    name: str | None
    device_id: str | None
    is_evaluated: bool | None
    is_covered: bool | None
    created_at: datetime | None
    boundaries: tuple[Boundary, ...] = ()


class RulesClient(Service):
    """The rule service."""

    def __init__(self, transport: Transport, origin: str) -> None:
        super().__init__(PROVIDER, transport, origin)

    def rules(self, auth: AuthBase, subject: Subject, *, deadline: float | None = None) -> list[Rule]:
        """Return the rules of a device or vehicle, at most 100, newest first. Raises the ProviderErrors."""
        answer = self.get(auth, self._path(subject), deadline, {"limit": 100, "offset": 0})
        return item(answer, "rules", partial(readable, read=_rule))

    def rule(self, auth: AuthBase, rule_id: str, *, deadline: float | None = None) -> Rule:
        """Return one rule with its boundaries. Raises NotFound, and the other ProviderErrors."""
        return item(self.get(auth, f"/rules/{self.path_id(rule_id)}", deadline), "rule", _rule)

    def create(
        self,
        auth: AuthBase,
        subject: Subject,
        name: str,
        boundaries: Sequence[Boundary],
        *,
        deadline: float | None = None,
    ) -> Rule:
        """Make a rule; it cannot be changed. At most one boundary may be a place. Raises the ProviderErrors."""
        body = {"rule": {"name": name, "boundaries": [_wire(one) for one in boundaries]}}
        return item(self.post(auth, self._path(subject), body, deadline), "rule", _rule)

    def delete(self, auth: AuthBase, rule_id: str, *, deadline: float | None = None) -> None:
        """Delete a rule. Raises NotFound, and the other ProviderErrors."""
        self.remove(auth, f"/rules/{self.path_id(rule_id)}", deadline)

    def _path(self, subject: Subject) -> str:
        return f"/{subject.kind}/{self.path_id(subject.id)}/rules"


def _wire(boundary: Boundary) -> dict[str, Any]:
    match boundary:
        case Parametric(parameter, least, most):
            return {"type": "parametric", "parameter": parameter, "min": least, "max": most}
        case Circle(longitude, latitude, radius_m):
            return {"type": "radius", "lon": longitude, "lat": latitude, "radius": radius_m}
        case Polygon(points):
            return {"type": "polygon", "coordinates": [[list(point) for point in points]]}


def _rule(value: Any) -> Rule:
    fields = Fields(value)
    given = fields.value.get("boundaries")
    found = [_boundary(one) for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    return Rule(
        fields.needed(fields.text("id"), "id"),
        fields.text("name"),
        fields.text("deviceId") or fields.inner("object").text("id"),
        fields.flag("evaluated"),
        fields.flag("covered"),
        fields.moment("createdAt"),
        tuple(one for one in found if one is not None),
    )


def _boundary(value: dict[str, Any]) -> Boundary | None:
    """Return a boundary, None for one of another kind."""
    fields = Fields(value)
    kind, parameter = fields.text("type"), fields.text("parameter")
    if kind == "parametric" and parameter:
        return Parametric(parameter, fields.number("min"), fields.number("max"))
    lon, lat, radius = (fields.number(name) for name in ("lon", "lat", "radius"))
    if kind == "radius" and lon is not None and lat is not None and radius is not None:
        return Circle(lon, lat, radius)
    if kind == "polygon":
        try:
            return Polygon(tuple((float(x), float(y)) for x, y in value["coordinates"][0]))
        except (KeyError, TypeError, ValueError, IndexError):
            return None
    return None
