"""Rules, events, subscriptions and notifications as JSON (docs rule-services, event-services, until 2024)."""

from sandbox.api.addresses import Addresses
from sandbox.api.dates import iso
from sandbox.world.estimates import Firing
from sandbox.world.journal import Message
from sandbox.world.notifications import Notification
from sandbox.world.odometers import Trigger
from sandbox.world.rules import Boundary, Parametric, Radius, Rule, position_of
from sandbox.world.watching import Crossing, Event, Subscription


class EventJson:
    """Writes what the rule and event services return, with links to the public origin of each service."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses

    def rule(self, rule: Rule, covered: bool | None, *, with_boundaries: bool = True) -> dict[str, object]:
        """Return a rule. Lists leave the boundaries out (docs rule-services/rules-api, vinli-node README).

        ``deviceId`` of a vehicle's rule is null, and its links name the vehicle; this is a guess.
        """
        found: dict[str, object] = {
            "id": rule.id,
            "name": rule.name,
            "deviceId": None if rule.vehicle_id else rule.device_id,
            "object": _object(rule),
            "evaluated": covered is not None,
            "covered": covered,
            "createdAt": iso(rule.created_ms),
        }
        if with_boundaries:
            found["boundaries"] = [_boundary(boundary) for boundary in rule.boundaries]
        events = self._url("events", _path(rule))
        found["links"] = {
            "self": self._url("rules", f"rules/{rule.id}"),
            "events": f"{events}/events?type=rule-*&objectId={rule.id}",
            "subscriptions": f"{events}/subscriptions?objectType=rule&objectId={rule.id}",
        }
        return found

    def event(self, event: Event) -> dict[str, object]:
        """Return an event (docs event-services/events)."""
        link = self._url("events", f"events/{event.id}")
        return {
            "id": event.id,
            "timestamp": iso(event.timestamp_ms),
            "deviceId": event.device_id,
            "vehicleId": event.vehicle_id,
            "eventType": event.event_type,
            "object": {"id": event.object_id, "type": event.object_type} if event.object_id else None,
            "meta": self._meta(event),
            "links": {"self": link, "notifications": f"{link}/notifications"},
        }

    def _meta(self, event: Event) -> dict[str, object] | None:
        if isinstance(event, Crossing):
            return self._crossing(event)
        if isinstance(event, Firing):
            return {
                "odometerTrigger": self.trigger(event.trigger, event.number),
                "estimatedOdometer": round(event.odometer_m, 2),
            }
        return event.meta

    def trigger(self, trigger: Trigger, firings: int) -> dict[str, object]:
        """Return a trigger of an odometer, in metres (docs distance-services/distance-api)."""
        return {
            "id": trigger.id,
            "vehicleId": trigger.vehicle_id,
            "type": trigger.kind,
            "threshold": trigger.threshold_m,
            "events": firings,
            "links": {
                "self": self._url("distance", f"odometer_triggers/{trigger.id}"),
                "vehicle": self._url("platform", f"vehicles/{trigger.vehicle_id}"),
            },
        }

    def _crossing(self, event: Crossing) -> dict[str, object]:
        return {
            "direction": "enter" if event.is_enter else "leave",
            "firstEval": event.is_first,
            "rule": self.rule(event.rule, event.is_enter),
            "message": {
                "id": event.message.id,
                "timestamp": iso(event.message.timestamp_ms),
                "snapshot": _snapshot(event.message),
            },
        }

    def subscription(self, subscription: Subscription) -> dict[str, object]:
        """Return a subscription (docs event-services/subscriptions). What is not set is null."""
        link = self._url("events", f"subscriptions/{subscription.id}")
        about = {"id": subscription.object_id, "type": subscription.object_type}
        of_vehicle = subscription.vehicle_id is not None
        return {
            "id": subscription.id,
            **(
                {"vehicleId": subscription.vehicle_id} if of_vehicle else {"deviceId": subscription.device_id}
            ),
            "eventType": subscription.event_type,
            "url": subscription.url,
            "object": about if subscription.object_id else None,
            "appData": subscription.app_data,
            "createdAt": iso(subscription.created_ms),
            "updatedAt": iso(subscription.updated_ms),
            "links": {"self": link, "notifications": f"{link}/notifications"},
        }

    def notification(self, notification: Notification) -> dict[str, object]:
        """Return a notification. What came back is there once it is complete or an error."""
        about = self._url("events", f"devices/{notification.device_id}")
        return {
            "id": notification.id,
            "eventId": notification.event_id,
            "eventType": notification.event_type,
            "eventTimestamp": iso(notification.event_ms),
            "subscriptionId": notification.subscription_id,
            "state": notification.state,
            **(_outcome(notification) if notification.is_over else {}),
            "url": notification.url,
            "payload": notification.payload,
            "createdAt": iso(notification.created_ms),
            "links": {
                "self": self._url("events", f"notifications/{notification.id}"),
                "event": f"{about}/events/{notification.event_id}",
                "subscription": f"{about}/subscriptions/{notification.subscription_id}",
            },
        }

    def _url(self, service: str, path: str) -> str:
        return f"{self._addresses.origin(service)}/api/v1/{path}"


def _outcome(notification: Notification) -> dict[str, object]:
    """Return what came back. Without a response ``responseCode`` is null, and ``response`` says why (a guess)."""
    return {
        "responseCode": notification.response_code,
        "response": notification.response,
        "notifiedAt": iso(notification.notified_ms or 0),
        "respondedAt": iso(notification.responded_ms or 0),
    }


def _path(rule: Rule) -> str:
    return f"vehicles/{rule.vehicle_id}" if rule.vehicle_id else f"devices/{rule.device_id}"


def _object(rule: Rule) -> dict[str, str]:
    if rule.vehicle_id:
        return {"id": rule.vehicle_id, "type": "vehicle"}
    return {"id": rule.device_id, "type": "device"}


def _boundary(boundary: Boundary) -> dict[str, object]:
    """Return a boundary with its id. A limit that is null is left out."""
    if isinstance(boundary, Parametric):
        limits = {"min": boundary.low, "max": boundary.high}
        given = {name: value for name, value in limits.items() if value is not None}
        return {"id": boundary.id, "type": "parametric", "parameter": boundary.parameter, **given}
    if isinstance(boundary, Radius):
        where = {"lon": boundary.lon, "lat": boundary.lat, "radius": boundary.metres}
        return {"id": boundary.id, "type": "radius", **where}
    rings = [[list(position) for position in ring] for ring in boundary.rings]
    return {"id": boundary.id, "type": "polygon", "coordinates": rings}


def _snapshot(message: Message) -> dict[str, object]:
    """Return the values of a message. Here alone the location is no GeoJSON (docs event-services/events)."""
    found = dict(message.data)
    position = position_of(found)
    found.pop("location", None)
    return ({"location": {"lat": position[1], "lon": position[0]}} if position else {}) | found
