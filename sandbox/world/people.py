"""The drivers who can sign in: two by default, more when the options say so, and the special accounts."""

import hmac
import re
from dataclasses import dataclass, replace

from sandbox.world.hostile_names import FIRST_NAME, LAST_NAME
from sandbox.world.seeds import NumberedIds, Seed
from sandbox.world.special_accounts import NO_SPECIAL_ACCOUNTS, SpecialAccounts

FIRST_NAMES = (
    "Maya",
    "Jonas",
    "Amara",
    "Felix",
    "Noor",
    "Theo",
    "Ingrid",
    "Mateo",
    "Leila",
    "Oscar",
    "Priya",
    "Samuel",
)
LAST_NAMES = (
    "Lindqvist",
    "Okafor",
    "Brandt",
    "Castellano",
    "Haddad",
    "Whitmore",
    "Sato",
    "Novak",
    "Fraser",
    "Mbeki",
)
WORDS = (
    "copper",
    "meadow",
    "harbor",
    "lantern",
    "maple",
    "orbit",
    "pebble",
    "river",
    "saddle",
    "timber",
    "velvet",
    "willow",
)
EMAIL = re.compile(r"driver([1-9][0-9]{0,5})?@example\.com", re.ASCII)
SEEDED_DRIVERS = 2


@dataclass(frozen=True)
class Driver:
    """A person with a MyVinli account. ``number`` counts from 0, for special accounts from FIRST_SPECIAL_NUMBER."""

    number: int
    id: str
    first_name: str
    last_name: str
    email: str
    phone: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    def get_user_id(self) -> str:
        """Return the id. Authlib calls this method."""
        return self.id


class People:
    """Everybody who can sign in.

    Drivers are computed from their number, so the start takes the same time for any ``extra`` number of drivers.
    ``password`` is the same for all.
    """

    def __init__(self, seed: Seed, extra: int, accounts: SpecialAccounts = NO_SPECIAL_ACCOUNTS) -> None:
        self.count = SEEDED_DRIVERS + extra
        self._seed = seed
        self._accounts = accounts
        self._ids = NumberedIds(seed, "drivers")
        first, second = seed.pick("password 1", WORDS[:6]), seed.pick("password 2", WORDS[6:])
        self.password = f"{first}-{second}-{10 + seed.number('password 3', 90)}"

    def driver(self, number: int) -> Driver:
        """Return the driver with this number: 0 to ``count`` - 1, or a special account's."""
        seed, label, account = self._seed, f"driver {number} ", self._accounts.find(number)
        driver = Driver(
            number=number,
            id=self._ids.of(number),
            first_name=seed.pick(label + "first", FIRST_NAMES),
            last_name=seed.pick(label + "last", LAST_NAMES),
            email=account.email if account else email_of(number),
            phone=f"+1214555{seed.number(label + 'phone', 10_000):04d}",
        )
        is_hostile = account is not None and account.has_hostile_names
        return replace(driver, first_name=FIRST_NAME, last_name=LAST_NAME) if is_hostile else driver

    def by_email(self, email: str) -> Driver | None:
        """Return the driver with this e-mail address, or None. Case does not matter."""
        wanted = email.strip().lower()
        special = self._accounts.number_of(wanted)
        if special is not None:
            return self.driver(special)
        match = EMAIL.fullmatch(wanted)
        if match is None:
            return None
        number = int(match[1] or 1) - 1
        return self.driver(number) if number < self.count and email_of(number) == match[0] else None

    def sign_in(self, email: str, password: str) -> Driver | None:
        """Return the driver with these credentials, or None."""
        is_right = hmac.compare_digest(password.encode(), self.password.encode())
        driver = self.by_email(email)
        return driver if is_right else None


def email_of(number: int) -> str:
    """Return the e-mail address of a numbered driver: driver@, driver2@, driver3@ and so on."""
    return f"driver{number + 1 if number else ''}@example.com"
