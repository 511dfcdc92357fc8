"""Cells that spreadsheet programs show as they are, wherever they split a line."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cars.exports.cells import csv_cell, spreadsheet_cell

STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "\n", "\r", "\r\n"])
@pytest.mark.parametrize("before", ["", " ", '"', '" ', "'"])
@pytest.mark.parametrize("start", STARTS)
def test_no_separator_begins_a_formula(separator, before, start):
    text = f"x{separator}{before}{start}1+1{separator}y"
    for piece in re.split(r"[,;|\t\r\n]", csv_cell(text)):
        assert not piece.strip("\"' ").startswith(start) or "'" in piece.partition(start)[0]


@pytest.mark.parametrize("start", [*STARTS, "\t=", "\r=", " =", '"='])
def test_a_formula_at_the_start_is_disarmed(start):
    (row,) = csv.reader(io.StringIO(csv_cell(f"{start}1"), newline=""))
    assert "'" in row[0]


@pytest.mark.parametrize(
    "text", ["My car", "a=b", "Zoë’s 4x4", "A-1", "x+y", "me@home", "Car, blue", "", "3"]
)
def test_other_texts_are_left_alone(text):
    rows = list(csv.reader(io.StringIO(csv_cell(text) + "\n", newline="")))
    assert rows == ([[text]] if text else [[]])
    assert spreadsheet_cell(text) == csv_cell(text)


@pytest.mark.parametrize(
    "text",
    [
        "00123",
        "123456789012",
        "1E5",
        "1e-5",
        "1.10",
        "3-4",
        "3/4",
        "2026-01-02",
        "12:30",
        "MAR1",
        "1-Mar",
        "TRUE",
        "1,5",
        "1,5e3",
        "0,",
        "50%",
        "(123)",
        "1,234,567",
        " 00123",
        "00123 ",
        "5 May 2020",
        "May 5, 2020",
        "1/2/2024 10:00",
        "12:30:45 PM",
        "9 a",
        "2024-01-02 10:00",
        "1 1/2",
        "12:30:45.5",
        "$5",
        "5 €",
        " true",
    ],
)
def test_texts_that_would_become_numbers_or_dates_stay_texts(text):
    assert read(spreadsheet_cell(text)) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["2016 Ford", "5 door", "4x4", "A4", "May", "Route 66", "3", "0", "12345678901"]
)
def test_texts_that_no_program_changes_stay_as_they_are(text):
    assert spreadsheet_cell(text) == text


@given(
    st.text(st.characters(blacklist_categories=("Cs",)), max_size=20)
    | st.from_regex(r"[0-9.,:/()%; -]{1,9}", fullmatch=True)
)
def test_every_text_is_one_cell(text):
    for cell in (spreadsheet_cell(text), csv_cell(text)):
        (row,) = csv.reader(io.StringIO(f"id,{cell},end\r\n", newline=""))
        assert len(row) == 3
        assert row[1].replace("'", "") == text.replace("'", "")


def read(cell):
    ((value,),) = csv.reader(io.StringIO(cell, newline=""))
    return value
