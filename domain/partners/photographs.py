"""Checks for uploaded photographs: their size and their file type."""

from __future__ import annotations

from domain.problems import Problem, ProblemError

MAX_BYTES = 2 * 1024 * 1024
# A form adds boundaries, headers and the CSRF token to the photograph.
FORM_BYTES = 16 * 1024
MAX_BODY_BYTES = MAX_BYTES + FORM_BYTES

TOO_LARGE = Problem(
    "photograph_too_large",
    413,
    "The photograph is too large",
    "A photograph may have 2 MB at most. Cameras make larger ones; with JavaScript this page shrinks them.",
    ("Make it smaller, or cut out the part with the writing.",),
)
NO_PHOTOGRAPH = Problem(
    "no_photograph",
    400,
    "No photograph came",
    "The form was sent without a photograph in it.",
    ("Take one, or choose a file, then send it.",),
)
NOT_A_PHOTOGRAPH = Problem(
    "not_a_photograph",
    415,
    "This is not a photograph we can send",
    "This file is not a JPEG, PNG or WebP.",
    ("Take the photograph anew, or save it as JPEG.",),
)


def checked_photograph(image: bytes) -> bytes:
    """Return the bytes if they may be a photograph. Raises ProblemError with a text for the sender."""
    if not image:
        raise ProblemError(NO_PHOTOGRAPH)
    if len(image) > MAX_BYTES:
        raise ProblemError(TOO_LARGE)
    if not _is_image(image):
        raise ProblemError(NOT_A_PHOTOGRAPH)
    return image


def _is_image(image: bytes) -> bool:
    """Check the first bytes and ignore the declared type (JPEG: ISO 10918-1 B.1, PNG: RFC 2083, WebP: RFC 9649)."""
    is_webp = image.startswith(b"RIFF") and image[8:12] == b"WEBP"
    return image.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or is_webp
