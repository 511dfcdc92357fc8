"""What a car's engine reports: parameters of Vinli's catalogue, computed from the car's motion (facts 6 of the docs).

``data`` of a message holds what changed: fast parameters in every message, slow ones about once a minute (docs
telemetry-services/device-messages). Which message carries which parameter depends on its number alone, so that lists
can be counted without computing them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.world.catalogue import CarModel
from sandbox.world.driving.drives import Drive, Sample, mixed

IDLE_RPM = 760.0
# Up to which km/h a gear is used, and the engine's turns each minute for 1 km/h.
GEARS = ((14.0, 118.0), (28.0, 70.0), (45.0, 48.0), (62.0, 37.0), (84.0, 30.5), (math.inf, 26.0))
MASS_KG = 1_550.0
LITRES_PER_JOULE = 1 / (34_200_000 * 0.27)  # petrol, 27 % efficiency
TANK_KM = 560.0
AMBIENT_C = 21.0
WARM_C = 91.0

# The period of each parameter in messages, and the message of the period that carries it.
TURNS: Mapping[str, tuple[int, int]] = {
    "rpm": (1, 0),
    "vehicleSpeed": (1, 0),
    "calculatedLoadValue": (1, 0),
    "relativeThrottlePosition": (2, 0),
    "massAirFlow": (2, 1),
    "intakeManifoldPressure": (2, 1),
    "coolantTemp": (12, 0),
    "fuelLevelInput": (12, 3),
    "controlModuleVoltage": (12, 0),
    "runTimeSinceEngineStart": (12, 7),
    "intakeAirTemperature": (12, 5),
    "ambientAirTemperature": (12, 9),
    "barometricPressure": (12, 9),
    "engineFuelRate": (4, 2),
    "timingAdvance": (6, 4),
    "longTermFuelTrimBank1": (12, 11),
}
# Sent once, with the second message.
ONCE: Mapping[str, object] = {
    "designOBDRequirements": "OBD-II as defined by the CARB",
    "fuelType": "Gasoline",
    "oxygenSensorLocations": ["1a", "1b"],
}


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine of a car. ``odometer_km`` is the reading at the start of the drive, ``volts`` those of the battery."""

    litres: float
    power_w: float
    odometer_km: float
    volts: float

    @classmethod
    def of(cls, model: CarModel | None, odometer_km: float, volts: float) -> "Engine":
        """Return the engine of a model; of an unknown one that of a common car."""
        if model is None:
            return cls(2.0, 110_000.0, odometer_km, volts)
        return cls(model.litres, model.horsepower * 745.7, odometer_km, volts)

    def load(self, sample: Sample, power: float) -> float:
        """Return the calculated load in percent at a power, as a part of 255 as cars report it."""
        idle = 24.0 if sample.speed < 0.5 else 14.0
        return round(min(max(idle + 76.0 * power / self.power_w * 1.9, 0.0), 100.0) * 2.55) / 2.55

    def power_at(self, sample: Sample) -> float:
        """Return the power at the wheels in watts, never less than 0."""
        drag = 0.42 * sample.speed**2 + 0.012 * MASS_KG * 9.81
        return max((MASS_KG * sample.change + drag) * sample.speed, 0.0) if sample.speed > 0.1 else 0.0

    def fuel_rate(self, power: float) -> float:
        """Return litres in an hour at a power."""
        return 0.42 * self.litres + power * LITRES_PER_JOULE * 3600

    def rpm(self, drive: Drive, sample: Sample) -> int:
        """Return the turns in a minute."""
        wobble = mixed(drive.salt ^ 0xA5A5, sample.item) % 41 - 20
        kmh = sample.speed * 3.6
        if kmh < 4:
            return round(IDLE_RPM + wobble)
        ratio = next(ratio for top, ratio in GEARS if kmh < top)
        return round(max(kmh * ratio * (1.25 if sample.change > 0.5 else 1.0), IDLE_RPM + 40) + wobble)

    def data(self, drive: Drive, sample: Sample) -> dict[str, object]:
        """Return ``data`` of a message (docs telemetry-services/device-messages)."""
        found: dict[str, object] = {}
        if sample.position is not None:
            found["location"] = {"type": "Point", "coordinates": list(sample.position)}
        found["accel"] = _accel(drive, sample)
        values = self._values(drive, sample)
        for name, (period, turn) in TURNS.items():
            if sample.item % period == turn:
                found[name] = values[name]
        if sample.item == 1:
            found |= ONCE
        return found

    def _values(self, drive: Drive, sample: Sample) -> dict[str, object]:
        seconds = (sample.timestamp_ms - drive.start_ms) / 1000
        power = self.power_at(sample)
        load = self.load(sample, power)
        cold = AMBIENT_C + 6 * ((drive.salt >> 5) % 100) / 100
        is_cranking = sample.item == 0
        return {
            "rpm": 0 if is_cranking else self.rpm(drive, sample),
            "vehicleSpeed": round(sample.speed * 3.6),
            "calculatedLoadValue": load,
            "relativeThrottlePosition": round(max(load - 12, 0) * 2.55 * 0.8) / 2.55,
            "massAirFlow": round(self.litres * (0.9 + load / 100 * 14 * (0.3 + sample.speed / 30)), 2),
            "intakeManifoldPressure": round(26 + load * 0.72),
            "coolantTemp": round(WARM_C - (WARM_C - cold) * math.exp(-seconds / 290)),
            "fuelLevelInput": round(self.fuel_level(sample.way_m) * 2.55) / 2.55,
            "controlModuleVoltage": round(self.volts - 2.1 if is_cranking else 14.05 + load / 500, 3),
            "runTimeSinceEngineStart": int(seconds),
            "intakeAirTemperature": round(cold + 9 + load / 20),
            "ambientAirTemperature": round(cold),
            "barometricPressure": 99,
            "engineFuelRate": round(self.fuel_rate(power), 2),
            "timingAdvance": round(12 + load / 8 - (8 if sample.speed < 0.5 else 0), 1),
            "longTermFuelTrimBank1": round(mixed(drive.salt, 7) % 9 - 4 + 0.78125, 5),
        }

    def fuel_level(self, way_m: float) -> float:
        """Return the fuel in percent: it falls with the distance, and the tank is filled at about a tenth."""
        used = (self.odometer_km + way_m / 1000) % TANK_KM / TANK_KM
        return 97.0 - 86.0 * used


