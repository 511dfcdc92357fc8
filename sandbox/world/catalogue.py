"""The car models that the sandbox's vehicles are chosen from. Figures are rounded and close to the real ones."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CarModel:
    """One car model: names, the first eight characters of its VINs, and engine data.

    ``years`` are the first and the last model year, ``horsepower`` is in hp, ``torque`` in lb-ft, ``highway`` and
    ``city`` in miles per gallon.
    """

    make: str
    model: str
    manufacturer: str  # world manufacturer identifier, VIN positions 1 to 3
    description: str  # VIN positions 4 to 8
    years: tuple[int, int]
    trims: tuple[str, ...]
    cylinders: int
    litres: float
    horsepower: int
    torque: int
    fuel: str
    speeds: str
    drive: str
    doors: str
    size: str
    body: str
    highway: str
    city: str


REGULAR, PREMIUM, DIESEL = "regular unleaded", "premium unleaded (required)", "diesel"
FRONT, ALL, FOUR = "front wheel drive", "all wheel drive", "four wheel drive"

CATALOGUE = (
    CarModel("Toyota", "Camry", "4T1", "BF1FK", (2007, 2019), ("LE", "SE V6", "XLE"), 4, 2.5, 178, 170,
             REGULAR, "6", FRONT, "4", "Midsize", "Sedan", "35", "25"),
    CarModel("Honda", "Accord", "1HG", "CR2F5", (2008, 2021), ("LX", "Sport", "EX-L"), 4, 2.4, 185, 181,
             REGULAR, "6", FRONT, "4", "Midsize", "Sedan", "36", "27"),
    CarModel("Honda", "Civic", "2HG", "FC2F5", (2009, 2021), ("LX", "EX", "Touring"), 4, 1.8, 143, 129,
             REGULAR, "5", FRONT, "4", "Compact", "Sedan", "39", "28"),
    CarModel("Ford", "F-150", "1FT", "EW1EP", (2010, 2022), ("XL", "XLT", "Lariat"), 6, 3.5, 283, 255,
             REGULAR, "6", FOUR, "4", "Large", "Crew Cab Pickup", "22", "17"),
    CarModel("Ford", "Escape", "1FM", "CU0GX", (2011, 2020), ("S", "SE", "Titanium"), 4, 2.0, 231, 270,
             REGULAR, "6", ALL, "4", "Compact", "4dr SUV", "28", "21"),
    CarModel("Chevrolet", "Tahoe", "1GN", "SKBKC", (2010, 2020), ("LS", "LT", "Premier"), 8, 5.3, 355, 383,
             REGULAR, "6", FOUR, "4", "Large", "4dr SUV", "22", "16"),
    CarModel("Subaru", "Outback", "4S4", "BSANC", (2010, 2021), ("2.5i", "Premium", "Limited"), 4, 2.5, 175, 174,
             REGULAR, "6", ALL, "4", "Midsize", "Wagon", "32", "25"),
    CarModel("Mazda", "CX-5", "JM3", "KE4DY", (2013, 2021), ("Sport", "Touring", "Grand Touring"), 4, 2.5, 187, 186,
             REGULAR, "6", ALL, "4", "Compact", "4dr SUV", "30", "24"),
    CarModel("Volkswagen", "Golf", "3VW", "217AU", (2010, 2020), ("S", "SE", "Wolfsburg Edition"), 4, 1.8, 170, 199,
             REGULAR, "6", FRONT, "4", "Compact", "4dr Hatchback", "36", "25"),
    CarModel("BMW", "328i", "WBA", "3A5C5", (2009, 2016), ("Base", "Sport", "xDrive"), 4, 2.0, 240, 255,
             PREMIUM, "8", ALL, "4", "Compact", "Sedan", "33", "22"),
    CarModel("Volvo", "XC60", "YV4", "902DZ", (2010, 2020), ("T5", "T6", "Inscription"), 4, 2.0, 240, 258,
             PREMIUM, "8", ALL, "4", "Midsize", "4dr SUV", "29", "22"),
    CarModel("Jeep", "Wrangler", "1C4", "BJWDG", (2011, 2018), ("Sport", "Sahara", "Rubicon"), 6, 3.6, 285, 260,
             REGULAR, "5", FOUR, "2", "Compact", "Convertible SUV", "21", "17"),
    CarModel("Hyundai", "Elantra", "5NP", "DH4AE", (2011, 2020), ("SE", "GLS", "Limited"), 4, 1.8, 145, 130,
             REGULAR, "6", FRONT, "4", "Compact", "Sedan", "38", "28"),
    CarModel("Kia", "Sorento", "5XY", "KT3A6", (2011, 2020), ("L", "LX", "EX"), 4, 2.4, 191, 181,
             REGULAR, "6", ALL, "4", "Midsize", "4dr SUV", "28", "21"),
    CarModel("Ram", "2500", "3C6", "UR5DL", (2012, 2021), ("Tradesman", "Big Horn", "Laramie"), 6, 6.7, 370, 800,
             DIESEL, "6", FOUR, "4", "Large", "Crew Cab Pickup", "20", "15"),
    CarModel("MINI", "Cooper", "WMW", "XM5C5", (2010, 2019), ("Base", "S", "John Cooper Works"), 4, 1.5, 134, 162,
             PREMIUM, "6", FRONT, "2", "Subcompact", "2dr Hatchback", "37", "28"),
)  # fmt: skip

ADJECTIVES = ("Silver", "Midnight", "Rusty", "Crimson", "Golden", "Humble", "Electric", "Dusty", "Lucky", "Velvet",
              "Thunder", "Quiet", "Emerald", "Copper", "Brave", "Sunday")  # fmt: skip
NOUNS = ("Falcon", "Wagon", "Comet", "Otter", "Express", "Badger", "Chariot", "Bullet", "Whale", "Nomad",
         "Sparrow", "Cruiser", "Lightning", "Mule", "Voyager", "Beetle")  # fmt: skip
