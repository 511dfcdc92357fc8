"""The map: Marlow, a town of our own, and the road to the next one, Fairview. No such towns exist.

Streets are lines between junctions, in metres east and north of the town's centre.
"""

import math
from dataclasses import dataclass

CENTRE_LAT, CENTRE_LON = 33.0214, -97.3527
METRES_PER_DEGREE = 111_320.0
_METRES_PER_LON = METRES_PER_DEGREE * math.cos(math.radians(CENTRE_LAT))

LIGHT, STOP, FREE = "light", "stop", "free"


@dataclass(frozen=True, slots=True)
class Junction:
    """``x`` and ``y`` are metres east and north of the centre. ``control`` is a light, a stop sign, or nothing."""

    x: float
    y: float
    control: str = FREE


@dataclass(frozen=True, slots=True)
class Street:
    """A street from one junction to the next, with its speed limit. A tunnel has no view of the sky.

    ``noise_m`` is the error of a receiver's position: high houses reflect signals.
    """

    name: str
    start: str
    end: str
    limit_kmh: int
    is_one_way: bool = False
    is_tunnel: bool = False
    noise_m: float = 4.0


def coordinates(x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude of a place given in metres."""
    return CENTRE_LON + x / _METRES_PER_LON, CENTRE_LAT + y / METRES_PER_DEGREE


# Rows from south to north and columns from west to east; "b3" is where Main Street meets Alder Street.
_COLUMNS = {"a": -2240, "b": -1310, "c": -590, "d": 20, "e": 740, "f": 1630}
_ROWS = {"1": -1530, "2": -710, "3": 0, "4": 640, "5": 1420}
# Few streets are quite straight.
_BENDS = {
    **{"a1": (140, 180), "a3": (-90, 40), "a5": (210, -120), "b1": (0, 90), "b2": (-60, 30), "b5": (30, 110)},
    **{"c4": (-40, 25), "c5": (60, -40), "d2": (35, 0), "d5": (-50, 80), "e1": (90, 120), "e4": (55, -30)},
    **{"f1": (-230, 160), "f2": (-80, 0), "f4": (60, 20), "f5": (-180, -90)},
}
_LIGHTS = ("b3", "c2", "c3", "c4", "d3", "e3", "f3")
_STOPS = ("a3", "b2", "b4", "d2", "d4", "e2", "e4", "f2")


def _town() -> dict[str, Junction]:
    found = {}
    for column, x in _COLUMNS.items():
        for row, y in _ROWS.items():
            name = column + row
            across, up = _BENDS.get(name, (0, 0))
            control = LIGHT if name in _LIGHTS else STOP if name in _STOPS else FREE
            found[name] = Junction(x + across, y + up, control)
    return found


JUNCTIONS: dict[str, Junction] = _town() | {
    "gate": Junction(2650, 160),
    "bend": Junction(3900, 720),
    "west portal": Junction(5260, 960),
    "east portal": Junction(6480, 1310),
    "bridge": Junction(8900, 1840),
    "hill": Junction(11200, 2030),
    "cross": Junction(12840, 2610, LIGHT),
    "mall": Junction(13420, 2590, STOP),
    "plaza": Junction(13390, 3240),
}
_ROW_STREETS = {
    "1": ("Quarry Road", 60),
    "2": ("Mill Street", 40),
    "3": ("Main Street", 50),
    "4": ("Chapel Street", 40),
    "5": ("Orchard Lane", 60),
}
_COLUMN_STREETS = {
    "a": ("West End", 60),
    "b": ("Alder Street", 40),
    "c": ("Station Road", 50),
    "d": ("Market Street", 30),
    "e": ("Elm Street", 40),
    "f": ("Foundry Road", 60),
}
# Where there is no way through: the park, the railway and the quarry.
_CLOSED = {("a2", "b2"), ("a4", "b4"), ("d1", "d2"), ("e1", "e2"), ("d5", "e5")}
_ONE_WAY = {("d2", "d3"), ("d3", "d4"), ("d4", "d5")}


def _streets() -> list[Street]:
    found = []
    for row, (name, limit) in _ROW_STREETS.items():
        for west, east in zip("abcde", "bcdef", strict=True):
            found.append(_street(name, west + row, east + row, limit))
    for column, (name, limit) in _COLUMN_STREETS.items():
        for south, north in zip("1234", "2345", strict=True):
            found.append(_street(name, column + south, column + north, limit))
    return [street for street in found if (street.start, street.end) not in _CLOSED]


def _street(name: str, start: str, end: str, limit: int) -> Street:
    is_narrow = limit <= 40
    is_inner = start[0] in "bcde" and start[1] in "234"
    return Street(
        name, start, end, limit, (start, end) in _ONE_WAY, noise_m=9.0 if is_inner and is_narrow else 4.0
    )


STREETS: tuple[Street, ...] = (
    *_streets(),
    Street("County Road 9", "f3", "gate", 70),
    Street("County Road 9", "gate", "bend", 90),
    Street("County Road 9", "bend", "west portal", 90),
    Street("Hill Tunnel", "west portal", "east portal", 80, is_tunnel=True),
    Street("County Road 9", "east portal", "bridge", 90),
    Street("County Road 9", "bridge", "hill", 90),
    Street("County Road 9", "hill", "cross", 70),
    Street("Fairview Avenue", "cross", "mall", 50),
    Street("Plaza Drive", "mall", "plaza", 30),
)
HOMES = ("a1", "a2", "a4", "b1", "b5", "c1", "c5", "d1", "e5", "f1", "f5", "a5")
WORKPLACES = {"Foundry works": "f2", "Town hall": "d3", "Station": "c3", "Clinic": "c1", "Market hall": "e3"}
SCHOOL = "b4"
SHOPS = {"Supermarket": "f4", "Market hall": "e3", "Bakery": "d4"}
OUTINGS = {"Lake": "a5", "Fairview Plaza": "plaza", "Gym": "e4"}
