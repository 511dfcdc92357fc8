"""Vinli's record of an app's calls (docs platform-services/transaction-service, until 2024)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from providers.http.auth import BasicAuth
from providers.http.transport import Transport
from providers.paging.time_parts import TimeListing, TimePage
from providers.vinli.time_lists import DEFAULT_LIMIT, TimeLists
from providers.vinli.values import Fields

PROVIDER = "vinli platform"
LONGEST_PATH = 2000


@dataclass(frozen=True, slots=True)
class Transaction:
    """One call that the app made. `service` is Vinli's name of the service. `at` is UTC."""

    id: str
    at: datetime
    method: str | None
    path: str | None
    status: int | None
    service: str | None


class TransactionsClient(TimeLists):
    """The record of calls. Only the app itself may read it, so it takes BasicAuth alone."""

    def __init__(self, transport: Transport, origin: str, concurrency: int) -> None:
        super().__init__(PROVIDER, transport, origin, concurrency)

    def transactions(
        self, auth: BasicAuth, *, since: datetime | None = None, until: datetime | None = None
    ) -> TimeListing[Transaction]:
        """Return all calls of a window, newest first. Raises the ProviderErrors."""
        return self.all_by_time(
            auth, "/transactions", "transactions", _transaction, _at, since=since, until=until
        )

    def transactions_page(
        self,
        auth: BasicAuth,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = DEFAULT_LIMIT,
        deadline: float | None = None,
    ) -> TimePage[Transaction]:
        """Return the newest calls of a window. Raises the ProviderErrors."""
        return self.page_by_time(
            auth,
            "/transactions",
            "transactions",
            _transaction,
            _at,
            since=since,
            until=until,
            limit=limit,
            deadline=deadline,
        )


def _transaction(value: Any) -> Transaction:
    fields = Fields(value)
    return Transaction(
        fields.needed(fields.text("id"), "id"),
        fields.needed(fields.moment("timestamp"), "timestamp"),
        fields.text("method"),
        fields.text("path", LONGEST_PATH),
        fields.whole("statusCode"),
        fields.text("service"),
    )


def _at(transaction: Transaction) -> datetime:
    return transaction.at
