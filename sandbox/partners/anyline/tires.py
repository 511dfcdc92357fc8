"""Readings of a tire's sidewall. They are invented, and always the same for the same picture."""

from collections.abc import Sequence
from datetime import date
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
Field = dict[str, str | int]

# (make, model, DOT plant code)
TIRES = (
    ("Michelin", "Primacy 4", "1M3"),
    ("Michelin", "CrossClimate 2", "B9"),
    ("Continental", "PremiumContact 6", "CP"),
    ("Goodyear", "EfficientGrip Performance 2", "PJ"),
    ("Bridgestone", "Turanza T005", "EN"),
    ("Pirelli", "Cinturato P7", "XJ"),
    ("Hankook", "Ventus Prime 4", "H2"),
    ("Nokian", "Hakkapeliitta R5", "YL"),
)
# (width in mm, height in % of the width, rim in inches, load index, speed rating)
SIZES = (
    (205, 55, 16, 91, "V"),
    (195, 65, 15, 91, "H"),
    (225, 45, 17, 94, "W"),
    (225, 40, 18, 92, "Y"),
    (215, 60, 16, 99, "H"),
    (235, 55, 18, 100, "V"),
    (245, 45, 18, 100, "W"),
    (265, 70, 17, 115, "T"),
)
LETTERS = "ABCDEFHJKLMNPRTUVXY"  # the letters that 49 CFR 574.5 uses
FIRST_YEAR, YEARS = 2016, 9


def read_sidewall(image: bytes) -> dict[str, object]:
    """Return the reading of the sidewall in ``image``.

    The shape is a guess. The document (seed 000) shows no response, and the reference it names is not public. Names and
    nesting follow the results in Anyline's mobile SDK (pub.dev anyline_plugin: TireSizeResult, TinResult,
    TireMakeResult). A confidence is a percentage.
    """
    draws = _Choices(image)
    make, model, plant = draws.pick(TIRES)
    return {
        "tireSizeResult": _size(draws),
        "tinResult": _tin(draws, plant),
        "tireMakeResult": {"text": make},
        "tireModelResult": {"text": model},
    }


def _size(draws: "_Choices") -> dict[str, Field]:
    width, ratio, diameter, load, speed = draws.pick(SIZES)
    parts = {
        "text": f"{width}/{ratio}R{diameter} {load}{speed}",
        "prettifiedString": f"{width}/{ratio} R{diameter} {load}{speed}",
        "width": width,
        "ratio": ratio,
        "construction": "R",
        "diameter": diameter,
        "loadIndex": load,
        "speedRating": speed,
    }
    return {name: {"text": str(part), "confidence": 88 + draws.below(12)} for name, part in parts.items()}


def _tin(draws: "_Choices", plant: str) -> dict[str, str]:
    """Return a tire identification number: plant, size, type, and week and year (49 CFR 574.5)."""
    year, week = FIRST_YEAR + draws.below(YEARS), 1 + draws.below(52)
    size, kind = draws.letters(2), draws.letters(3)
    built = f"{week:02d}{year % 100:02d}"
    # A week belongs to the year and month of its Thursday (ISO 8601).
    month = date.fromisocalendar(year, week, 4)
    return {
        "text": f"DOT{plant}{size}{kind}{built}",
        "resultPrettified": f"DOT {plant} {size} {kind} {built}",
        "productionDate": f"{month:%Y/%m}",
    }


class _Choices:
    """Choices that depend on the bytes of a picture alone."""

    def __init__(self, content: bytes) -> None:
        self._pool = int.from_bytes(blake2b(content).digest())

    def below(self, end: int) -> int:
        self._pool, number = divmod(self._pool, end)
        return number

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def letters(self, count: int) -> str:
        return "".join(self.pick(LETTERS) for _ in range(count))
