"""Texts in the columns of a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.layout import beside, columns, folded, line_width, padded, wrapped


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")


@pytest.mark.parametrize(
    ("text", "expected"), [("", 0), ("car", 3), ("車", 2), ("Zoe\u0308", 3), ("🚗 car", 6), ("ｗｉｄｅ", 8)]
)
def test_the_columns_of_a_text(text, expected):
    assert columns(text) == expected
    assert columns(padded(text, 10)) == 10


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=60), st.integers(2, 30))
def test_a_folded_text_fits_and_is_whole(text, width):
    lines = folded(text, width)
    assert all(columns(line) <= width for line in lines)
    assert "".join("".join(lines).split(" ")) == "".join(text.split(" "))


def test_a_text_stands_beside_its_label():
    assert beside("name   ", "a b") == ["name   a b"]
    assert beside("name   ", "") == ["name"]
    assert beside("name   ", "word " * 10) == [
        "name   word word word word word word",
        "       word word word word",
    ]


def test_a_word_without_room_stands_below_its_label():
    assert beside("  label        ", "x" * 30) == ["  label", "    " + "x" * 30]
    assert beside("  label        ", "x" * 37) == ["  label", "  " + "x" * 37]
    assert beside("  label        ", "x" * 90) == ["  label", "  " + "x" * 90]


def test_an_empty_text_is_an_empty_line():
    assert wrapped("", "  ") == [""]


@pytest.mark.parametrize(("setting", "width"), [("200", 200), ("12", 40), ("nonsense", 80)])
def test_the_width_is_never_too_small_to_write_in(setting, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", setting)
    assert line_width() == width
