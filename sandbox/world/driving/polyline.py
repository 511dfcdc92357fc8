"""Google's encoded polylines, precision 5, latitude first, as trips' previews have them (docs trip-services)."""

from collections.abc import Iterable


def encode(points: Iterable[tuple[float, float]]) -> str:
    """Return points, given as longitude and latitude, as one text."""
    text: list[str] = []
    last_lat = last_lon = 0
    for lon, lat in points:
        here_lat, here_lon = round(lat * 1e5), round(lon * 1e5)
        for step in (here_lat - last_lat, here_lon - last_lon):
            value = ~(step << 1) if step < 0 else step << 1
            while value >= 0x20:
                text.append(chr((0x20 | value & 0x1F) + 63))
                value >>= 5
            text.append(chr(value + 63))
        last_lat, last_lon = here_lat, here_lon
    return "".join(text)
