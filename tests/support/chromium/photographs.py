"""Pictures to send, as a camera or a file picker gives them to the browser."""

from __future__ import annotations

import random
import struct
import zlib
from typing import Any


def photograph(width: int = 480, height: int = 320, name: str = "tyre.png") -> dict[str, Any]:
    """Return a picture for Playwright's ``set_input_files``: a grey ramp, which compresses well."""
    rows = b"".join(b"\0" + bytes((x + y) % 256 for x in range(width)) for y in range(height))
    return {"name": name, "mimeType": "image/png", "buffer": png(width, height, rows)}


def noisy_photograph(width: int, height: int) -> dict[str, Any]:
    """Return a picture that no format compresses. Like a phone camera's picture, it is larger than we accept."""
    noise = random.Random(4711)
    rows = b"".join(b"\0" + noise.randbytes(width) for _ in range(height))
    return {"name": "camera.png", "mimeType": "image/png", "buffer": png(width, height, rows, level=0)}


def png(width: int, height: int, rows: bytes, level: int = 6) -> bytes:
    """Return a greyscale PNG (RFC 2083). Each row in ``rows`` begins with its filter type."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows, level)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
