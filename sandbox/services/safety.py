"""Safety service: collisions (docs safety-services/collision-service)."""

from flask import Blueprint, Response

from sandbox.api.dates import iso
from sandbox.api.serializers import to_json
from sandbox.services.current import current_vinli
from sandbox.services.sources import SUBJECT, json_item, page_of_few, period_of_request, source_of, visible
from sandbox.world.journal import Collision

bp = Blueprint("safety", __name__)


@bp.get(f"{SUBJECT}/collisions")
def list_collisions(kind: str, subject_id: str) -> Response:
    """Return a page of collisions by time."""
    source = source_of(kind, subject_id)
    period = period_of_request(source)
    found = [(one.timestamp_ms, one) for one in current_vinli().journal.collisions(source)]
    return page_of_few("safety", "collisions", period, found, lambda item: to_json(_collision(item[1])))


@bp.get("/api/v1/collisions/<collision_id>")
def show_collision(collision_id: str) -> Response:
    """Return one collision."""
    _, found = visible(current_vinli().journal.find_collision(collision_id), "collision")
    return json_item("collision", _collision(found))


def _collision(found: Collision) -> dict[str, object]:
    """Return a collision. Its place has the keys of the docs and those of GeoJSON, which vinli-node's tests have."""
    origin = current_vinli().addresses.origin
    lon, lat = found.position
    return {
        "id": found.id,
        "deviceId": found.device_id,
        "vehicleId": found.vehicle_id,
        "timestamp": iso(found.timestamp_ms),
        "location": {"latitude": lat, "longitude": lon, "type": "Point", "coordinates": [lon, lat]},
        "links": {
            "self": f"{origin('safety')}/api/v1/collisions/{found.id}",
            "device": f"{origin('platform')}/api/v1/devices/{found.device_id}",
            "vehicle": f"{origin('platform')}/api/v1/vehicles/{found.vehicle_id}",
        },
    }
