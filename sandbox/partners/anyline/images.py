"""Tells whether bytes are a picture, by the beginning of JPEG, PNG and WebP files up to the size in pixels."""

import struct

PNG = b"\x89PNG\r\n\x1a\n"
# Start-of-frame markers (ITU-T T.81 table B.1). C4, C8 and CC are not among them.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
WEBP_CHUNKS = (b"VP8 ", b"VP8L", b"VP8X")


def is_picture(content: bytes) -> bool:
    """Tell whether ``content`` begins as a JPEG, PNG or WebP file of at least one pixel."""
    return _is_png(content) or _is_jpeg(content) or _is_webp(content)


def _is_png(content: bytes) -> bool:
    """PNG specification section 5: a signature, then an IHDR chunk with width and height."""
    if not content.startswith(PNG) or content[12:16] != b"IHDR" or len(content) < 33:
        return False
    width, height = struct.unpack_from(">II", content, 16)
    return bool(width and height)


def _is_jpeg(content: bytes) -> bool:
    """ITU-T T.81 annex B: SOI, then segments. One of them is a frame with height and width."""
    if not content.startswith(b"\xff\xd8\xff"):
        return False
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if marker in FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return bool(width and height)
        if marker != 0xFF and length < 2:
            return False
        at += 1 if marker == 0xFF else 2 + length
    return False


def _is_webp(content: bytes) -> bool:
    """WebP container specification: RIFF, a length, WEBP, then a chunk of one of three kinds."""
    return content.startswith(b"RIFF") and content[8:12] == b"WEBP" and content[12:16] in WEBP_CHUNKS
