"""Lines of text that fit a terminal: its width, the columns that a text takes, and texts beside labels."""

from __future__ import annotations

import shutil
import textwrap
import unicodedata

NARROWEST = 40
_USUAL = 80


def line_width() -> int:
    """Return the columns of a line: COLUMNS if it is set, else the terminal's, else 80; at least 40."""
    return max(shutil.get_terminal_size((_USUAL, 24)).columns, NARROWEST)


def columns(text: str) -> int:
    """Return the columns that a text takes in a terminal: two for a wide character, none for a combining one."""
    return sum(_columns_of(character) for character in text)


def padded(text: str, width: int) -> str:
    """Return a text with spaces after it, so that it takes ``width`` columns, or more if it is longer."""
    return text + " " * (width - columns(text))


def folded(text: str, width: int) -> list[str]:
    """Return a text in lines of at most ``width`` columns, cut at spaces where there are some. Nothing is left out."""
    lines = [""]
    for word in text.split(" "):
        line = f"{lines[-1]} {word}" if lines[-1] else word
        if columns(line) <= width:
            lines[-1] = line
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if columns(lines[-1] + character) > width:
                lines.append("")
            lines[-1] += character
    return lines


def wrapped(text: str, margin: str = "") -> list[str]:
    """Return a text in lines that fit. Words longer than a line, such as addresses, stay whole."""
    return beside(margin, text)


def beside(label: str, text: str) -> list[str]:
    """Return a text in lines that fit, beside its label, or below it if the longest word has no room beside it."""
    longest = max(map(columns, text.split()), default=0)
    if label.strip() and len(label) + longest > line_width():
        indent = len(label) - len(label.lstrip()) + 2
        margin = " " * (indent if indent + longest <= line_width() else 2)
        return [label.rstrip(), *beside(margin, text)]
    return textwrap.wrap(
        text,
        line_width(),
        initial_indent=label,
        subsequent_indent=" " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [label.rstrip()]


def _columns_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
