"""Mark what differs between two texts, and name characters that look like others."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher

from domain.redirect_uris.parts import SHOWN_LENGTH, spelled

Pieces = tuple[tuple[str, bool], ...]

# Comparing takes time that grows with the square of the length.
_MOST = SHOWN_LENGTH * 2
_MOST_NAMED = 5


def marked(one: str, other: str) -> tuple[Pieces, Pieces]:
    """Return both texts in pieces, each with whether it differs from the other text.

    The texts are shortened, and invisible characters are escaped.
    """
    one, other = one[:_MOST], other[:_MOST]
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return (
        _pieces((one[start:end], kind != "equal") for kind, start, end, _, _ in blocks),
        _pieces((other[start:end], kind != "equal") for kind, _, _, start, end in blocks),
    )


def _pieces(found: Iterator[tuple[str, bool]]) -> Pieces:
    return tuple((spelled(text, _MOST), is_different) for text, is_different in found if text)


def named(characters: str) -> str:
    """Return characters with code point and name, each once: "с U+0441 CYRILLIC SMALL LETTER ES". At most five."""
    unique = list(dict.fromkeys(characters))
    names = [
        f"{spelled(one)} U+{ord(one):04X} {unicodedata.name(one, '')}".rstrip()
        for one in unique[:_MOST_NAMED]
    ]
    return ", ".join([*names, *(["…"] if len(unique) > _MOST_NAMED else [])])


def foreign_letters(text: str) -> str:
    """Return the visible characters of a text that are outside ASCII, percent-encoded ones included."""
    return "".join(character for character in text if not character.isascii() and character.isprintable())
