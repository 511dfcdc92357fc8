"""Texts that were pasted: marks and characters that nobody can see, and quotes around a value."""

from __future__ import annotations

import re
import unicodedata

BYTE_ORDER_MARK = "\ufeff"
# What opens a quotation, and all that may close it, in the languages of Europe.
_QUOTES = {
    "'": "'",
    '"': '"',
    "“": "”",
    "‘": "’",
    "«": "»",
    "„": "“”",
    "`": "`´",
    "´": "´",
    "”": "”",
    "’": "’",
}
_QUOTES |= {"»": "«»", "‹": "›", "›": "‹›", "‚": "‘’", "＂": "＂"}
_INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Zl", "Zp"})
# Unicode's Default_Ignorable_Code_Point, as far as the categories do not hold it, and the empty Braille pattern.
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
_BLANKS = " \t\r\n"


def pasted(text: str) -> str:
    """Return a text without blanks around it and without the byte order mark that some editors put before it."""
    return text.strip(_BLANKS).removeprefix(BYTE_ORDER_MARK).strip(_BLANKS)


def fault_of(text: str) -> str | None:
    """Return what is wrong with a pasted value, without a part of it; None if nothing is.

    Only plain blanks are accepted: others look the same and are other characters.
    """
    for character in text:
        if re.match("[\ud800-\udfff]", character):  # Python's replacement for bytes that are not UTF-8
            return "is not UTF-8 text"
        category = unicodedata.category(character)
        is_blank = category == "Zs" and character != " "
        if category in _INVISIBLE or is_blank or _IGNORABLE.match(character):
            return f"contains {_name_of(character)}, which cannot be seen; type it again"
    if len(text) > 1 and text[-1] in _QUOTES.get(text[0], ""):
        return "is in quotes; leave them out"
    return None


def _name_of(character: str) -> str:
    if character in "\n\r":
        return "a line break"
    name = unicodedata.name(character, "a control character")
    return f"U+{ord(character):04X} {name}"
