import pytest

from sandbox.api.dates import iso, parse_ms

MOMENT = 1_410_111_177_893


def test_dates_have_three_decimals_and_z():
    assert iso(MOMENT) == "2014-09-07T17:32:57.893Z"
    assert iso(0) == "1970-01-01T00:00:00.000Z"


# The same instant in all the forms of docs general/pagination.
@pytest.mark.parametrize(
    "text",
    [
        "2014-09-07T17:32:57.893Z",
        "2014-09-07T17:32:57.893+00:00",
        "2014-09-07T12:32:57.893-05:00",
        "1410111177893",
    ],
)
def test_all_documented_forms_name_the_same_instant(text):
    assert parse_ms(text) == MOMENT


def test_a_bare_date_is_midnight_utc():
    assert iso(parse_ms("2016-12-05")) == "2016-12-05T00:00:00.000Z"


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "-1",
        "1e9",
        "9" * 20,
        "9" * 15,
        "2014-13-01",
        "1066-01-01",
        "١",
        "2026-05-30T23:00:00\0Z",
        "2026-05-30x23:00:00Z",
    ],
)
def test_other_texts_are_no_dates(text):
    with pytest.raises(ValueError):
        parse_ms(text)
