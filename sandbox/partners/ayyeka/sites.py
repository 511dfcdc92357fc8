"""Ayyeka's field sites. They are invented, and the same for the same seed."""

from sandbox.api.dates import iso
from sandbox.world.seeds import Seed

FIRST_ID = 16_828
FIRST_CREATED_MS = 1_605_810_582_000  # 2020-11-19T18:29:42Z, as in the example of the Quickstart page
DAY_MS = 24 * 3600 * 1000
# (name, latitude, longitude, status)
PLACES = (
    ("North Basin: CSO level and flow", 32.8471, -96.7893, "Active"),
    ("Trinity Bridge: river level", 32.7784, -96.8262, "Active"),
    ("Elm Fork pump station: pressure", 32.9126, -96.9244, "Active"),
    ("White Rock spillway: level", 32.8209, -96.7256, "Active"),
    ("South outfall: water quality", 32.6893, -96.7714, "Inactive"),
    ("Depot yard: rain gauge", 32.7512, -96.8011, "Active"),
)


def sites_of(seed: Seed) -> list[dict[str, object]]:
    """Return all sites in Ayyeka's form: coordinates are strings, times end in Z and have no decimals."""
    organization = 2000 + seed.number("ayyeka organization", 500)
    return [
        {
            "id": FIRST_ID + number,
            "account_organization_id": organization,
            "creation_date": iso(_created_ms(seed, number))[:19] + "Z",
            "display_name": name,
            "status": status,
            "longitude": f"{longitude:.6f}",
            "latitude": f"{latitude:.6f}",
        }
        for number, (name, latitude, longitude, status) in enumerate(PLACES)
    ]


def _created_ms(seed: Seed, number: int) -> int:
    seconds = seed.number(f"ayyeka site {number}", 24 * 3600)
    return FIRST_CREATED_MS + number * 7 * DAY_MS + seconds * 1000
