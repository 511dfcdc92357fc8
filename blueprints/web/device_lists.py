"""The whole list of devices on its way to a reader: as rows of a page, CSV or the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from domain.bulkhead import Bulkhead
from domain.events import log_event
from providers.errors import ProviderError
from providers.paging import Listing
from providers.vinli.models import Device

CSV_HEADER = "id,name,chip_id,created_at,virtual\r\n"
# A cell that begins like this is run as a formula by spreadsheet programs (OWASP, CSV injection).
FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")
TIMES = msgspec.json.Encoder()
# Rows of CSV that are sent at once, after the first.
ROWS_AT_ONCE = 200
# A search sends something at least once in so many devices.
SIGN_OF_LIFE = 100


@dataclass(frozen=True)
class Outcome:
    """How a streamed list ended. ``count`` is the number of rows shown."""

    complete: bool
    count: int
    total: int | None
    problem: str | None


class DeviceStream:
    """A listing in progress that holds an upstream slot until it is closed.

    Raises Saturated when no slot is free, and ProviderError when the first page fails.
    """

    def __init__(self, open_listing: Callable[[], Listing[Device]], bulkhead: Bulkhead) -> None:
        bulkhead.enter()
        self._bulkhead = bulkhead
        self._is_open = True
        try:
            self._listing = open_listing()
        except BaseException:
            bulkhead.leave()
            raise
        self.total = self._listing.total
        self._count = 0
        self._problem: str | None = None
        self._is_whole = False

    def rows(self) -> Iterator[Device]:
        """Yield the devices in order; raises ProviderError when the list cannot be read whole."""
        for device in self._listing:
            self._count += 1
            yield device
        self._is_whole = True

    def matching(self, query: str) -> Iterator[Device | None]:
        """Yield the devices whose name or id contains ``query``; a failure ends the rows and is in ``outcome``.

        Now and then None, so that something is sent where nothing matches: only a write shows that the reader left.
        """
        wanted = query.casefold()
        shown = 0
        try:
            for number, device in enumerate(self._listing, start=1):
                if wanted in (device.name or "").casefold() or wanted in device.id:
                    shown += 1
                    self._count = shown
                    yield device
                elif number % SIGN_OF_LIFE == 0:
                    yield None
            self._is_whole = True
        except ProviderError as error:
            log_event("list broke off", kind=type(error).__name__, upstream_status=error.status)
            self._problem = "Vinli stopped answering before the list had ended."

    def outcome(self) -> Outcome:
        """Say how the list ended; to be asked after the last row."""
        return Outcome(self._is_whole, self._count, self.total, self._problem)

    def guard(self, pieces: Iterable[str]) -> Iterator[str]:
        """Pass the text pieces on, and end an incomplete list by an error that breaks the transfer off."""
        try:
            yield from pieces
            if not self._is_whole:
                raise BrokenOff
        finally:
            self.close()

    def close(self) -> None:
        """Stop the upstream work and give the slot back; a reader who leaves early ends up here too."""
        if self._is_open:
            self._is_open = False
            try:
                self._listing.close()
            finally:
                self._bulkhead.leave()


class BrokenOff(Exception):
    """Ends a chunked response without its last chunk, so that no client takes the list for whole."""


def csv_rows(devices: Iterable[Device]) -> Iterator[str]:
    """Yield CSV text (RFC 4180) with a header line, one device a row; the first row does not wait for others."""
    waiting = [CSV_HEADER]
    enough = 2
    for device in devices:
        waiting.append(_csv_row(device))
        if len(waiting) == enough:
            yield "".join(waiting)
            waiting.clear()
            enough = ROWS_AT_ONCE
    yield "".join(waiting)


def iso(moment: datetime | None) -> str:
    """Return an instant in UTC as ISO 8601 with milliseconds and Z, as Vinli writes it."""
    if moment is None:
        return ""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    # A fifth of what isoformat takes, which counts in lists: "2026-01-02T03:04:05.678000Z", quotes included.
    text = TIMES.encode(in_utc).decode()
    return f"{text[1:24]}Z" if in_utc.microsecond else f"{text[1:20]}.000Z"


def _csv_row(device: Device) -> str:
    """Return a row; ids and times hold nothing that needs quotes or could be a formula.

    Written by hand, since every row of a long list passes here and csv.writer takes three times as long.
    """
    name, chip_id = device.name or "", device.chip_id
    if not name.isalnum():
        name = _csv_cell(name)
    if not chip_id.isalnum():
        chip_id = _csv_cell(chip_id)
    virtual = "true" if device.is_virtual else "false"
    return f"{device.id},{name},{chip_id},{iso(device.created_at)},{virtual}\r\n"


def _csv_cell(text: str) -> str:
    cell = f"'{text}" if text[:1] in FORMULA_STARTS else text
    if '"' in cell or "," in cell or "\n" in cell or "\r" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell
