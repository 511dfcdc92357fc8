import pytest
from werkzeug.datastructures import MultiDict

from sandbox.api.errors import ApiError
from sandbox.api.paging import Window, last_offset, offset_meta, read_window
from sandbox.api.streams import read_period

URL = "https://platform.vin.li/api/v1/devices"


def links_of(window, total):
    return offset_meta(URL, window, total)["pagination"]["links"]


# Pairs of total and limit with the offset of the last page, as the documentation prints them.
@pytest.mark.parametrize(
    ("total", "limit", "offset"),
    [(1431, 20, 1420), (24, 10, 20), (70, 20, 60), (22, 20, 20), (14, 10, 10), (7195, 20, 7180), (2, 20, 0)],
)
def test_the_last_page_starts_where_the_documents_say(total, limit, offset):
    assert last_offset(total, limit) == offset


@pytest.mark.parametrize(
    ("total", "limit", "offset"), [(40, 20, 20), (20, 20, 0), (0, 20, 0), (5, 0, 0), (1, 1, 0)]
)
def test_the_last_page_where_the_documents_are_silent(total, limit, offset):
    assert last_offset(total, limit) == offset


def test_the_first_page_has_no_prev_and_the_last_no_next():
    assert set(links_of(Window(20, 0), 50)) == {"first", "last", "next"}
    assert set(links_of(Window(20, 20), 50)) == {"first", "last", "next", "prev"}
    assert set(links_of(Window(20, 40), 50)) == {"first", "last", "prev"}
    assert set(links_of(Window(20, 0), 20)) == {"first", "last"}


def test_an_empty_list_has_links_still():
    assert offset_meta(URL, Window(20, 0), 0) == {
        "pagination": {
            "total": 0,
            "limit": 20,
            "offset": 0,
            "links": {"first": f"{URL}?limit=20&offset=0", "last": f"{URL}?limit=20&offset=0"},
        }
    }


def test_past_the_end_there_is_a_way_back_and_none_on():
    links = links_of(Window(20, 10_000), 50)
    assert set(links) == {"first", "last", "prev"}
    assert links["prev"] == links["last"]


def test_links_repeat_what_the_caller_gave_and_put_limit_before_offset():
    window = read_window(
        MultiDict({"limit": "5", "sortDirection": "asc", "state": "x"}), "sortBy", "sortDirection"
    )
    assert links_of(window, 7)["next"] == f"{URL}?sortDirection=asc&limit=5&offset=5"


@pytest.mark.parametrize(
    ("query", "window"),
    [
        ({}, Window(20, 0)),
        ({"limit": "", "offset": ""}, Window(20, 0)),
        ({"limit": "100", "offset": "7"}, Window(100, 7)),
        ({"limit": "101"}, Window(100, 0)),
        ({"limit": "999999999999999"}, Window(100, 0)),
        ({"limit": "0"}, Window(0, 0)),
    ],
)
def test_a_window_is_read_with_defaults_and_a_maximum(query, window):
    assert read_window(query) == window


def test_a_number_of_any_length_is_one():
    """The docs lower a limit that is too large, and show an empty list past the end."""
    assert read_window({"limit": "9" * 5000, "offset": "9" * 5000}) == Window(100, 10**15 - 1)
    assert read_period({"limit": "9" * 5000}, 0).limit == 100


@pytest.mark.parametrize("text", ["-1", "x", "1.5", " 1", "٣", "1e3", "9" * 5000 + "x", "+1"])
@pytest.mark.parametrize("name", ["limit", "offset"])
def test_what_is_no_number_is_refused(name, text):
    with pytest.raises(ApiError) as caught:
        read_window({name: text})
    assert caught.value.status == 400
