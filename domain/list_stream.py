"""Stream a whole list to a reader: as rows of a page, as a file or as lines of the command line."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.bulkhead import Bulkhead
from domain.events import log_event
from providers.errors import ProviderError
from providers.paging.offset_listing import Listing

T = TypeVar("T")

# A search sends something at least once per this number of entries.
SIGN_OF_LIFE = 100


@dataclass(frozen=True)
class ListResult:
    """How a streamed list ended. ``count`` is the number of rows shown."""

    complete: bool
    count: int
    total: int | None
    problem: str | None


class ListStream(Generic[T]):
    """A listing in progress that holds an upstream slot until it is closed.

    Raises Saturated if no slot is free, and ProviderError if the first page fails.
    """

    def __init__(self, open_listing: Callable[[], Listing[T]], bulkhead: Bulkhead) -> None:
        bulkhead.enter()
        self._bulkhead = bulkhead
        self._is_open = True
        try:
            self._listing = open_listing()
        except BaseException:
            bulkhead.leave()
            raise
        self.total = self._listing.total
        self._count = 0
        self._problem: str | None = None
        self._is_whole = False

    def rows(self) -> Iterator[T]:
        """Yield the entries in order. Raises ProviderError if the list cannot be read to its end."""
        for entry in self._listing:
            self._count += 1
            yield entry
        self._is_whole = True

    def matching(self, is_wanted: Callable[[T], bool]) -> Iterator[T | None]:
        """Yield the wanted entries. A failure ends the rows and is reported in ``result``.

        Yield None in between if nothing matches for long: only a write shows that the reader has left.
        """
        try:
            for number, entry in enumerate(self._listing, start=1):
                if is_wanted(entry):
                    self._count += 1
                    yield entry
                elif number % SIGN_OF_LIFE == 0:
                    yield None
            self._is_whole = True
        except ProviderError as error:
            self._log(error)
            self._problem = "Vinli stopped answering before the list had ended."

    def result(self) -> ListResult:
        """Return how the list ended. Call this after the last row."""
        return ListResult(self._is_whole, self._count, self.total, self._problem)

    def guard(self, pieces: Iterable[str]) -> Iterator[str]:
        """Pass the text pieces on. If the list is incomplete, raise BrokenOff, which aborts the transfer."""
        try:
            yield from pieces
            if not self._is_whole:
                raise BrokenOff
        except ProviderError as error:
            self._log(error)
            raise BrokenOff from error
        finally:
            self.close()

    def whole(self, pieces: Iterable[str]) -> str:
        """Return all text pieces at once. Raises ProviderError if the list is incomplete."""
        with closing(self):
            return "".join(pieces)

    def _log(self, error: ProviderError) -> None:
        log_event(
            "list broke off",
            logging.WARNING,
            cause=str(error),
            kind=type(error).__name__,
            upstream_status=error.status,
            rows=self._count,
        )

    def close(self) -> None:
        """Stop the upstream work and return the slot. This also runs if the reader leaves early."""
        if self._is_open:
            self._is_open = False
            try:
                self._listing.close()
            finally:
                self._bulkhead.leave()


class BrokenOff(ConnectionResetError):
    """Ends a chunked response without its last chunk, so that no client takes the list for complete.

    The cause is already logged. A server takes this error for a connection that has ended, and logs no traceback.
    """

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "the list is incomplete")