def has_any(fields: frozenset[str], item: int, has_position: bool) -> bool:
    """Tell whether the message with this number carries one of the parameters."""
    for name in fields:
        if name in TURNS:
            period, turn = TURNS[name]
            if item % period == turn:
                return True
        elif (name in ONCE and item == 1) or name == "accel" or (name == "location" and has_position):
            return True
    return False


def turns_of(fields: frozenset[str]) -> frozenset[int]:
    """Return the numbers from 0 to 11 of the messages of a minute that carry one of the parameters.

    -1 stands for the second message of a drive.
    """
    found = {-1} if fields & ONCE.keys() else set()
    for name in fields & TURNS.keys():
        period, turn = TURNS[name]
        found |= set(range(turn, 12, period))
    return frozenset(found)


def _accel(drive: Drive, sample: Sample) -> dict[str, float]:
    """Return the extremes of the acceleration since the last message, in m/s^2. The device lies flat."""
    noise = [(mixed(drive.salt ^ 0x77, sample.item * 3 + axis) % 1000) / 1000 for axis in range(3)]
    return {
        "maxX": round(sample.change + 0.2 + 0.3 * noise[0], 6),
        "minX": round(sample.change - 0.2 - 0.3 * noise[1], 6),
        "maxY": round(0.3 + 0.6 * noise[1], 6),
        "minY": round(-0.3 - 0.6 * noise[2], 6),
        "maxZ": round(-9.6 + 0.4 * noise[2], 6),
        "minZ": round(-9.9 - 0.4 * noise[0], 6),
    }
