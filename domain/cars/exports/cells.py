"""Cells of CSV files (RFC 4180) that are safe to open in a spreadsheet program.

A spreadsheet may split at another separator than a comma, and then quotes do not hold a cell together. So a formula is
disarmed by an apostrophe after every separator that a program may use. Files for spreadsheets also begin with a byte
order mark, by which Excel knows UTF-8, and an apostrophe keeps texts such as ``00123``, ``1E5`` or ``3-4`` from
becoming numbers and dates. Files for programs have neither.
"""

from __future__ import annotations

import re

BYTE_ORDER_MARK = "\ufeff"
# Spreadsheet programs run a cell that starts with one of these as a formula (OWASP, CSV injection).
_FORMULA = re.compile(r"""(\A[ "']*|[,;|\t\r\n][ "']*)(?=[=+\-@\t\r＝＋－＠])""")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
# Texts that change if they are read as a number, a percentage, an amount, a fraction, a date, a time or a truth value:
# digits among signs, with or without an exponent, a month or a half of the day. Programs ignore blanks around them.
_NUMERIC = r"[\d.,:/\-()%$€£¥\s]*"
_CHANGES = re.compile(
    rf"""(?=.*\d){_NUMERIC}(?:e[+-]?\d+)?(?:[ap]\.?m?\.?)?\s*|(?=.*\d){_NUMERIC}{_MONTH}{_NUMERIC}|\s*(?:true|false)\s*""",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
# A program shows such a number as it is written.
_SHORT_NUMBER = re.compile(r"0|[1-9]\d{0,10}", re.ASCII)
_SEPARATOR = re.compile(r"""[",;|\t\n\r]""")
# Most texts are of letters, digits and blanks, and begin with a letter. No program changes these, unless they begin
# like a month or a truth value. One match is much faster than the other checks, which counts in long lists. So each
# first letter of a month or a truth value has its own lookahead.
is_plain = re.compile(
    r"(?:[BCEGHIK-LP-RU-Zbceghik-lp-ru-z]|[Aa](?![PUpu])|[Dd](?![Ee])|[Ff](?![AEae])|[Jj](?![AUau])|[Mm](?![Aa])"
    r"|[Nn](?![Oo])|[Oo](?![Cc])|[Ss](?![Ee])|[Tt](?![Rr]))[A-Za-z0-9 ]*"
).fullmatch


def csv_cell(text: str) -> str:
    """Return a text as a cell: no formula, and in quotes if it holds a separator, a quote or a line break."""
    return _quoted(_FORMULA.sub(r"\1'", text))


def spreadsheet_cell(text: str) -> str:
    """Return a text as a cell that a spreadsheet shows as it is."""
    if not text or is_plain(text) or _SHORT_NUMBER.fullmatch(text):
        return text
    return _quoted(f"'{text}") if _CHANGES.fullmatch(text) else csv_cell(text)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if _SEPARATOR.search(cell) else cell
