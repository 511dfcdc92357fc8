"""Cells of CSV files (RFC 4180) that are safe to open in a spreadsheet program."""

from __future__ import annotations

# Spreadsheet programs run a cell that starts with one of these as a formula (OWASP, CSV injection).
FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")


def csv_cell(text: str) -> str:
    """Return a text as a cell: no formula, and in quotes if it holds a comma, a quote or a line break."""
    cell = f"'{text}" if text[:1] in FORMULA_STARTS else text
    if '"' in cell or "," in cell or "\n" in cell or "\r" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell
