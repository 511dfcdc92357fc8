"""Devices and vehicles as JSON text (docs platform-services/device-service, platform-services/vehicle-service).

Devices are listed by the hundred, so the text around their ids is prepared once.
"""

import json
from functools import lru_cache

from sandbox.api.addresses import Addresses
from sandbox.api.dates import iso
from sandbox.world.catalogue import CarModel
from sandbox.world.devices import MOST_KEPT, Device
from sandbox.world.vehicles import Vehicle

to_json = json.JSONEncoder(separators=(",", ":")).encode
ID = "<id>"  # no origin holds these characters


class Serializers:
    """Writes devices and vehicles as JSON, with links to the public origin of each service."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        template = (
            '","icon":null,"virtual":false,"links":{'
            '"self":"%(platform)s","vehicles":"%(platform)s/vehicles","latestVehicle":"%(platform)s/vehicles/_latest",'
            '"rules":"%(rules)s/rules","events":"%(events)s/events","subscriptions":"%(events)s/subscriptions",'
            '"trips":"%(trips)s/trips"}}'
        ) % {
            service: self._addresses.origin(service) + "/api/v1/devices/" + ID
            for service in ("platform", "rules", "events", "trips")
        }
        self._around_ids = template.split(ID)
        self._around_virtual_ids = template.replace('"virtual":false', '"virtual":true').split(ID)
        # (Device) -> str. The cache holds as many texts as there are cached devices, about 15 MB.
        self.device = lru_cache(MOST_KEPT)(self._device)

    def _device(self, device: Device) -> str:
        """Return a device as JSON. All seven links are present and absolute, as android-net-v2 needs them."""
        around = self._around_virtual_ids if device.is_virtual else self._around_ids
        return (
            f'{{"id":"{device.id}","name":{json.dumps(device.name)},"chipId":"{device.chip_id}",'
            f'"createdAt":"{iso(device.created_ms)}{device.id.join(around)}'
        )

    def vehicle(self, vehicle: Vehicle, last_startup_ms: int | None) -> str:
        """Return a vehicle as JSON, always in full. Values that are not known yet are null."""
        return to_json(
            {
                "id": vehicle.id,
                "vin": vehicle.vin,
                "year": str(vehicle.year) if vehicle.year else None,
                "make": vehicle.model and vehicle.model.make,
                "model": vehicle.model and vehicle.model.model,
                "trim": vehicle.trim,
                "data": vehicle.model and _details(vehicle.model),
                "createdAt": iso(vehicle.created_ms),
                "lastStartup": None if last_startup_ms is None else iso(last_startup_ms),
                "links": self._vehicle_links(vehicle.id),
            }
        )

    def _vehicle_links(self, vehicle_id: str) -> dict[str, str]:
        path = f"/api/v1/vehicles/{vehicle_id}"
        origin = self._addresses.origin
        return {
            "self": origin("platform") + path,
            "trips": origin("trips") + path + "/trips",
            "codes": origin("diagnostic") + path + "/codes",
            "collisions": origin("safety") + path + "/collisions",
        }


def _details(model: CarModel) -> dict[str, object]:
    """Return ``data`` of a vehicle. Numbers that are strings in the docs are strings here."""
    return {
        "engine": _engine(model),
        "engineDisplacement": round(model.litres * 1000),
        "transmission": {
            "name": f"{model.speeds}A",
            "equipmentType": "TRANSMISSION",
            "availability": "STANDARD",
            "transmissionType": "AUTOMATIC",
            "numberOfSpeeds": model.speeds,
        },
        "manufacturer": None,
        "categories": {
            "market": "N/A",
            "EPAClass": f"{model.size} Cars" if model.body == "Sedan" else None,
            "vehicleSize": model.size,
            "primaryBodyType": "Truck" if "Pickup" in model.body else "Car",
            "vehicleStyle": model.body,
            "vehicleType": "Truck" if "Pickup" in model.body else "Car",
        },
        "epaMpg": {"highway": model.highway, "city": model.city},
        "drive": model.drive,
        "numDoors": model.doors,
    }


def _engine(model: CarModel) -> dict[str, object]:
    layout = "V" if model.cylinders > 4 else "inline"
    return {
        "name": "Engine",
        "equipmentType": "ENGINE",
        "availability": "STANDARD",
        "cylinder": model.cylinders,
        "size": model.litres,
        "displacement": round(model.litres * 1000),
        "configuration": layout,
        "fuelType": model.fuel,
        "horsepower": model.horsepower,
        "torque": model.torque,
        "totalValves": model.cylinders * 4,
        "type": "diesel" if model.fuel == "diesel" else "gas",
        "code": f"{model.cylinders}{layout[0].upper()}NAG{model.litres}",
        "compressorType": "NA",
    }
