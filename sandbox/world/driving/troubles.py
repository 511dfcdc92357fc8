"""What goes wrong with a car: trouble codes that come and go, a collision, a battery that ages."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sandbox.world.driving.drives import Drive
from sandbox.world.driving.history import History, Tenure
from sandbox.world.seeds import Seed

# Days of a part of the year in which at most one trouble begins.
BLOCK_DAYS = 45
YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class Code:
    """An entry of the catalogue of trouble codes (SAE J2012 numbers, in our own words)."""

    number: str
    description: str
    system: str = "powertrain"
    sub_system: str = "Fuel and air metering"


@dataclass(frozen=True, slots=True)
class Episode:
    """A trouble code that was on for a while; ``stop_ms`` is None while it is. ``number`` counts those of a vehicle."""

    number: int
    code: str
    start_ms: int
    stop_ms: int | None


AUXILIARY, IGNITION = "Auxiliary emission controls", "Ignition system or misfire"
METERING, INJECTOR = "Fuel and air metering", "Injector circuit"
SPEED, COMPUTER, GEARBOX = "Speed and idle control", "Computer and output circuits", "Transmission"
CATALOGUE: Mapping[str, Code] = {
    number: Code(number, description, system, sub)
    for number, description, system, sub in (
        ("P0001", "Fuel volume regulator: control circuit open", "powertrain", METERING),
        ("P0016", "Crankshaft and camshaft do not agree, bank 1 sensor A", "powertrain", METERING),
        ("P0030", "Heated oxygen sensor: heater control circuit, bank 1 sensor 1", "powertrain", METERING),
        ("P0101", "Mass air flow sensor: out of range", "powertrain", METERING),
        ("P0102", "Mass air flow sensor: signal too low", "powertrain", METERING),
        ("P0113", "Intake air temperature sensor: signal too high", "powertrain", METERING),
        ("P0117", "Coolant temperature sensor: signal too low", "powertrain", METERING),
        ("P0128", "Coolant stays below the thermostat's temperature", "powertrain", METERING),
        ("P0133", "Oxygen sensor: slow, bank 1 sensor 1", "powertrain", METERING),
        ("P0141", "Oxygen sensor: heater circuit, bank 1 sensor 2", "powertrain", METERING),
        ("P0171", "Mixture too lean, bank 1", "powertrain", METERING),
        ("P0172", "Mixture too rich, bank 1", "powertrain", METERING),
        ("P0201", "Injector circuit open, cylinder 1", "powertrain", INJECTOR),
        ("P0300", "Misfire in several cylinders", "powertrain", IGNITION),
        ("P0302", "Misfire in cylinder 2", "powertrain", IGNITION),
        ("P0325", "Knock sensor: circuit, bank 1", "powertrain", IGNITION),
        ("P0335", "Crankshaft position sensor: circuit", "powertrain", IGNITION),
        ("P0401", "Exhaust gas recirculation: flow too low", "powertrain", AUXILIARY),
        ("P0420", "Catalyst: efficiency too low, bank 1", "powertrain", AUXILIARY),
        ("P0440", "Evaporative emission system: a fault", "powertrain", AUXILIARY),
        ("P0442", "Evaporative emission system: a small leak", "powertrain", AUXILIARY),
        ("P0455", "Evaporative emission system: a large leak", "powertrain", AUXILIARY),
        ("P0457", "Evaporative emission system: a leak, fuel cap loose or off", "powertrain", AUXILIARY),
        ("P0500", "Vehicle speed sensor A: a fault", "powertrain", SPEED),
        ("P0507", "Idle speed higher than expected", "powertrain", SPEED),
        ("P0562", "System voltage too low", "powertrain", SPEED),
        ("P0601", "Control module: memory check", "powertrain", COMPUTER),
        ("P0700", "Transmission control: asks for the lamp", "powertrain", GEARBOX),
        ("P0715", "Input speed sensor A: circuit", "powertrain", GEARBOX),
        ("B0001", "Driver's front airbag: deployment control, stage 1", "body", "Restraints"),
        ("B0028", "Right side airbag: deployment control", "body", "Restraints"),
        ("C0035", "Left front wheel speed sensor", "chassis", "Brakes"),
        ("C0040", "Right front wheel speed sensor", "chassis", "Brakes"),
        ("U0073", "Control module: communication bus A off", "network", "Communication"),
        ("U0100", "No communication with the engine's module", "network", "Communication"),
        ("U0121", "No communication with the brakes' module", "network", "Communication"),
    )
}
# Troubles as they come, with the days that they last: a loose fuel cap, a tired sensor, a misfire that returns.
_COMMON = (
    ("P0457", 4),
    ("P0141", 70),
    ("P0302", 6),
    ("P0302", 9),
    ("P0128", 30),
    ("P0420", 25),
    ("P0442", 14),
)


def catalogue_id(seed: Seed, number: str) -> str:
    """Return the id of an entry of the catalogue."""
    return seed.uuid(f"trouble code {number}")


class Troubles:
    """Finds what is wrong with vehicles; a function of seed, vehicle and day."""

    def __init__(self, seed: Seed) -> None:
        self._seed = seed
        self._begun = lru_cache(2048)(self._plan)

    def episodes(self, history: History, tenure: Tenure) -> list[Episode]:
        """Return the trouble codes of a vehicle so far, oldest first. A code goes on and off during a drive."""
        now = history.now_ms()
        first = max(tenure.first_day, history.first_day)
        last = (now // 86_400_000) + 1 if tenure.end_day is None else tenure.end_day
        found = []
        for number in range(first // BLOCK_DAYS, last // BLOCK_DAYS + 1):
            begun = self._begun(tenure.vehicle.number, number)
            if begun is None:
                continue
            code, day, days = begun
            on = self._moment(history, tenure, max(day, first), 3)
            off = self._moment(history, tenure, day + days, 2)
            if on is not None and on <= now and (off is None or off > on):
                found.append(Episode(number, code, on, off if off is not None and off <= now else None))
        return found

    def _plan(self, vehicle: int, block: int) -> tuple[str, int, int] | None:
        """Return code, first day and days of the trouble of a block; None for a block without one."""
        facts = self._seed.digest(f"trouble {vehicle} {block}", 8)
        is_common = vehicle in (0, 2)
        if not is_common and facts[0] > 110:
            return None
        code, days = _COMMON[(block if is_common else facts[1]) % (3 if is_common else len(_COMMON))]
        return code, block * BLOCK_DAYS + facts[2] % 30, days + facts[3] % 4

    @staticmethod
    def _moment(history: History, tenure: Tenure, day: int, minutes: int) -> int | None:
        """Return a moment of the first drive from a day on; None if there is none so far."""
        if not tenure.holds(day):
            return None
        drive = history.first_drive_from(day)
        if drive is None or not tenure.holds(drive.day):
            return None
        at = min(drive.start_ms + minutes * 60_000, drive.start_ms + drive.duration_ms // 2)
        return at if at <= history.now_ms() else None

    # --- collisions

    def collision_drive(self, history: History, tenure: Tenure) -> Drive | None:
        """Return the drive in which a vehicle collided; None for most vehicles."""
        number = tenure.vehicle.number
        if number != 0 and self._seed.number(f"collision {number}", 9):
            return None
        day = max(tenure.first_day, history.first_day) + 60 + self._seed.number(f"collision day {number}", 90)
        return history.first_drive_from(day) if tenure.holds(day) else None

    def collision_ms(self, history: History, drive: Drive) -> int | None:
        """Return when a car collided during this drive; None if it did not."""
        tenure = history.tenure_on(drive.day)
        if tenure is None or self.collision_drive(history, tenure) != drive:
            return None
        return drive.time_of(drive.planned_messages // 3)

    # --- battery

    def battery(self, vehicle: int, day: int) -> str:
        """Return the state of the battery on a day: green, yellow or red. Batteries age for five years or so."""
        age = (day + self._seed.number(f"battery {vehicle}", 5 * YEAR_DAYS)) % (5 * YEAR_DAYS)
        return "green" if age < 4 * YEAR_DAYS else "yellow" if age < 4.7 * YEAR_DAYS else "red"

    def rest_volts(self, vehicle: int, day: int) -> float:
        """Return the volts of the battery at rest on a day."""
        return {"green": 12.62, "yellow": 12.28, "red": 11.94}[self.battery(vehicle, day)]
