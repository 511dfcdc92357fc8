import csv
import io
import re
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice

import pytest
from msgspec import structs

from domain.bulkhead import Bulkhead, Saturated
from domain.cars.exports.devices import csv_rows
from domain.cars.search import matcher
from domain.dates import iso
from domain.list_stream import BrokenOff, ListStream
from providers.errors import TimedOut
from providers.vinli.platform import Device


def device(number, name="Car"):
    return Device(
        id=f"00000000-0000-4000-8000-{number:012d}",
        name=name,
        chip_id="VV0123456789",
        created_at=datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
        is_virtual=False,
    )


class FakeListing:
    """A listing of given devices that breaks after them when told to."""

    def __init__(self, devices, total=None, breaks=False):
        self.total = len(devices) if total is None else total
        self._devices, self._breaks, self.closed = devices, breaks, False

    def __iter__(self):
        yield from self._devices
        if self._breaks:
            raise TimedOut("too slow", provider="vinli")

    def close(self):
        self.closed = True


def stream_of(listing, slots=1):
    return ListStream(lambda: listing, Bulkhead(slots))


def test_csv_has_a_header_and_one_row_a_device():
    text = "".join(csv_rows([device(1, 'A "quoted", name'), device(2, None)]))
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["id", "name", "chip_id", "created_at", "virtual"]
    assert rows[1][1:] == ['A "quoted", name', "VV0123456789", "2026-01-02T03:04:05.678Z", "false"]
    assert rows[2][1] == ""


def test_the_first_csv_row_does_not_wait_for_others():
    pieces = csv_rows(device(number) for number in iter(lambda: 1, 0))
    assert next(pieces).count("\n") == 2


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_formulas_are_neutralized(cell):
    text = "".join(csv_rows([device(1, cell), device(2, "a" + cell)]))
    names = [row[1] for row in csv.reader(io.StringIO(text, newline=""))][1:]
    inner = re.sub("([\t\r])=", r"\1'=", cell)
    assert names == ["'" + inner, "a" + inner]


def test_a_chip_id_is_neutralized_too():
    text = "".join(csv_rows([structs.replace(device(1), chip_id='=1,"')]))
    assert next(islice(csv.reader(io.StringIO(text)), 1, None))[2] == "'=1,\""


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC), "2026-01-02T03:04:05.678Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 678_999, tzinfo=UTC), "2026-01-02T03:04:05.678Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 1, tzinfo=UTC), "2026-01-02T03:04:05.000Z"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05.000Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5))), "2026-01-01T22:04:05.000Z"),
        (None, ""),
    ],
)
def test_times_are_written_in_utc_with_milliseconds(moment, text):
    assert iso(moment) == text


def test_a_whole_list_is_called_complete():
    stream = stream_of(FakeListing([device(1), device(2)]))
    assert len("".join(stream.guard(csv_rows(stream.rows()))).splitlines()) == 3
    assert stream.result().complete


def test_a_list_that_breaks_off_breaks_the_csv_off():
    stream = stream_of(FakeListing([device(1)], total=2, breaks=True))
    with pytest.raises(BrokenOff):
        list(stream.guard(csv_rows(stream.rows())))
    assert not stream.result().complete


def test_a_search_says_that_it_broke_off_and_then_breaks_the_transfer():
    stream = stream_of(FakeListing([device(1, "Wagon"), device(2, "Van")], total=9, breaks=True))
    found = []

    def page():
        for row in stream.matching(matcher("wAg")):
            found.append(row.name)
            yield row.name
        yield stream.result().problem

    with pytest.raises(BrokenOff):
        list(stream.guard(page()))
    assert found == ["Wagon"]
    assert stream.result().count == 1


def test_a_search_that_finds_nothing_gives_signs_of_life():
    stream = stream_of(FakeListing([device(number) for number in range(350)]))
    assert list(stream.matching(matcher("no such name"))) == [None] * 3
    assert stream.result().count == 0


def test_a_search_finds_names_and_ids():
    listing = FakeListing([device(1, "Wagon"), device(2, None)])
    assert [row.name for row in stream_of(listing).matching(matcher("wagon"))] == ["Wagon"]
    assert [row.name for row in stream_of(listing).matching(matcher("000000000002"))] == [None]


def test_closing_stops_the_listing_and_frees_the_slot_once():
    bulkhead, listing = Bulkhead(1), FakeListing([device(1)])
    stream = ListStream(lambda: listing, bulkhead)
    with pytest.raises(Saturated):
        ListStream(lambda: listing, bulkhead)
    stream.close()
    stream.close()
    assert listing.closed
    ListStream(lambda: listing, bulkhead).close()


def test_a_reader_who_leaves_early_stops_the_upstream_work():
    bulkhead, listing = Bulkhead(1), FakeListing([device(n) for n in range(1000)])
    stream = ListStream(lambda: listing, bulkhead)
    pieces = stream.guard(csv_rows(stream.rows()))
    next(pieces)
    pieces.close()
    assert listing.closed


def test_a_first_page_that_fails_frees_the_slot():
    def fails():
        raise TimedOut("too slow")

    bulkhead = Bulkhead(1)
    for _ in range(2):
        with pytest.raises(TimedOut):
            ListStream(fails, bulkhead)
