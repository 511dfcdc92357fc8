"""Accounts beside the numbered drivers, each with devices of its own.

This module says which data such an account has. ``sandbox.personas`` says how its requests are answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# Numbers of special accounts start here. A fleet of a million devices has nearly as many owners.
FIRST_SPECIAL_NUMBER = 2_000_000


@dataclass(frozen=True)
class SpecialAccount:
    """One account: its address (lower case), how many devices it has, and whether all names are hostile."""

    email: str
    devices: int = 1
    has_hostile_names: bool = False


class SpecialAccounts:
    """Finds special accounts. The number of an account is its place plus FIRST_SPECIAL_NUMBER."""

    def __init__(self, accounts: Sequence[SpecialAccount]) -> None:
        self._accounts = tuple(accounts)
        self._numbers = {
            account.email: FIRST_SPECIAL_NUMBER + place for place, account in enumerate(self._accounts)
        }

    def find(self, number: int) -> SpecialAccount | None:
        """Return the account with this number, or None for any other driver."""
        place = number - FIRST_SPECIAL_NUMBER
        return self._accounts[place] if 0 <= place < len(self._accounts) else None

    def number_of(self, email: str) -> int | None:
        """Return the number of the account with this address, or None."""
        return self._numbers.get(email)

    def has_hostile_names(self, number: int) -> bool:
        """Tell whether the names of this driver's data are hostile."""
        account = self.find(number)
        return account is not None and account.has_hostile_names


NO_SPECIAL_ACCOUNTS = SpecialAccounts(())
