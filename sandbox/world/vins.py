"""Vehicle identification numbers with a valid check digit (49 CFR 565.15)."""

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
LETTER_VALUES = (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9)
VALUES = dict(zip(LETTERS, LETTER_VALUES, strict=True)) | {str(digit): digit for digit in range(10)}
WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
YEAR_CODES = "ABCDEFGHJKLMNPRSTVWXY123456789"  # 30 years, starting with 1980 and again with 2010
MODEL_CODES = LETTERS + "0123456789"


def check_digit(vin: str) -> str:
    """Return the check digit (position 9) of a 17-character VIN: 0 to 9 or X."""
    remainder = sum(VALUES[character] * weight for character, weight in zip(vin, WEIGHTS, strict=True)) % 11
    return "X" if remainder == 10 else str(remainder)


def build_vin(manufacturer: str, description: str, year: int, plant: str, serial: int) -> str:
    """Return a VIN: manufacturer (3 characters), description (5), check digit, year, plant (1), serial (6 digits)."""
    draft = f"{manufacturer}{description}0{YEAR_CODES[(year - 1980) % 30]}{plant}{serial:06d}"
    return draft[:8] + check_digit(draft) + draft[9:]
