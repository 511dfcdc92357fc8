"""Google's encoded polylines, precision 5, latitude first, as trips' previews have them (docs trip-services)."""

from collections.abc import Iterable


def encode(points: Iterable[tuple[float, float]]) -> str:
    """Return points, given as longitude and latitude, as one text."""
    text: list[str] = []
    before = (0, 0)
    for lon, lat in points:
        here = (round(lat * 1e5), round(lon * 1e5))
        for value, last in zip(here, before, strict=True):
            text.append(_number(value - last))
        before = here
    return "".join(text)


def _number(value: int) -> str:
    value = ~(value << 1) if value < 0 else value << 1
    found = []
    while value >= 0x20:
        found.append(chr((0x20 | value & 0x1F) + 63))
        value >>= 5
    found.append(chr(value + 63))
    return "".join(found)
