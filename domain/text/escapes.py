"""Invisible characters as escapes, in one place for all texts that people see."""

from __future__ import annotations

from collections.abc import Mapping

# Escapes that programmers know by heart, by the number of the character.
SHORT_ESCAPES = {9: r"\t", 10: r"\n", 13: r"\r", 0: r"\0"}


def is_invisible(character: str) -> bool:
    """Tell if a character is invisible: control, zero-width, lone surrogate, or any blank but the plain space."""
    return not character.isprintable()


def escaped(text: str, short: Mapping[int, str] | None = None) -> str:
    """Return a text with its invisible characters as escapes such as `\\x1b`; those in `short` as they are there."""
    known = short or {}
    return "".join(
        known.get(ord(character)) or _escape(ord(character)) if is_invisible(character) else character
        for character in text
    )


def _escape(number: int) -> str:
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
