"""The images that instyle.ai keeps for its customers, and the pictures of the first ones."""

import struct
import threading
import zlib
from functools import lru_cache

SEEDED = 6
MOST_KEPT = 5000
SIDE = 120  # pixels


class TooManyImages(Exception):
    """A customer has MOST_KEPT images; the sandbox keeps no more."""


class Pictures:
    """The image URLs of each customer, by id. There is one customer with images and one without."""

    def __init__(self, customer: str, base_url: str) -> None:
        self._lock = threading.Lock()
        seeded = {number: f"{base_url}/pictures/{number}.png" for number in range(1, SEEDED + 1)}
        self._urls: dict[str, dict[int, str]] = {customer: seeded, "another-customer": {}}

    def has_customer(self, name: str) -> bool:
        """Tell whether there is a customer of this name."""
        return name in self._urls

    def of(self, customer: str) -> list[tuple[int, str]]:
        """Return a customer's images as pairs of id and URL, sorted by id."""
        with self._lock:
            return sorted(self._urls[customer].items())

    def put(self, customer: str, images: list[tuple[int, str]]) -> None:
        """Add images and replace those with the same id; raises TooManyImages and adds none when there are too many."""
        with self._lock:
            urls = self._urls[customer] | dict(images)
            if len(urls) > MOST_KEPT:
                raise TooManyImages
            self._urls[customer] = urls


@lru_cache(SEEDED)
def draw(number: int) -> bytes:
    """Return a PNG of a disc on a gradient, in shades of grey (PNG specification section 4)."""
    middle, radius = SIDE // 2, SIDE // 5 + 5 * number
    rows = bytearray()
    for y in range(SIDE):
        rows.append(0)  # filter type 0: none
        for x in range(SIDE):
            is_disc = (x - middle) ** 2 + (y - middle) ** 2 < radius**2
            rows.append(40 + 25 * number if is_disc else 250 - y)
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
