"""Accounts of developers, which are separate from those of drivers (docs general/dev-device)."""

import threading

MOST_ACCOUNTS = 100


class Taken(Exception):
    """There is an account with this e-mail address, or there are MOST_ACCOUNTS."""


class Developers:
    """The e-mail addresses of accounts that were made at run time. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._accounts: set[str] = set()

    def sign_up(self, email: str) -> None:
        """Make an account. Raises Taken."""
        with self._lock:
            if email.lower() in self._accounts or len(self._accounts) >= MOST_ACCOUNTS:
                raise Taken
            self._accounts.add(email.lower())

    def knows(self, email: str) -> bool:
        """Tell whether there is an account with this e-mail address."""
        return email.lower() in self._accounts
