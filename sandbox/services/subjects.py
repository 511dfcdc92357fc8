"""The device or the vehicle that a request for rules, events or subscriptions is about."""

import json
from dataclasses import dataclass

from flask import Response, request

from sandbox.api.errors import ApiError
from sandbox.api.serializers import to_json
from sandbox.services.callers import authenticated_caller
from sandbox.services.current import current_vinli
from sandbox.services.sources import json_item, visible_device, visible_vehicle
from sandbox.world.devices import Device
from sandbox.world.watching import Event


@dataclass(frozen=True)
class Subject:
    """A device, or one vehicle with the device that reports for it."""

    device: Device
    vehicle_id: str | None

    def has(self, event: Event) -> bool:
        """Tell whether an event of the device is one of this subject's."""
        return self.vehicle_id in (None, event.vehicle_id)


def subject_of(kind: str, subject_id: str) -> Subject:
    """Return the subject of a path; raises ApiError 404 when the caller may not see it."""
    if kind == "devices":
        return Subject(visible_device(subject_id), None)
    vehicle = visible_vehicle(subject_id)
    return Subject(visible_device(vehicle.device_id), vehicle.id)


def check_visible(device_id: str | None, what: str) -> None:
    """Raise ApiError 404 unless the caller may see the device that something belongs to. None stands for nothing."""
    caller = authenticated_caller()
    device = current_vinli().fleet.find(device_id) if device_id else None
    if device is None or not caller.may_see(device):
        raise ApiError(404, f"No such {what}")


def body_of_request(key: str) -> dict[str, object]:
    """Return the object under the root key of the request's body; raises ApiError 400."""
    try:
        value = json.loads(request.get_data())[key]
    except (ValueError, KeyError, TypeError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ApiError(400, f'Send {{"{key}": {{...}}}} as JSON')
    return value


def text_in(body: dict[str, object], name: str, longest: int) -> str:
    """Return a text of 1 to ``longest`` characters in a body; raises ApiError 400."""
    value = body.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= longest or not _is_unicode(value):
        raise ApiError(400, f'"{name}" must be a text of 1 to {longest} characters')
    return value


def _is_unicode(text: str) -> bool:
    """Tell whether a text can be sent: JSON can also name half a character (a lone surrogate)."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def created(service: str, key: str, item: dict[str, object]) -> Response:
    """Return a new item with 201 and its address (docs general)."""
    response = json_item(key, item, 201)
    path = {"rule": "rules", "subscription": "subscriptions"}[key]
    response.headers["Location"] = f"{current_vinli().addresses.origin(service)}/api/v1/{path}/{item['id']}"
    return response


def texts(items: list[dict[str, object]]) -> list[str]:
    """Return items as JSON."""
    return [to_json(item) for item in items]
