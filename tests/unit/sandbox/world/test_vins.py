import pytest

from sandbox.world.vins import build_vin, check_digit


# Published examples: the classic all-ones VIN, and one whose check digit is X.
@pytest.mark.parametrize(
    ("vin", "digit"), [("11111111111111111", "1"), ("1M8GDM9AXKP042788", "X"), ("5GZCZ43D13S812715", "1")]
)
def test_check_digit_of_published_vins(vin, digit):
    assert check_digit(vin) == digit


@pytest.mark.parametrize(("year", "code"), [(2000, "Y"), (2001, "1"), (2009, "9"), (2010, "A"), (2022, "N")])
def test_a_vin_says_its_year_and_checks_itself(year, code):
    vin = build_vin("4T1", "BF1FK", year, "U", 123)
    assert len(vin) == 17
    assert vin[9:] == f"{code}U000123"
    assert vin[8] == check_digit(vin)
