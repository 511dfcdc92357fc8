"""Devices as CSV (RFC 4180), safe to open in a spreadsheet program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from domain.cars.exports.cells import BYTE_ORDER_MARK, csv_cell, is_plain, spreadsheet_cell
from domain.dates import iso
from providers.vinli.platform import Device

CSV_HEADER = "id,name,chip_id,created_at,virtual\r\n"
# Rows per piece of output after the first piece.
ROWS_AT_ONCE = 200


def spreadsheet_rows(devices: Iterable[Device]) -> Iterator[str]:
    """Yield CSV text for spreadsheet programs, in the pieces of `csv_rows`."""
    yield from _rows(devices, f"{BYTE_ORDER_MARK}{CSV_HEADER}", _spreadsheet_row)


def csv_rows(devices: Iterable[Device]) -> Iterator[str]:
    """Yield CSV text for programs (RFC 4180): a header line, then one row per device.

    The first piece holds the header and the first row only, so that it is sent early.
    """
    yield from _rows(devices, CSV_HEADER, _csv_row)


def _rows(devices: Iterable[Device], header: str, row: Callable[[Device], str]) -> Iterator[str]:
    waiting = [header]
    enough = 2
    for device in devices:
        waiting.append(row(device))
        if len(waiting) == enough:
            yield "".join(waiting)
            waiting.clear()
            enough = ROWS_AT_ONCE
    yield "".join(waiting)


def _csv_row(device: Device) -> str:
    """Return one row. Ids and times need no quotes and cannot be formulas.

    The code does not use csv.writer because it takes three times as long, which counts in long lists.
    """
    name, chip_id = device.name or "", device.chip_id or ""
    if not name.isalnum():
        name = csv_cell(name)
    if not chip_id.isalnum():
        chip_id = csv_cell(chip_id)
    virtual = "true" if device.is_virtual else "false"
    return f"{device.id},{name},{chip_id},{iso(device.created_at)},{virtual}\r\n"


def _spreadsheet_row(device: Device) -> str:
    name, chip_id = device.name or "", device.chip_id or ""
    if not is_plain(name):
        name = spreadsheet_cell(name)
    if not is_plain(chip_id):
        chip_id = spreadsheet_cell(chip_id)
    virtual = "true" if device.is_virtual else "false"
    return f"{device.id},{name},{chip_id},{iso(device.created_at)},{virtual}\r\n"
